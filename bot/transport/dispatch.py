"""What is sent otherwise than as an HTTP request of ours, each kind by its own transport."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Protocol, assert_never

from bot.channels.outcome import Outcome, Reason, Rejected
from bot.channels.request import ApprisedRequest, MimeRequest

if TYPE_CHECKING:
    from bot.transport.apprise import AppriseTransport
    from bot.transport.smtp import SmtpTransport


class OtherTransport(Protocol):
    """Sends an e-mail, or a message through Apprise, and says what it came to."""

    def send(self, request: MimeRequest | ApprisedRequest) -> Outcome: ...


class OtherTransports:
    """Gives each kind to its transport, which is made when the first of it is sent. Thread-safe.

    The arguments as for :class:`bot.transport.http.HttpTransport`.
    """

    def __init__(
        self, trusted_hosts: Collection[str], rehearsal: bool, ca_file: Path | None = None
    ) -> None:
        self._trusted_hosts = trusted_hosts
        self._rehearsal = rehearsal
        self._ca_file = ca_file
        self._smtp: SmtpTransport | None = None
        self._lock = Lock()

    def send(self, request: MimeRequest | ApprisedRequest) -> Outcome:
        """Sends ``request`` once. Raises :class:`VigiliaError` where ``ca_file`` is unusable."""
        match request:
            case MimeRequest():
                return self._mail().send(request)
            case ApprisedRequest():
                return self._apprise.send(request)
            case _:
                assert_never(request)

    def close(self) -> None:
        """Lets go of what is kept. Called when the last request has been answered."""
        if self._smtp is not None:
            self._smtp.close()

    def _mail(self) -> SmtpTransport:
        from bot.transport.smtp import SmtpTransport  # noqa: PLC0415 - most groups send no e-mail

        with self._lock:
            if self._smtp is None:
                self._smtp = SmtpTransport(self._trusted_hosts, self._rehearsal, self._ca_file)
            return self._smtp

    @cached_property
    def _apprise(self) -> AppriseTransport:
        from bot.transport.apprise import AppriseTransport  # noqa: PLC0415 - nor through Apprise

        return AppriseTransport(self._trusted_hosts, self._rehearsal)


class NoOtherTransport:
    """For a courier that carries HTTP requests alone."""

    def send(self, request: MimeRequest | ApprisedRequest) -> Outcome:
        return Rejected(Reason.DEFECT, "Nothing here sends this kind of message.")
