"""Sends through Apprise what goes to a platform that Vigilia does not know itself.

One of the three modules that open an outgoing connection; here Apprise opens it. Apprise is held
back where it would do more than was asked: one place a call, no retries, no redirects (a POST that
follows one can count as a success), no files kept, and a deadline.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection
from datetime import timedelta
from typing import Any

from bot.channels.apprise import own_host, place_of
from bot.channels.apprised_answers import read_result
from bot.channels.outcome import Outcome, Reason, Rejected, Retry
from bot.channels.request import ApprisedRequest
from bot.transport.http import keep_addresses_out_of_logs
from bot.transport.resolving import (
    AddressRefusedError,
    NameNotResolvedError,
    Resolver,
    TrustedHosts,
    checked_addresses,
    lookup,
    refusal,
    system_addresses,
)


class AppriseTransport:
    """Sends through Apprise. Thread-safe.

    ``trusted_hosts`` as elsewhere. A rehearsal sends only to a server that the address names and
    that is among them: where a platform's own servers are is Apprise's knowledge, not ours.
    """

    def __init__(
        self,
        trusted_hosts: Collection[str],
        rehearsal: bool,
        *,
        deadline: timedelta = timedelta(seconds=30),
        resolver: Resolver = system_addresses,
    ) -> None:
        self._trusted = TrustedHosts(trusted_hosts)
        self._rehearsal = rehearsal
        self._deadline = deadline.total_seconds()
        self._resolver = resolver
        self._importing = threading.Lock()
        keep_addresses_out_of_logs()
        # Why something failed is in its log alone, at DEBUG too. Nobody else sees it: it holds
        # addresses and what was sent.
        said = logging.getLogger("apprise")
        said.setLevel(logging.DEBUG)
        said.propagate = False
        said.addHandler(logging.NullHandler())

    def send(self, request: ApprisedRequest) -> Outcome:
        """Sends ``request`` once, and gives what Apprise's result and log prove."""
        with self._importing:  # Apprise finds its platforms when it is first asked
            place = place_of(request.url)
        if place is None:
            said = "Apprise knows no such address."
            return Rejected(Reason.BAD_REQUEST, said)
        refused = self._refused(request.scheme, place)
        if refused is not None:
            return refused
        return self._sent(request)

    def _sent(self, request: ApprisedRequest) -> Outcome:
        from apprise import Apprise, AppriseAsset, NotifyFormat  # noqa: PLC0415 - two seconds

        asset = AppriseAsset(
            storage_mode="memory",
            service_timeout=self._deadline,
            allow_templates=False,
            http_redirects=False,
            app_id="Vigilia",
            app_desc="Vigilia",
        )
        apprise = Apprise(asset=asset)
        apprise.add(request.url)
        result = apprise.notify(
            body=request.body,
            title=request.title,
            body_format=NotifyFormat.MARKDOWN if request.markdown else NotifyFormat.TEXT,
            interpret_escapes=False,
            timeout=self._deadline,
            log_level=logging.DEBUG,
        )
        return read_result(result.status.name, _log_of(result))

    def _refused(self, scheme: str, place: Any) -> Rejected | Retry | None:
        """Gives why a place is not sent to. Apprise looks the name up once more for itself: between
        the two look-ups it could change, which nothing here can prevent."""
        host = own_host(place)
        port = int(place.port or (443 if place.secure else 80))
        if host is not None and self._trusted.covers(host, port):
            return None
        if self._rehearsal:
            where = f"{host}:{port}" if host is not None else f"what {scheme}:// reaches"
            return Rejected(
                Reason.NOT_IN_REHEARSAL,
                f"A rehearsal posts only to trusted hosts, and {where} is none.",
            )
        return None if host is None else self._address_refused(host, port, bool(place.secure))

    def _address_refused(self, host: str, port: int, secure: bool) -> Rejected | Retry | None:
        if not secure:
            said = refusal(host, port, "would be reached without encryption")
            return Rejected(Reason.ADDRESS_REFUSED, said)
        try:
            checked_addresses(lookup(self._resolver, host, port, self._deadline), host, port)
        except NameNotResolvedError as error:
            return Retry(Reason.DNS, str(error))
        except AddressRefusedError as error:
            return Rejected(Reason.ADDRESS_REFUSED, str(error))
        return None


def _log_of(result: Any) -> str:
    """Gives what Apprise wrote about the one attempt. It may hold addresses: it is read, and what
    is told of it has none."""
    entries = (
        entry for service in result for attempt in service.attempts for entry in attempt.logs
    )
    return "\n".join(str(entry.message) for entry in entries)
