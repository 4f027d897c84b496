"""Mail servers on loopback: a real one (aiosmtpd), and one that breaks where it is told."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass
class Accepting:
    """What a mail server does with what it is given: ``replies`` by command, the last for ever."""

    taken: list[Envelope] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)
    replies: dict[str, str] = field(default_factory=dict)
    """``MAIL``, ``DATA``, or a recipient → a reply other than the usual."""

    async def handle_MAIL(  # noqa: N802 - the library's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if "MAIL" in self.replies:
            return self.replies["MAIL"]
        envelope.mail_from = address
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.replies:
            return self.replies[address]
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if "DATA" in self.replies:
            return self.replies["DATA"]
        self.taken.append(envelope)
        self.sessions.append(session)
        return "250 2.0.0 OK: queued as 4F2A9C"


def signing_in(user: bytes, password: bytes) -> Callable[..., AuthResult]:
    """Gives what lets in only who says these."""

    def authenticate(
        server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        good = isinstance(data, LoginPassword) and data == LoginPassword(user, password)
        return AuthResult(success=good, handled=False)

    return authenticate


class MailServer:
    """A context manager around a real mail server in a thread of its own."""

    def __init__(
        self,
        *,
        starttls: ssl.SSLContext | None = None,
        tls: ssl.SSLContext | None = None,
        account: tuple[bytes, bytes] | None = None,
    ) -> None:
        self.handler = Accepting()
        options: dict[str, Any] = {}
        if account is not None:
            options = {"authenticator": signing_in(*account), "auth_required": True}
        self._controller = Controller(
            self.handler,
            hostname="127.0.0.1",
            port=_free_port(),
            server_hostname="mail.test",
            tls_context=starttls,
            require_starttls=starttls is not None,
            ssl_context=tls,
            **options,
        )
        self.port: int = self._controller.port

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._controller.stop()


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


class BreakingServer:
    """Speaks SMTP line by line up to where ``script`` breaks it off, once.

    A step of the script is ``(what the client says, what is answered)``; what the client says is
    the beginning of a line, or a number of bytes that are read. An answer of None closes the
    connection, one of b"hang" leaves it open without a word.
    """

    def __init__(
        self, greeting: bytes | None, script: list[tuple[str | int, bytes | None]]
    ) -> None:
        self._greeting = greeting
        self._script = script
        self.received = bytearray()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.port: int = self._listening.getsockname()[1]
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ending.set()
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()

    def _serve(self) -> None:
        try:
            sock, _ = self._listening.accept()
        except OSError:
            return
        with sock, suppress(OSError):
            self._talk(sock)

    def _talk(self, sock: socket.socket) -> None:
        with sock.makefile("rb") as lines:
            if not self._say(sock, self._greeting):
                return
            for expected, answer in self._script:
                if isinstance(expected, int):
                    self.received += lines.read(expected)
                else:
                    line = lines.readline()
                    assert line.upper().startswith(expected.encode()), line
                if not self._say(sock, answer):
                    return
            lines.readline()

    def _say(self, sock: socket.socket, answer: bytes | None) -> bool:
        """Says it; False where that is the end."""
        if answer is None:
            linger = struct.pack("ii", 1, 0)  # a reset, and not a goodbye
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            return False
        if answer == b"hang":
            self._ending.wait()
            return False
        sock.sendall(answer)
        return True
