"""A small TCP proxy that breaks connections in the ways that networks break them."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from dataclasses import dataclass
from types import TracebackType
from typing import Self, assert_never


@dataclass(frozen=True)
class Refuse:
    """Nobody listens."""


@dataclass(frozen=True)
class ResetAtAccept:
    """The connection is reset before anything is read."""


@dataclass(frozen=True)
class ResetAfter:
    """The connection is reset when ``count`` bytes of the request were read."""

    count: int


@dataclass(frozen=True)
class ResetAfterRequest:
    """The whole request is read, and the connection reset."""


@dataclass(frozen=True)
class CloseAfterRequest:
    """The whole request is read, and the connection closed in good order."""


@dataclass(frozen=True)
class TruncateAnswer:
    """The request is passed on; of the answer ``count`` bytes come back."""

    count: int


@dataclass(frozen=True)
class Blackhole:
    """Nothing comes back; nothing is read either unless ``reads``."""

    reads: bool = True


@dataclass(frozen=True)
class Drip:
    """The whole request is read; then ``head`` comes at once and ``then`` again and again, every
    ``interval`` seconds."""

    head: bytes = b""
    then: bytes = b"H"
    interval: float = 0.02


@dataclass(frozen=True)
class Garbage:
    """The whole request is read, and answered with bytes that are not HTTP."""

    answer: bytes = b"\x00\xff SMTP ready\r\n\r\n"


Fault = (
    Refuse
    | ResetAtAccept
    | ResetAfter
    | ResetAfterRequest
    | CloseAfterRequest
    | TruncateAnswer
    | Blackhole
    | Drip
    | Garbage
)


class FaultProxy:
    """A context manager: listens on ``port`` of 127.0.0.1 and does ``fault`` to each connection.

    ``target``: the port of the receiver behind it, for the faults that pass a request on. With
    ``tls`` it is itself the TLS server, and the faults come after the handshake (but at accept).
    """

    def __init__(
        self, fault: Fault, target: int | None = None, tls: ssl.SSLContext | None = None
    ) -> None:
        self.fault = fault
        self.connections = 0
        self.received = bytearray()
        """All that was read of the requests."""
        self._target = target
        self._tls = tls
        self._stopping = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._threads: list[threading.Thread] = []
        self._open: list[socket.socket] = []
        self._accepting = threading.Thread(target=self._accept)

    @property
    def address(self) -> str:
        """``host:port``, as for ``trusted_hosts``."""
        return f"127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        if isinstance(self.fault, Refuse):
            self._listener.close()
        else:
            self._accepting.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopping.set()
        if isinstance(self.fault, Refuse):
            return
        # A socket that another thread reads has to be shut down first: closing does not wake it.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._accepting.join()
        self._listener.close()
        for sock in list(self._open):
            with contextlib.suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return  # shut down
            self.connections += 1
            if isinstance(self.fault, ResetAtAccept):
                _reset(sock)
                continue
            self._open.append(sock)
            thread = threading.Thread(target=self._serve, args=(sock,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, sock: socket.socket) -> None:
        with contextlib.suppress(OSError):  # the client may break it off first
            if self._tls is None:
                self._break(sock)
            else:
                with self._tls.wrap_socket(sock.dup(), server_side=True) as secured:
                    self._break(secured)
        sock.close()

    def _break(self, sock: socket.socket) -> None:
        match self.fault:
            case Refuse() | ResetAtAccept():
                raise AssertionError("done at accept")
            case ResetAfter(count):
                self._read(sock, count)
                _reset(sock)
            case ResetAfterRequest():
                self._read_request(sock)
                _reset(sock)
            case CloseAfterRequest():
                self._read_request(sock)
            case TruncateAnswer(count):
                self._pass_on(sock, count)
            case Blackhole(reads):
                while reads and (read := sock.recv(65536)):
                    self.received += read
                self._stopping.wait()
            case Drip(head, then, interval):
                self._read_request(sock)
                sock.sendall(head)
                while not self._stopping.wait(interval):
                    sock.sendall(then)
            case Garbage(answer):
                self._read_request(sock)
                sock.sendall(answer)
            case _:
                assert_never(self.fault)

    def _read(self, sock: socket.socket, count: int) -> None:
        left = count
        while left and (read := sock.recv(left)):
            self.received += read
            left -= len(read)

    def _read_request(self, sock: socket.socket) -> bytes:
        """Reads to the end of one request, which says its length."""
        request = b""
        while b"\r\n\r\n" not in request:
            request += self._more(sock)
        head, _, body = request.partition(b"\r\n\r\n")
        lengths = [
            int(line.partition(b":")[2])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length:")
        ]
        while len(body) < sum(lengths):
            body += self._more(sock)
        return head + b"\r\n\r\n" + body

    def _more(self, sock: socket.socket) -> bytes:
        read = sock.recv(65536)
        if not read:
            raise ConnectionError("the client closed it")
        self.received += read
        return read

    def _pass_on(self, sock: socket.socket, count: int) -> None:
        request = self._read_request(sock)
        assert self._target is not None
        with socket.create_connection(("127.0.0.1", self._target)) as receiver:
            receiver.sendall(request)
            # No more comes, so that it ends the connection when it has answered.
            receiver.shutdown(socket.SHUT_WR)
            answer = b""
            while len(answer) < count and (read := receiver.recv(count - len(answer))):
                answer += read
        sock.sendall(answer)


def _reset(sock: socket.socket) -> None:
    """Closes with RST: what lingers for 0 s is thrown away."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()
