"""Posts an HTTP request, and says what is known about whether it arrived.

One of the three modules that open an outgoing connection.
"""

from __future__ import annotations

import logging
import ssl
import threading
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from http.client import HTTPException
from pathlib import Path
from typing import Any, Literal, assert_never
from urllib.parse import urlsplit

import requests
from requests.utils import DEFAULT_CA_BUNDLE_PATH, get_environ_proxies, select_proxy
from urllib3.exceptions import HTTPError
from urllib3.util import Timeout

from bot.channels.outcome import Reason, Rejected, Retry, Unknown
from bot.channels.request import HttpRequest, Response
from bot.errors import VigiliaError
from bot.transport.connection import (
    CURRENT,
    Attempt,
    ClosedOnReset,
    Route,
    Stage,
)
from bot.transport.deadlines import Deadlines
from bot.transport.pools import HOSTS, WatchedAdapter
from bot.transport.prepared import Prepared, address_of
from bot.transport.resolving import (
    Resolver,
    TrustedHosts,
    refusal,
    refused_name,
    system_addresses,
)

ANSWER_LIMIT = 64 * 1024
"""Bytes of an answer that are read, after decompression."""

_CHUNK = 8 * 1024
_ADDRESSES = 4096
"""Addresses that are kept taken apart: in memory only, and no longer than their transport."""

# What requests, urllib3 and http.client raise for an address, a network or a server that is not as
# it should be. Their texts hold the address, and with it the secret: none leaves this module.
_FAILURES = (requests.RequestException, HTTPError, HTTPException, OSError, ValueError)

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
    """Has urllib3 write no records from now on."""
    for name in _TALKATIVE:
        logging.getLogger(name).addFilter(_say_nothing)


@dataclass(frozen=True)
class _Way:
    """How an origin is reached, or why it is not. ``forwarded``: by a proxy that is given the whole
    address."""

    refused: Rejected | Retry | None
    proxies: dict[str, str] = field(repr=False)
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
        pool_size: int = 64,
        resolver: Resolver = system_addresses,
    ) -> None:
        keep_addresses_out_of_logs()
        self._trusted = TrustedHosts(trusted_hosts)
        self._rehearsal = rehearsal
        self._proxies = proxies
        self._deadline = deadline.total_seconds()
        self._timeout: Any = Timeout(
            connect=connect_timeout.total_seconds(), read=read_timeout.total_seconds()
        )
        self._route = Route(
            self._trusted,
            resolver,
            connect_timeout.total_seconds(),
            idle_limit.total_seconds(),
        )
        self._adapter = WatchedAdapter(tls_context(ca_file), pool_size)
        self._address = lru_cache(maxsize=_ADDRESSES)(address_of)
        self._way = lru_cache(maxsize=HOSTS)(self._way_to)
        self._sweep_planned = threading.Event()
        self._closed = False
        self._deadlines = Deadlines()

    def close(self) -> None:
        """Closes all connections. Called when the last request has been answered."""
        self._closed = True
        self._deadlines.close()
        self._adapter.close_rested(0.0)
        self._adapter.close()

    def send(self, request: HttpRequest) -> Response | Retry | Rejected | Unknown:
        """Posts ``request`` once; follows no redirect.

        Gives the answer; or Retry where the last byte of the request was not handed to the kernel;
        Unknown where it was and no answer could be read; Rejected where its address is refused. No
        detail holds more of the address than the host's name.
        """
        try:
            address = self._address(request.url)
            way = self._way(address.origin)
            prepared = Prepared(
                request, address, address.absolute if way.forwarded else address.path
            )
        except _FAILURES:
            return Rejected(
                Reason.BAD_REQUEST,
                "The address or a header of this channel cannot be written as a request.",
            )
        if way.refused is not None:
            return way.refused
        if self._closed:
            return Retry(Reason.CONNECT, "Vigilia is stopping; nothing is sent any more.")
        return self._posted(prepared, address.host, way)

    def _posted(
        self, prepared: Prepared, host: str, way: _Way
    ) -> Response | Retry | Rejected | Unknown:
        attempt = Attempt(self._route, time.monotonic() + self._deadline)
        self._deadlines.at(attempt.ends_at, attempt.expire)
        token = CURRENT.set(attempt)
        try:
            answer = self._adapter.send(
                prepared,
                stream=True,
                timeout=self._timeout,
                proxies=way.proxies,
            )
            return _read(answer, host, attempt)
        except _FAILURES as error:
            return _failure(attempt, host, error)
        finally:
            self._deadlines.forget(attempt.expire)
            attempt.finish()
            CURRENT.reset(token)
            self._plan_sweep()

    def _way_to(self, origin: str) -> _Way:
        """Gives how ``origin`` is reached: found once, since neither the configuration nor the
        environment of a process changes while it runs."""
        proxies = self._proxies
        if proxies is None:
            proxies = get_environ_proxies(origin, no_proxy=None)
        proxy = select_proxy(origin, dict(proxies))
        parts = urlsplit(origin)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        refused: Rejected | Retry | None
        refused = self._refused(parts.scheme, parts.hostname or "", port, proxy is not None)
        if refused is None and proxy is not None and proxy.lower().startswith("socks"):
            refused = Retry(
                Reason.CONNECT, "SOCKS proxies are not supported; set HTTPS_PROXY to an http one."
            )
        return _Way(refused, dict(proxies), proxy is not None and parts.scheme == "http")

    def _refused(self, scheme: str, host: str, port: int, proxied: bool) -> Rejected | None:
        """Gives why a host is not posted to, as far as is known without looking its name up."""
        if self._trusted.covers(host, port):
            return None
        if self._rehearsal:
            return Rejected(
                Reason.NOT_IN_REHEARSAL,
                refusal(host, port, "is not a trusted host, as a rehearsal needs"),
            )
        if scheme != "https":
            return Rejected(
                Reason.ADDRESS_REFUSED, refusal(host, port, "would be reached without encryption")
            )
        if proxied and (kind := refused_name(host)) is not None:
            return Rejected(Reason.ADDRESS_REFUSED, refusal(host, port, f"names a {kind} address"))
        return None

    def _plan_sweep(self) -> None:
        if not self._sweep_planned.is_set():
            self._sweep_planned.set()
            self._deadlines.at(time.monotonic() + self._route.idle_limit, self._sweep)

    def _sweep(self) -> None:
        self._sweep_planned.clear()
        if self._adapter.close_rested(self._route.idle_limit):
            self._plan_sweep()


def tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """Gives what a server's certificate is checked with. Raises :class:`VigiliaError` where
    ``ca_file`` cannot be used."""
    context = ssl.create_default_context(cafile=DEFAULT_CA_BUNDLE_PATH)
    context.sslsocket_class = ClosedOnReset
    if ca_file is not None:
        try:
            context.load_verify_locations(cafile=ca_file)
        except OSError as error:  # SSLError, for a file without a certificate, is one too
            raise VigiliaError(
                f"The certificate file {ca_file} cannot be used: it has to be readable and hold "
                "certificates in PEM form (-----BEGIN CERTIFICATE-----)."
            ) from error
    return context


def _read(answer: requests.Response, host: str, attempt: Attempt) -> Response | Unknown:
    """Reads an answer whose head has come.

    Where the rest is cut off, the status decides. A refusal is one whatever its body would have
    said: it is given with what was read. A 2xx is not yet a yes, since platforms answer 200 with
    "ok: false" in the body: it is unknown.
    """
    status = answer.status_code
    if status < 200:
        answer.close()  # unread, and its connection with it: a final answer may still follow
        return Unknown(Reason.NO_ANSWER, f"{host} gave no final answer ({status}).")
    raw = answer.raw
    as_sent = "content-encoding" not in raw.headers
    body = bytearray()
    whole = True
    try:
        while len(body) <= ANSWER_LIMIT:
            chunk = raw.read1(_CHUNK, decode_content=True)
            body += chunk
            if not chunk or (as_sent and raw.length_remaining == 0):
                break
    except _FAILURES:
        whole = False
    finally:
        answer.close()
    if status < 300 and (attempt.expired or not whole):
        reason = Reason.DEADLINE if attempt.expired else Reason.NO_ANSWER
        return Unknown(reason, f"{host} answered {status}, but its answer was cut off.")
    headers = {name.lower(): value for name, value in raw.headers.itermerged()}
    return Response(status, headers, bytes(body[:ANSWER_LIMIT]))


def _failure(attempt: Attempt, host: str, error: BaseException) -> Retry | Rejected | Unknown:
    """Gives what a request without an answer came to, by how far it got."""
    if attempt.stage is Stage.SENT:
        if attempt.expired:
            return Unknown(Reason.DEADLINE, f"{host} took the request and did not answer in time.")
        return Unknown(Reason.NO_ANSWER, f"{host} took the request and gave no readable answer.")
    if attempt.decided is not None:
        return attempt.decided
    certificate = certificate_problem(error)
    if certificate is not None:
        return Retry(Reason.TLS, f"The certificate of {host} is not accepted: {certificate}.")
    return Retry(*_broken_off(attempt.stage, host))


def _broken_off(
    stage: Literal[Stage.CONNECTING, Stage.SECURING, Stage.WRITING], host: str
) -> tuple[Reason, str]:
    match stage:
        case Stage.CONNECTING:
            return Reason.CONNECT, f"No connection to {host} could be opened."
        case Stage.SECURING:
            return Reason.TLS, f"{host} opened no secure connection."
        case Stage.WRITING:
            return Reason.WRITE, f"The connection to {host} broke before the request had left."
        case _:
            assert_never(stage)


def certificate_problem(error: BaseException) -> str | None:
    """Gives OpenSSL's words ("certificate has expired") from anywhere under ``error``.

    urllib3 and requests hang the first error now as its cause, now among its arguments.
    """
    if isinstance(error, ssl.SSLCertVerificationError):
        return str(error.verify_message).rstrip(".")
    for below in (error.__cause__, error.__context__, *error.args):
        if isinstance(below, BaseException):
            found = certificate_problem(below)
            if found is not None:
                return found
    return None
