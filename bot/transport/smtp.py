"""Hands an e-mail to a mail server, and says what is known about whether it was taken.

One of the three modules that open an outgoing connection. The server takes the message with its
reply to the line that ends it, and not before: a connection that broke before the last byte of that
line was handed to the kernel left nothing behind; one that broke after it may have.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import time
from collections.abc import Collection
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Literal, assert_never

from bot.channels.outcome import Delivered, Outcome, Reason, Rejected, Retry, Unknown
from bot.channels.request import MimeRequest
from bot.channels.smtp_answers import Step, read_refusal
from bot.transport.connection import Attempt, Route, Stage, connect_problem, open_socket
from bot.transport.deadlines import Deadlines
from bot.transport.http import certificate_problem, tls_context
from bot.transport.resolving import (
    AddressRefusedError,
    NameNotResolvedError,
    Resolver,
    TrustedHosts,
    refusal,
    system_addresses,
)

_END = b"\r\n.\r\n"


class _RefusedError(Exception):
    """The server said no. Never leaves this module."""

    def __init__(self, step: Step, code: int, text: bytes) -> None:
        super().__init__(step)
        self.outcome = read_refusal(step, code, text.decode("utf-8", errors="replace"))


class SmtpTransport:
    """Sends e-mails, each within one overall deadline and over a connection of its own.
    Thread-safe.

    ``trusted_hosts`` holds ``host`` or ``host:port``: they may be private and without encryption,
    and are the only ones that a rehearsal posts to. ``ca_file`` (PEM) is trusted beside the public
    authorities. Raises :class:`VigiliaError` where it cannot be used.
    """

    def __init__(
        self,
        trusted_hosts: Collection[str],
        rehearsal: bool,
        ca_file: Path | None = None,
        *,
        deadline: timedelta = timedelta(seconds=60),
        connect_timeout: timedelta = timedelta(seconds=10),
        resolver: Resolver = system_addresses,
    ) -> None:
        trusted = TrustedHosts(trusted_hosts)
        self._route = Route(trusted, resolver, connect_timeout.total_seconds(), 0.0)
        self._rehearsal = rehearsal
        self._deadline = deadline.total_seconds()
        self._context = tls_context(ca_file)
        self._deadlines = Deadlines()

    def close(self) -> None:
        """Ends the thread that keeps the deadlines."""
        self._deadlines.close()

    def send(self, request: MimeRequest) -> Outcome:
        """Sends ``request`` once.

        Retry and Rejected: the server does not have it, by its own word or because the end of the
        message never left. Unknown: it left, and no reply came. Where some of the recipients are
        taken and some are not, it is Delivered, and the detail says how many are not.
        """
        refused = self._refused(request)
        if refused is not None:
            return refused
        attempt = Attempt(self._route, time.monotonic() + self._deadline)
        self._deadlines.at(attempt.ends_at, attempt.expire)
        connection = _Connection(attempt, self._context, request)
        try:
            return connection.carry()
        except _RefusedError as no:
            return no.outcome
        except NameNotResolvedError as error:
            return Retry(Reason.DNS, str(error))
        except AddressRefusedError as error:
            return Rejected(Reason.ADDRESS_REFUSED, str(error))
        except OSError as error:  # smtplib's exceptions are such too
            return _broken_off(attempt, request.server.host, error)
        finally:
            self._deadlines.forget(attempt.expire)
            attempt.finish()
            connection.leave()

    def _refused(self, request: MimeRequest) -> Rejected | None:
        server = request.server
        if self._route.trusted.covers(server.host, server.port):
            return None
        if self._rehearsal:
            said = refusal(server.host, server.port, "is not a trusted host, as a rehearsal needs")
            return Rejected(Reason.NOT_IN_REHEARSAL, said)
        if server.security == "none":
            said = refusal(server.host, server.port, "would be reached without encryption")
            return Rejected(Reason.ADDRESS_REFUSED, said)
        return None


class _Connection(smtplib.SMTP):
    """One connection, one e-mail."""

    def __init__(self, attempt: Attempt, context: ssl.SSLContext, request: MimeRequest) -> None:
        self._attempt = attempt
        self._tls = context
        self._request = request
        # Never the machine's own name: looking it up may take long, and it is nobody's business.
        super().__init__(local_hostname=request.sender.rpartition("@")[2])

    def carry(self) -> Outcome:
        """Says hello, signs in, hands the message over."""
        self._open()
        self._sign_in()
        refused = self._address()
        self._expect(Step.MESSAGE, 354, self.docmd("DATA"))
        self.send(_stuffed(self._request.content) + _END)
        self._attempt.stage = Stage.SENT
        self._expect(Step.MESSAGE, 250, self.getreply())
        return Delivered(_message_id(self._request.content), _said_of(refused, self._request))

    def leave(self) -> None:
        """Says goodbye without waiting for the reply: nothing depends on it."""
        with suppress(OSError):
            self.putcmd("QUIT")
        self.close()

    def _open(self) -> None:
        server = self._request.server
        # What a certificate is checked against, by starttls too.
        self._host = server.host
        self._expect(Step.GREETING, 220, self.connect(server.host, server.port))
        self._expect(Step.GREETING, 250, self._hello())
        if server.security == "starttls":
            if not self.has_extn("starttls"):
                raise _RefusedError(Step.TLS, 502, b"the server offers no encryption")
            self._attempt.stage = Stage.SECURING
            self._secure()
            self._expect(Step.GREETING, 250, self._hello())
        self._attempt.stage = Stage.WRITING

    def _secure(self) -> None:
        try:
            self.starttls(context=self._tls)
        except smtplib.SMTPResponseException as error:
            raise _RefusedError(Step.TLS, error.smtp_code, _bytes(error.smtp_error)) from None

    def _hello(self) -> tuple[int, bytes]:
        reply = self.ehlo()
        return reply if reply[0] == 250 else self.helo()

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        """Opens the connection; smtplib has this for its own subclass with TLS."""
        sock = open_socket(self._attempt, host, port, checked=True)
        sock.settimeout(None)  # the one deadline ends it
        if self._request.server.security != "tls":
            return sock
        self._attempt.stage = Stage.SECURING
        secured = self._tls.wrap_socket(sock, server_hostname=host)
        self._attempt.stage = Stage.CONNECTING
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
            said = b"the server lets nobody sign in this way"
            raise _RefusedError(Step.SIGNING_IN, 502, said) from None

    def _address(self) -> list[_RefusedError]:
        """Names sender and recipients; gives the refusals where somebody is left."""
        self._expect(Step.SENDER, 250, self.mail(self._request.sender))
        refused = []
        for recipient in self._request.recipients:
            code, text = self.rcpt(recipient)
            if code not in (250, 251):
                refused.append(_RefusedError(Step.RECIPIENT, code, text))
        if len(refused) == len(self._request.recipients):
            # While one of them may be taken later, nothing is lost for good.
            later = (no for no in refused if isinstance(no.outcome, Retry))
            raise next(later, refused[0])
        return refused

    @staticmethod
    def _expect(step: Step, code: int, reply: tuple[int, bytes]) -> None:
        """Raises where the reply is another. One that is no refusal is none we know."""
        if reply[0] == code:
            return
        if reply[0] < 400:
            raise smtplib.SMTPException("no reply that is known")
        raise _RefusedError(step, *reply)


def _bytes(reply: bytes | str) -> bytes:
    return reply if isinstance(reply, bytes) else reply.encode()


def _stuffed(content: bytes) -> bytes:
    """Gives the lines as they are sent: one that begins with a dot gets another (RFC 5321,
    4.5.2)."""
    return re.sub(rb"(?m)^\.", b"..", content.removesuffix(b"\r\n"))


def _message_id(content: bytes) -> str | None:
    found = re.search(rb"(?im)^Message-ID:\s*(<[^>\s]+>)", content)
    return found[1].decode("ascii", errors="replace") if found else None


def _said_of(refused: list[_RefusedError], request: MimeRequest) -> str:
    if not refused:
        return ""
    first = refused[0].outcome.detail
    return f"Not taken for {len(refused)} of {len(request.recipients)} recipients ({first})."


def _broken_off(attempt: Attempt, host: str, error: OSError) -> Retry | Unknown:
    """Gives what an e-mail came to whose connection broke, by how far it had got."""
    if attempt.stage is Stage.SENT:
        if attempt.expired:
            return Unknown(Reason.DEADLINE, f"{host} took the message and did not answer in time.")
        return Unknown(Reason.NO_ANSWER, f"{host} took the message and gave no clear answer.")
    certificate = certificate_problem(error)
    if certificate is not None:
        return Retry(Reason.TLS, f"The certificate of {host} is not accepted: {certificate}.")
    return Retry(*_not_left(attempt.stage, host, error))


def _not_left(
    stage: Literal[Stage.CONNECTING, Stage.SECURING, Stage.WRITING], host: str, error: OSError
) -> tuple[Reason, str]:
    match stage:
        case Stage.CONNECTING if isinstance(error, smtplib.SMTPException):
            return Reason.CONNECT, f"{host} did not greet as a mail server does."
        case Stage.CONNECTING:
            return Reason.CONNECT, f"{host} {connect_problem(error)}."
        case Stage.SECURING:
            return Reason.TLS, f"{host} opened no secure connection."
        case Stage.WRITING:
            return Reason.WRITE, f"The connection to {host} broke before the message had left."
        case _:
            assert_never(stage)
