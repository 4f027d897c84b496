"""Posts an HTTP request, and says what is known about whether it arrived.

requests takes addresses apart, picks the proxy and brings the certificates. The request itself goes
straight to urllib3's pool: through requests' adapter a tenth fewer deliveries a second are made.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakSet

import requests
from requests.utils import get_environ_proxies, select_proxy
from urllib3.util import Timeout

from bot.channels.outcome import Outcome, Reason, Rejected, Retry, Unknown
from bot.channels.request import HttpRequest, Response
from bot.transport.connection import WatchedPool, pool_for
from bot.transport.prepared import prepared_headers, prepared_url
from bot.transport.progress import FAILURES, Progress, judge, under_way
from bot.transport.resolving import (
    Resolver,
    Route,
    TrustedHosts,
    refusal,
    refused_name,
    system_addresses,
)
from bot.transport.sockets import tls_context

ANSWER_LIMIT = 64 * 1024
"""Bytes of an answer that are read, after decompression."""

_CHUNK = 8 * 1024
_URLS = 4096
"""Addresses that are kept taken apart: in memory only, and no longer than their transport."""
_ORIGINS = 1000
"""Origins whose connections are kept; beyond it those of the one asked for first are closed."""
_FOLD = re.compile(r"\r?\n[\t ]+")  # RFC 9112, 5.2

_TALKATIVE = (
    "urllib3.connection",
    "urllib3.connectionpool",
    "urllib3.poolmanager",
    "urllib3.response",
    "urllib3.util.retry",
)


def _say_nothing(_record: logging.LogRecord) -> bool:
    """A log filter: urllib3's records hold the whole address, at DEBUG and at WARNING."""
    return False


def keep_addresses_out_of_logs() -> None:
    """Have urllib3 write no records from now on."""
    for name in _TALKATIVE:
        logging.getLogger(name).addFilter(_say_nothing)


@dataclass(frozen=True)
class _Way:
    """How an origin is reached. ``forwarded``: by a proxy that is given the whole address."""

    pool: WatchedPool
    forwarded: bool


class HttpTransport:
    """Posts requests, each within one overall deadline. Thread-safe.

    ``trusted_hosts`` holds ``host`` or ``host:port``: they may be private and plain http, and are
    the only ones that a rehearsal posts to. ``ca_file`` (PEM) is trusted beside the public
    authorities. ``proxies`` as requests takes them; None: from the environment. Raises
    :class:`VigiliaError` where ``ca_file`` cannot be used.
    """

    def __init__(
        self,
        trusted_hosts: Collection[str],
        rehearsal: bool,
        ca_file: Path | None = None,
        proxies: Mapping[str, str] | None = None,
        *,
        deadline: timedelta = timedelta(seconds=30),
        connect_timeout: timedelta = timedelta(seconds=5),
        read_timeout: timedelta = timedelta(seconds=20),
        idle_limit: timedelta = timedelta(seconds=5),
        pool_size: int = 256,
        resolver: Resolver = system_addresses,
    ) -> None:
        keep_addresses_out_of_logs()
        self.context = tls_context(ca_file)
        self._route = Route(TrustedHosts(trusted_hosts), rehearsal, resolver)
        self._proxies = proxies
        self._deadline_s = deadline.total_seconds()
        self._timeout = Timeout(
            connect=connect_timeout.total_seconds(), read=read_timeout.total_seconds()
        )
        self._idle_limit_s = idle_limit.total_seconds()
        self._pool_size = pool_size
        self._url = lru_cache(maxsize=_URLS)(prepared_url)
        self._way = lru_cache(maxsize=_ORIGINS)(self._way_to)
        self._lock = threading.Lock()
        self._pools: WeakSet[WatchedPool] = WeakSet()
        self._sweep: threading.Timer | None = None
        self._closed = False

    def close(self) -> None:
        """Close all connections. Called when the last request has been answered."""
        with self._lock:
            self._closed = True
            pools, sweep = list(self._pools), self._sweep
        if sweep is not None:
            sweep.cancel()
        for pool in pools:
            pool.close()

    def send(self, request: HttpRequest) -> Response | Outcome:
        """Post ``request`` once; follow no redirect. Raises nothing.

        Returns the answer; or Retry where the last byte of the request was not handed to the
        kernel; Unknown where it was and no answer could be read; Rejected where its address is
        refused. No detail holds more of the address than the host's name.
        """
        with under_way(self._route, self._deadline_s) as progress:
            try:
                return self._posted(request, progress)
            except Exception as error:  # noqa: BLE001 - what never left must not be in doubt
                return judge(error, progress, request.secrets)

    def _posted(self, request: HttpRequest, progress: Progress) -> Response | Outcome:
        try:
            url = self._url(request.url)
            headers = prepared_headers(request, url)
        except (requests.RequestException, ValueError):
            return Rejected(
                Reason.BAD_REQUEST,
                "The address or a header of this channel cannot be written as a request.",
            )
        progress.host = url.host
        with self._lock:  # two threads would make two pools, and one would be forgotten
            way = self._way(url.origin)
        if not isinstance(way, _Way):
            return way
        if self._closed:
            return Retry(Reason.CONNECT, "Vigilia is stopping; nothing is sent any more.")
        try:
            answer = way.pool.urlopen(
                request.method.upper(),
                url.absolute if way.forwarded else url.path,
                request.body or None,
                headers,
                retries=False,
                redirect=False,
                assert_same_host=False,  # a proxy is asked for another
                timeout=self._timeout,
                preload_content=False,
                decode_content=False,
            )
            return _read(answer, progress)
        finally:
            self._plan_sweep()

    def _way_to(self, origin: str) -> _Way | Rejected | Retry:
        """Return how ``origin`` is reached, or why it is not: found once, since neither the
        configuration nor the environment of a process changes while it runs."""
        proxies = self._proxies
        if proxies is None:
            proxies = get_environ_proxies(origin, no_proxy=None)
        proxy = select_proxy(origin, dict(proxies))
        parts = urlsplit(origin)
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        refused = self._route.refused(host, port, secure=parts.scheme == "https")
        if refused is not None:
            return refused
        if proxy is not None:
            if not self._route.trusted.covers(host, port) and (kind := refused_name(host)):
                detail = refusal(host, port, f"names a {kind} address")
                return Rejected(Reason.ADDRESS_REFUSED, detail)
            if proxy.lower().startswith("socks"):
                return Retry(
                    Reason.CONNECT,
                    "SOCKS proxies are not supported; set HTTPS_PROXY to an http one.",
                )
            proxy = proxy if "://" in proxy else f"http://{proxy}"
        pool = pool_for(
            (parts.scheme, host, port),
            proxy,
            self.context,
            size=self._pool_size,
            idle_limit_s=self._idle_limit_s,
        )
        self._pools.add(pool)
        return _Way(pool, proxy is not None and parts.scheme == "http")

    def _plan_sweep(self) -> None:
        """Have idle connections closed in a while, in a thread that ends with that."""
        if self._sweep is not None or self._closed:
            return
        try:
            self._sweep = sweep = threading.Timer(self._idle_limit_s, self._close_idle)
            sweep.daemon = True
            sweep.start()
        except (RuntimeError, MemoryError):
            self._sweep = None  # no thread is left; the next request tries again

    def _close_idle(self) -> None:
        self._sweep = None
        with self._lock:
            pools = list(self._pools)
        still_open = [pool.close_idle() for pool in pools]  # every pool is looked at
        if any(still_open):
            self._plan_sweep()


def _read(answer: Any, progress: Progress) -> Response | Unknown:
    """Read an answer whose head has come.

    Where the rest is cut off, the status decides. A refusal is one whatever its body would have
    said: it is returned with what was read. A 2xx is not yet a yes, since platforms answer 200 with
    "ok: false" in the body: it is unknown.
    """
    status, host = answer.status, progress.host
    body = bytearray()
    whole = True
    try:
        if status < 200:  # unread, and its connection with it: a final answer may still follow
            return Unknown(Reason.NO_ANSWER, f"{host} gave no final answer ({status}).")
        as_sent = "content-encoding" not in answer.headers
        while len(body) <= ANSWER_LIMIT:
            chunk = answer.read1(_CHUNK, decode_content=True)
            body += chunk
            if not chunk or (as_sent and answer.length_remaining == 0):
                break
    except FAILURES:
        whole = False
    finally:
        answer.close()
        answer.release_conn()
    if status < 300 and not whole:
        reason = Reason.DEADLINE if progress.expired else Reason.NO_ANSWER
        return Unknown(reason, f"{host} answered {status}, but its answer was cut off.")
    fields = answer.headers.itermerged()
    headers = {name.lower(): _FOLD.sub(" ", value) for name, value in fields}
    return Response(status, headers, bytes(body[:ANSWER_LIMIT]))
