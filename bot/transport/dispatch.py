"""One door for all that leaves this machine: each kind of request by its own transport."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Protocol, assert_never

from bot.channels.outcome import Outcome
from bot.channels.request import ApprisedRequest, HttpRequest, MimeRequest, RemoteRequest, Response

if TYPE_CHECKING:
    from bot.transport.apprise import AppriseTransport
    from bot.transport.http import HttpTransport
    from bot.transport.smtp import SmtpTransport


class Transport(Protocol):
    """Sends one request: the answer, or the outcome where there was none that could be read."""

    def send(self, request: RemoteRequest) -> Response | Outcome: ...


class Transports:
    """Give each kind of request to its transport. Thread-safe.

    The arguments as for :class:`bot.transport.http.HttpTransport`. Those for e-mail and Apprise are
    made when the first of it is sent. Raises :class:`VigiliaError` where ``ca_file`` is unusable.
    """

    def __init__(
        self,
        trusted_hosts: Collection[str],
        rehearsal: bool,
        ca_file: Path | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> None:
        from bot.transport.http import HttpTransport  # noqa: PLC0415 - most commands send nothing

        self._trusted_hosts = trusted_hosts
        self._rehearsal = rehearsal
        self._ca_file = ca_file
        self._http: HttpTransport = HttpTransport(trusted_hosts, rehearsal, ca_file, proxies)
        self._smtp: SmtpTransport | None = None
        self._lock = Lock()

    def send(self, request: RemoteRequest) -> Response | Outcome:
        """Send ``request`` once."""
        match request:
            case HttpRequest():
                return self._http.send(request)
            case MimeRequest():
                return self._mail().send(request)
            case ApprisedRequest():
                return self._apprise.send(request)
            case _:
                assert_never(request)

    def close(self) -> None:
        """Close all connections. Called when the last request has been answered."""
        self._http.close()
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
