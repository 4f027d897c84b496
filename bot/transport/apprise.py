"""Sends through Apprise what goes to a platform that Vigilia does not know itself.

Apprise opens the connections here. It is held back where it would do more than was asked: one place
a call, no retries, no redirects (a POST that follows one can count as a success), no files kept,
and a deadline.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection
from datetime import timedelta
from typing import Any

from bot.channels.answers import read_result
from bot.channels.apprise_places import own_host, place_of
from bot.channels.outcome import Outcome, Reason, Rejected
from bot.channels.request import ApprisedRequest
from bot.transport.http import keep_addresses_out_of_logs
from bot.transport.progress import Progress, Stage, judge, under_way
from bot.transport.resolving import Resolver, Route, TrustedHosts, system_addresses


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
        self._route = Route(TrustedHosts(trusted_hosts), rehearsal, resolver)
        self._deadline_s = deadline.total_seconds()
        self._importing = threading.Lock()
        keep_addresses_out_of_logs()
        # Why something failed is in its log alone, at DEBUG too. Nobody else sees it: it holds
        # addresses and what was sent.
        logger = logging.getLogger("apprise")
        logger.setLevel(logging.DEBUG)
        logger.propagate = False
        logger.addHandler(logging.NullHandler())

    def send(self, request: ApprisedRequest) -> Outcome:
        """Send ``request`` once, and return what Apprise's result and log prove. Raises nothing.

        Whatever goes wrong inside of Apprise is in doubt: it says nothing of how far it got, and
        what it found no thread for stays in its queue.
        """
        with under_way(self._route, self._deadline_s, "message") as progress:
            try:
                return self._judged(request, progress)
            except Exception as error:  # noqa: BLE001 - what never left must not be in doubt
                return judge(error, progress, (request.url,))

    def _judged(self, request: ApprisedRequest, progress: Progress) -> Outcome:
        with self._importing:  # Apprise finds its platforms when it is first asked
            place = place_of(request.url)
        if place is None:
            return Rejected(Reason.BAD_REQUEST, "Apprise knows no such address.")
        refused = self._refused(request.scheme, place, progress)
        if refused is not None:
            return refused
        return self._sent(request, progress)

    def _sent(self, request: ApprisedRequest, progress: Progress) -> Outcome:
        from apprise import Apprise, AppriseAsset, NotifyFormat  # noqa: PLC0415 - two seconds

        asset = AppriseAsset(
            storage_mode="memory",
            service_timeout=self._deadline_s,
            allow_templates=False,
            http_redirects=False,
            app_id="Vigilia",
            app_desc="Vigilia",
        )
        apprise = Apprise(asset=asset)
        apprise.add(request.url)
        progress.stage = Stage.SENT  # as far as anybody can tell
        result = apprise.notify(
            body=request.body,
            title=request.title,
            body_format=NotifyFormat.TEXT,
            interpret_escapes=False,
            timeout=self._deadline_s,
            log_level=logging.DEBUG,
        )
        return read_result(result.status.name, _log_of(result))

    def _refused(self, scheme: str, place: Any, progress: Progress) -> Rejected | None:
        """Return why a place is not sent to. Apprise looks the name up once more for itself:
        between the two look-ups it could change, which nothing here can prevent."""
        host = own_host(place)
        if host is None:
            if not self._route.rehearsal:
                return None
            return Rejected(
                Reason.NOT_IN_REHEARSAL,
                f"A rehearsal posts only to trusted hosts, and what {scheme}:// reaches is none.",
            )
        progress.host = host
        port = int(place.port or (443 if place.secure else 80))
        refused = self._route.refused(host, port, secure=bool(place.secure))
        if refused is None and not self._route.trusted.covers(host, port):
            self._route.addresses(host, port, progress.left_s)
        return refused


def _log_of(result: Any) -> str:
    """Return what Apprise wrote about the one attempt. It may hold addresses: it is read, and what
    is told of it has none."""
    entries = (
        entry for service in result for attempt in service.attempts for entry in attempt.logs
    )
    return "\n".join(str(entry.message) for entry in entries)
