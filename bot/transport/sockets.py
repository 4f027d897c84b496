"""Sockets that keep the deadline of the request they work for.

Time-outs of sockets are per operation: a server that sends a byte a second could hold a worker for
ever. So each operation of these waits no longer than is left until the deadline of the request
under way; outside of one they are sockets like any other.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from bot.channels.outcome import Reason, Retry
from bot.errors import VigiliaError
from bot.transport.progress import CURRENT, Progress
from bot.transport.resolving import DecidedError


def _limit(sock: socket.socket) -> None:
    """Shorten the time-out of the next operation to what is left. Raises TimeoutError where nothing
    is. Whoever uses a connection again sets its time-out anew, as urllib3 does."""
    progress = CURRENT.get(None)
    if progress is None:
        return
    left_s, timeout_s = progress.left_s, sock.gettimeout()
    if left_s <= 0:
        raise TimeoutError("the deadline has passed")
    if timeout_s is None or left_s < timeout_s:
        sock.settimeout(left_s)


class DeadlineSocket(socket.socket):
    """A plain socket; what http.client, smtplib and urllib3 call of it."""

    def connect(self, address: Any) -> None:
        _limit(self)
        super().connect(address)

    def recv_into(self, *args: Any, **options: Any) -> int:
        _limit(self)
        return super().recv_into(*args, **options)

    def sendall(self, *args: Any) -> None:
        _limit(self)
        super().sendall(*args)


class DeadlineTlsSocket(ssl.SSLSocket):
    """A TLS socket: all that is read goes through ``read``, all that is written through
    ``send``."""

    def read(self, *args: Any) -> Any:
        _limit(self)
        return super().read(*args)

    def send(self, *args: Any) -> int:
        _limit(self)
        return super().send(*args)

    def do_handshake(self, block: bool = False) -> None:
        _limit(self)
        super().do_handshake(block)

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        """Close the socket where the other side was gone before TLS began: the standard library
        raises there, and leaves it open to the garbage collector."""
        try:
            return super().recv(buflen, flags)
        except ConnectionResetError:
            self.close()
            raise


def tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """Return what a server's certificate is checked with. Raises :class:`VigiliaError` where
    ``ca_file`` cannot be used."""
    context = ssl.create_default_context(cafile=DEFAULT_CA_BUNDLE_PATH)
    context.sslsocket_class = DeadlineTlsSocket
    if ca_file is not None:
        try:
            context.load_verify_locations(cafile=ca_file)
        except OSError as error:  # SSLError, for a file without a certificate, is one too
            raise VigiliaError(
                f"The certificate file {ca_file} cannot be used: it has to be readable and hold "
                "certificates in PEM form (-----BEGIN CERTIFICATE-----)."
            ) from error
    return context


def open_socket(
    progress: Progress,
    host: str,
    port: int,
    timeout_s: float | None,
    *,
    checked: bool = True,
    options: Sequence[Any] | None = None,
) -> DeadlineSocket:
    """Open a connection to one of the host's addresses, to the very one that was checked.

    ``timeout_s`` is for each address, the deadline for all. ``checked`` False leaves the check out,
    as for a proxy. Raises :class:`DecidedError`.
    """
    failure: OSError = TimeoutError()
    for address in progress.route.addresses(host, port, progress.left_s, checked=checked):
        try:
            return _connected(address, port, timeout_s, options or ())
        except OSError as error:
            failure = error
    raise DecidedError(Retry(Reason.CONNECT, f"{host} {_problem(failure)}.")) from failure


def _connected(
    address: str, port: int, timeout_s: float | None, options: Sequence[Any]
) -> DeadlineSocket:
    sock = DeadlineSocket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    try:
        for option in options:
            sock.setsockopt(*option)
        sock.settimeout(timeout_s)
        sock.connect((address, port))
    except BaseException:
        sock.close()
        raise
    return sock


def _problem(error: OSError) -> str:
    """Return what a host did, after its name: \"refused the connection\"."""
    if isinstance(error, ConnectionRefusedError):
        return "refused the connection"
    if isinstance(error, TimeoutError):
        return "took no connection in time"
    return f"could not be reached ({error.strerror or 'no route'})"
