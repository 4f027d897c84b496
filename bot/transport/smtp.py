"""Hands an e-mail to a mail server, and says what is known about whether it was taken.

The server takes the message with its
reply to the line that ends it, and not before: a connection that broke before the last byte of that
line was handed to the kernel left nothing behind; one that broke after it may have.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
from collections.abc import Collection
from contextlib import suppress
from datetime import timedelta

from bot.channels.answers import Step, read_refusal
from bot.channels.outcome import Delivered, Outcome, Reason, Retry
from bot.channels.request import MimeRequest
from bot.transport.progress import Progress, Stage, judge, under_way
from bot.transport.resolving import DecidedError, Resolver, Route, TrustedHosts, system_addresses
from bot.transport.sockets import open_socket

_END = b"\r\n.\r\n"


class _RefusedError(DecidedError):
    """The server said no."""

    def __init__(self, step: Step, code: int, text: bytes) -> None:
        super().__init__(read_refusal(step, code, text.decode("utf-8", errors="replace")))


class SmtpTransport:
    """Sends e-mails, each within one overall deadline and over a connection of its own.
    Thread-safe.

    ``trusted_hosts`` holds ``host`` or ``host:port``: they may be private and without encryption,
    and are the only ones that a rehearsal posts to. ``context`` is what certificates are checked
    with (:func:`bot.transport.sockets.tls_context`).
    """

    def __init__(
        self,
        trusted_hosts: Collection[str],
        rehearsal: bool,
        context: ssl.SSLContext,
        *,
        deadline: timedelta = timedelta(seconds=60),
        connect_timeout: timedelta = timedelta(seconds=10),
        resolver: Resolver = system_addresses,
    ) -> None:
        self._route = Route(TrustedHosts(trusted_hosts), rehearsal, resolver)
        self._context = context
        self._deadline_s = deadline.total_seconds()
        self._connect_timeout_s = connect_timeout.total_seconds()

    def send(self, request: MimeRequest) -> Outcome:
        """Send ``request`` once. Raises nothing.

        Retry and Rejected: the server does not have it, by its own word or because the end of the
        message never left. Unknown: it left, and no reply came. Where some of the recipients are
        taken and some are not, it is Delivered, and the detail says how many are not.
        """
        server = request.server
        with under_way(self._route, self._deadline_s, "message") as progress:
            try:
                progress.host = server.host
                secure = server.security != "none"
                refused = self._route.refused(server.host, server.port, secure=secure)
                if refused is not None:
                    return refused
                connection = _Connection(progress, self._context, self._connect_timeout_s, request)
                try:
                    return connection.carry()
                finally:
                    connection.leave()
            except Exception as error:  # noqa: BLE001 - what never left must not be in doubt
                return judge(error, progress, (server.password,) if server.password else ())


class _Connection(smtplib.SMTP):
    """One connection, one e-mail."""

    def __init__(
        self,
        progress: Progress,
        context: ssl.SSLContext,
        connect_timeout_s: float,
        request: MimeRequest,
    ) -> None:
        self._progress = progress
        self._tls = context
        self._connect_timeout_s = connect_timeout_s
        self._request = request
        # Never the machine's own name: looking it up may take long, and it is nobody's business.
        super().__init__(local_hostname=request.sender.rpartition("@")[2])

    def carry(self) -> Outcome:
        """Say hello, sign in, hand the message over."""
        self._open()
        self._sign_in()
        refusals = self._address()
        self._expect(Step.MESSAGE, 354, self.docmd("DATA"))
        self.send(_stuffed(self._request.content) + _END)
        self._progress.stage = Stage.SENT
        self._expect(Step.MESSAGE, 250, self.getreply())
        return Delivered(_message_id(self._request.content), _partly(refusals, self._request))

    def leave(self) -> None:
        """Say goodbye without waiting for the reply."""
        with suppress(Exception):  # nothing depends on it, and the outcome is known
            self.putcmd("QUIT")
        self.close()

    def _open(self) -> None:
        server = self._request.server
        # What a certificate is checked against, by starttls too.
        self._host = server.host
        try:
            self._expect(Step.GREETING, 220, self.connect(server.host, server.port))
            self._expect(Step.GREETING, 250, self._hello())
        except smtplib.SMTPException as error:
            detail = f"{server.host} did not greet as a mail server does."
            raise DecidedError(Retry(Reason.CONNECT, detail)) from error
        if server.security == "starttls":
            if not self.has_extn("starttls"):
                raise _RefusedError(Step.TLS, 502, b"the server offers no encryption")
            self._progress.stage = Stage.SECURING
            self._secure()
            self._expect(Step.GREETING, 250, self._hello())
        self._progress.stage = Stage.WRITING

    def _secure(self) -> None:
        try:
            self.starttls(context=self._tls)
        except smtplib.SMTPResponseException as error:
            raise _RefusedError(Step.TLS, error.smtp_code, _bytes(error.smtp_error)) from None

    def _hello(self) -> tuple[int, bytes]:
        reply = self.ehlo()
        return reply if reply[0] == 250 else self.helo()

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        """Open the connection; smtplib has this for its own subclass with TLS."""
        sock = open_socket(self._progress, host, port, self._connect_timeout_s)
        sock.settimeout(None)  # the one deadline ends it
        if self._request.server.security != "tls":
            return sock
        self._progress.stage = Stage.SECURING
        secured = self._tls.wrap_socket(sock, server_hostname=host)
        self._progress.stage = Stage.CONNECTING
        return secured

    def _sign_in(self) -> None:
        server = self._request.server
        if server.user is None:
            return
        try:
            self.login(server.user, server.password)
        except smtplib.SMTPResponseException as error:
            text = _bytes(error.smtp_error)
            raise _RefusedError(Step.SIGNING_IN, error.smtp_code, text) from None
        except smtplib.SMTPNotSupportedError:
            detail = b"the server lets nobody sign in this way"
            raise _RefusedError(Step.SIGNING_IN, 502, detail) from None

    def _address(self) -> list[_RefusedError]:
        """Name sender and recipients; return the refusals where somebody is left."""
        self._expect(Step.SENDER, 250, self.mail(self._request.sender))
        refusals = []
        for recipient in self._request.recipients:
            code, text = self.rcpt(recipient)
            if code not in (250, 251):
                refusals.append(_RefusedError(Step.RECIPIENT, code, text))
        if len(refusals) == len(self._request.recipients):
            # While one of them may be taken later, nothing is lost for good.
            later = (no for no in refusals if isinstance(no.outcome, Retry))
            raise next(later, refusals[0])
        return refusals

    @staticmethod
    def _expect(step: Step, code: int, reply: tuple[int, bytes]) -> None:
        """Raise where the reply is another. One that is no refusal is none we know."""
        if reply[0] == code:
            return
        if reply[0] < 400:
            raise smtplib.SMTPException("no reply that is known")
        raise _RefusedError(step, *reply)


def _bytes(reply: bytes | str) -> bytes:
    return reply if isinstance(reply, bytes) else reply.encode()


def _stuffed(content: bytes) -> bytes:
    """Return the lines as they are sent: one that begins with a dot gets another (RFC 5321,
    4.5.2)."""
    return re.sub(rb"(?m)^\.", b"..", content.removesuffix(b"\r\n"))


def _message_id(content: bytes) -> str | None:
    match = re.search(rb"(?im)^Message-ID:\s*(<[^>\s]+>)", content)
    return match[1].decode("ascii", errors="replace") if match else None


def _partly(refusals: list[_RefusedError], request: MimeRequest) -> str:
    if not refusals:
        return ""
    reason = refusals[0].outcome.detail
    return f"Not taken for {len(refusals)} of {len(request.recipients)} recipients ({reason})."
