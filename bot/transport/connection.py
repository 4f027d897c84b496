"""Connections that know how far a request got.

requests and urllib3 raise the same errors for a connection that broke before the request left and
for one that broke after it, and only one of the two may be tried again. So our connections note
each step in the :class:`Attempt` of the thread they work for.
"""

from __future__ import annotations

import http.client
import os
import socket
import ssl
import threading
import time
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from enum import Enum
from typing import Any

from urllib3 import HTTPHeaderDict, HTTPResponse
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NewConnectionError
from urllib3.util.connection import create_connection

from bot.channels.outcome import Reason, Rejected, Retry
from bot.transport.prepared import written_headers
from bot.transport.resolving import (
    AddressRefusedError,
    NameNotResolvedError,
    Resolver,
    TrustedHosts,
    checked_addresses,
    lookup,
)
from bot.transport.response_head import WholeHead


class Stage(Enum):
    """How far a request got."""

    CONNECTING = "connecting"
    SECURING = "securing"
    WRITING = "writing"
    SENT = "sent"
    """Its last byte was handed to the kernel: from here on it may have arrived."""


@dataclass(frozen=True)
class Route:
    """What a transport knows about finding a host. Seconds."""

    trusted: TrustedHosts
    resolver: Resolver
    connect_timeout: float
    idle_limit: float


class Attempt:
    """One request on its way. Used by the thread that sends and by the one that ends it."""

    def __init__(self, route: Route, ends_at: float) -> None:
        self.route = route
        self.ends_at = ends_at
        self.stage = Stage.CONNECTING
        self.decided: Retry | Rejected | None = None
        """What it came to where that was decided before a connection was open."""
        self.expired = False
        self._lock = threading.Lock()
        self._finished = False
        self._watched: int | None = None

    def remaining(self) -> float:
        """Gives the seconds left, at least a little: 0 would mean "without time-out"."""
        return max(self.ends_at - time.monotonic(), 0.001)

    def watch(self, sock: socket.socket) -> None:
        """Notes the socket that is shut when the time is over.

        A duplicate of its descriptor is kept: TLS takes the socket over while it is being set up,
        and http.client lets go of it while an answer is still being read.
        """
        try:
            watched = os.dup(sock.fileno())
        except OSError:  # no descriptor is left
            sock.close()
            raise
        with self._lock:
            previous, self._watched = self._watched, watched
            if self.expired:
                _shut(watched)
        if previous is not None:
            os.close(previous)

    def expire(self) -> None:
        """Ends the request: whatever waits for its socket stops waiting."""
        with self._lock:
            if self._finished:
                return
            self.expired = True
            if self._watched is not None:
                _shut(self._watched)

    def finish(self) -> None:
        """Lets go of the socket, which may serve another request from now on."""
        with self._lock:
            self._finished = True
            watched, self._watched = self._watched, None
        if watched is not None:
            os.close(watched)


def _shut(descriptor: int) -> None:
    with suppress(OSError):  # the other side may have been first
        sock = socket.socket(fileno=descriptor)
        try:
            sock.shutdown(socket.SHUT_RDWR)
        finally:
            sock.detach()  # the descriptor is the attempt's


def open_socket(
    attempt: Attempt, host: str, port: int, *, checked: bool, options: Any = None
) -> socket.socket:
    """Opens a connection to one of the host's addresses, to the very one that was checked.

    ``checked`` False leaves the check out, as for a proxy. Raises :class:`NameNotResolvedError`,
    :class:`AddressRefusedError`, and OSError where none of them takes the connection.
    """
    route = attempt.route
    addresses = lookup(route.resolver, host, port, attempt.remaining())
    if checked and not route.trusted.covers(host, port):
        addresses = checked_addresses(addresses, host, port)
    failure: OSError = TimeoutError()
    for address in addresses:
        if attempt.expired:
            break
        try:
            sock = create_connection(
                (address, port),
                min(route.connect_timeout, attempt.remaining()),
                socket_options=options,
            )
        except OSError as error:
            failure = error
            continue
        attempt.watch(sock)
        return sock
    raise failure


CURRENT: ContextVar[Attempt] = ContextVar("CURRENT")


class WatchedConnection(HTTPConnection):
    """A connection to an address that was checked, whose requests are followed byte by byte."""

    response_class = WholeHead
    debuglevel = 0  # a global debuglevel would print addresses
    rests_since = 0.0
    """When it was last put back into its pool, in seconds of ``time.monotonic()``."""
    sock: Any
    _body = b""

    @property
    def is_connected(self) -> bool:
        """Says whether it can be used again: a server may close a connection that rests for long,
        and a request written into one that is just being closed is lost without a trace."""
        return not self.has_rested(CURRENT.get().route.idle_limit) and super().is_connected

    def has_rested(self, seconds: float) -> bool:
        """Says whether it has been unused for ``seconds``."""
        return time.monotonic() - self.rests_since >= seconds

    def _new_conn(self) -> socket.socket:
        attempt = CURRENT.get()
        try:
            sock = self._connected(attempt)
        except NameNotResolvedError as error:
            attempt.decided = Retry(Reason.DNS, str(error))
        except AddressRefusedError as error:
            attempt.decided = Rejected(Reason.ADDRESS_REFUSED, str(error))
        except OSError as error:
            attempt.decided = Retry(Reason.CONNECT, f"{self.host} {connect_problem(error)}.")
        else:
            if not isinstance(self, HTTPSConnection):
                attempt.stage = Stage.WRITING
            elif not self.proxy:  # through a proxy TLS begins when the proxy has opened the way
                attempt.stage = Stage.SECURING
            return sock
        raise NewConnectionError(self, "no connection")

    def _connected(self, attempt: Attempt) -> socket.socket:
        port = int(self.port or self.default_port)
        return open_socket(
            attempt, self.host, port, checked=not self.proxy, options=self.socket_options
        )

    def request(
        self, method: str, url: str, body: Any = None, headers: Any = None, **_options: Any
    ) -> None:
        """Writes a request; when this returns, its last byte was handed to the kernel.

        ``headers`` are plain strings that were found fit to be sent; ``body`` is bytes or None.
        """
        attempt = CURRENT.get()
        if self.sock is None:
            self.connect()
        self.sock.settimeout(self.timeout)
        attempt.watch(self.sock)
        attempt.stage = Stage.WRITING
        head: Any = self
        named = "host" in map(str.lower, headers)
        self.putrequest(method, url, skip_host=named, skip_accept_encoding=True)
        head._output(written_headers(headers).encode("latin-1").removesuffix(b"\r\n"))
        self._body = body or b""
        self.endheaders()
        attempt.stage = Stage.SENT

    def send(self, data: Any) -> None:
        """Writes ``data``, and the body with the head: one call to the kernel, one packet."""
        body, self._body = self._body, b""
        super().send(data + body)

    def getresponse(self) -> Any:
        """Gives an answer whose head has come. It lets go of the connection when it was read."""
        self.sock.settimeout(self.timeout)
        head: Any = http.client.HTTPConnection.getresponse(self)
        return HTTPResponse(
            head,
            HTTPHeaderDict(head.fields()),
            head.status,
            head.version,
            reason=head.reason,
            preload_content=False,
            decode_content=False,
            original_response=head,
            request_method=head._method,
        )


class WatchedTlsConnection(WatchedConnection, HTTPSConnection):
    """The same over TLS: certificate and name are checked against the host, not the address."""


class ClosedOnReset(ssl.SSLSocket):
    """A TLS socket that is closed where the other side was gone before TLS began: the standard
    library raises there, and leaves the open socket to the garbage collector."""

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        try:
            return super().recv(buflen, flags)
        except ConnectionResetError:
            self.close()
            raise


def connect_problem(error: OSError) -> str:
    """Gives what a host did, after its name: \"refused the connection\"."""
    if isinstance(error, ConnectionRefusedError):
        return "refused the connection"
    if isinstance(error, TimeoutError):
        return "took no connection in time"
    return f"could not be reached ({error.strerror or 'no route'})"
