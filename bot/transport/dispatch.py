"""One door for all that leaves this machine: each kind of request by its own transport."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Protocol, assert_never

from bot.channels.outcome import Outcome
from bot.channels.request import ApprisedRequest, HttpRequest, MimeRequest, RemoteRequest, Response


class Transport(Protocol):
    """Sends one request: the answer, or the outcome where there was none that could be read."""

    def send(self, request: RemoteRequest) -> Response | Outcome: ...


class Transports:
    """The transports of all kinds, behind one ``send``. Thread-safe.

    The arguments as for :class:`bot.transport.http.HttpTransport`. Raises :class:`VigiliaError`
    where ``ca_file`` is unusable.
    """

    def __init__(
        self,
        trusted_hosts: Collection[str],
        rehearsal: bool,
        ca_file: Path | None = None,
        proxies: Mapping[str, str] | None = None,
    ) -> None:
        # here, since most commands send nothing; and not at the first e-mail, since a machine that
        # has no descriptor left by then could not
        from bot.transport.apprise import AppriseTransport  # noqa: PLC0415
        from bot.transport.http import HttpTransport  # noqa: PLC0415
        from bot.transport.smtp import SmtpTransport  # noqa: PLC0415

        self._http = HttpTransport(trusted_hosts, rehearsal, ca_file, proxies)
        self._smtp = SmtpTransport(trusted_hosts, rehearsal, self._http.context)
        self._apprise = AppriseTransport(trusted_hosts, rehearsal)

    def send(self, request: RemoteRequest) -> Response | Outcome:
        """Send ``request`` once. Raises nothing."""
        match request:
            case HttpRequest():
                return self._http.send(request)
            case MimeRequest():
                return self._smtp.send(request)
            case ApprisedRequest():
                return self._apprise.send(request)
            case _:
                assert_never(request)

    def close(self) -> None:
        """Close all connections. Called when the last request has been answered."""
        self._http.close()
