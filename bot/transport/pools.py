"""Where connections wait for their next request, and requests' adapter, which takes them there."""

from __future__ import annotations

import queue
import ssl
import threading
import time
from contextlib import suppress
from typing import Any
from weakref import WeakValueDictionary

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool

from bot.transport.connection import CURRENT, WatchedConnection, WatchedTlsConnection

HOSTS = 1000
"""Hosts whose connections are kept; beyond it those of the host asked for first are closed."""


class _Watched(HTTPConnectionPool):
    """Connections that rest are nobody's: the request that used one lets go of it first."""

    ConnectionCls = WatchedConnection

    def _put_conn(self, conn: Any) -> None:
        CURRENT.get().finish()
        if conn is not None:
            conn.rests_since = time.monotonic()
        super()._put_conn(conn)

    def close_rested(self, seconds: float) -> bool:
        """Closes what has rested for ``seconds``; says whether open connections are left."""
        waiting = self.pool
        if waiting is None:
            return False
        # Whoever asks meanwhile opens a connection. The queue gives last what was put in first.
        taken: list[Any] = []
        with suppress(queue.Empty):
            while True:
                taken.append(waiting.get(block=False))
        left = False
        for conn in reversed(taken):
            if conn is not None and not conn.is_closed:
                if conn.has_rested(seconds):
                    conn.close()
                else:
                    left = True
            self._put_back(waiting, conn)
        return left

    def _put_back(self, waiting: queue.LifoQueue[Any], conn: Any) -> None:
        try:
            waiting.put(conn, block=False)
        except queue.Full:
            unwanted = True
        else:
            unwanted = self.pool is None  # closed in the meantime: nobody looks there again
        if unwanted and conn is not None:
            conn.close()


class WatchedPool(_Watched):
    """Pooled plain connections."""


class WatchedTlsPool(_Watched, HTTPSConnectionPool):
    """Pooled TLS connections."""

    ConnectionCls = WatchedTlsConnection


class Answer(requests.Response):
    """An answer that is read from ``raw``: no dictionaries, cookies or history are made of it."""

    def __init__(self, raw: Any) -> None:
        self.raw = raw
        self.status_code = raw.status
        self._content_consumed = False  # what close() asks


class WatchedAdapter(HTTPAdapter):
    """requests' adapter over connections of ours, for requests that are
    :class:`bot.transport.prepared.Prepared`. An origin is always asked through the same
    proxies."""

    def __init__(self, context: ssl.SSLContext, pool_size: int) -> None:
        self._context = context
        self._proxy_lock = threading.Lock()
        # urllib3 closes a pool that it lets go of when nothing else holds it: this must not.
        self._pools: WeakValueDictionary[str, Any] = WeakValueDictionary()
        super().__init__(pool_connections=HOSTS, pool_maxsize=pool_size, max_retries=0)

    def init_poolmanager(
        self, connections: int, maxsize: int, block: bool = False, **pool_kwargs: Any
    ) -> None:
        super().init_poolmanager(
            connections, maxsize, block, ssl_context=self._context, **pool_kwargs
        )
        self._watch(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **proxy_kwargs: Any) -> Any:
        with self._proxy_lock:  # two threads would make two, and one would be forgotten open
            known = proxy in self.proxy_manager
            manager = super().proxy_manager_for(proxy, ssl_context=self._context, **proxy_kwargs)
            if not known:
                self._watch(manager)
            return manager

    @staticmethod
    def _watch(manager: Any) -> None:
        manager.pool_classes_by_scheme = {"http": WatchedPool, "https": WatchedTlsPool}

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """Certificates are checked by the one shared context, which was loaded once."""
        conn.cert_reqs = "CERT_REQUIRED"

    def get_connection_with_tls_context(
        self, request: Any, verify: Any, proxies: Any = None, cert: Any = None
    ) -> Any:
        """Gives the pool of an origin, remembered: finding it takes longer than sending."""
        pool = self._pools.get(request.origin)
        if pool is None:
            pool = super().get_connection_with_tls_context(request, verify, proxies, cert)
            self._pools[request.origin] = pool
        return pool

    def request_url(self, request: Any, proxies: Any) -> str:
        """Gives what the first line asks for."""
        return str(request.target)

    def build_response(self, req: Any, resp: Any) -> Answer:
        """Gives an answer to read."""
        return Answer(resp)

    def close_rested(self, seconds: float) -> bool:
        """Closes connections unused for ``seconds``; says whether open unused ones are left."""
        left = False
        for known in self._pools.valuerefs():
            pool = known()
            if pool is not None:
                left = pool.close_rested(seconds) or left
        return left
