"""Planner, ledger and courier of this process, under a clock that a test sets; a real receiver."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime

from bot.clock import SettableClock
from bot.delivery.courier import Courier
from bot.delivery.planner import Intake, write_down
from bot.delivery.poster import LocalPlaces, Poster
from bot.delivery.rate_limits import RateLimits
from bot.event_log import log_settled
from bot.ledger.ledger import Ledger
from bot.ledger.rows import DeliveryRow
from bot.project.load import Project
from bot.transport.dispatch import Transports
from tests.service.installation import Installation


@dataclass
class Stepping:
    """A service taken apart: each of its steps is the test's own."""

    ledger: Ledger
    courier: Courier
    clock: SettableClock
    project: Project

    def wake(self, at: datetime | None = None) -> Intake:
        """Plans as a wake does, at that instant, and delivers all that is due."""
        if at is not None:
            self.clock.set(at)
        now = self.clock.now()
        found = write_down(self.ledger, self.project, now)
        self.ledger.alive(self.courier.run, now)
        for row in self.ledger.due(now, 100):
            self.courier.deliver(row)
        return found

    def row(self, channel: str = "site", observance: str | None = None) -> DeliveryRow:
        """Gives the one delivery of a channel, of that observance."""
        (found,) = self.ledger.history(channel=channel, observance=observance)
        return found


@contextmanager
def stepping(installed: Installation, now: datetime) -> Iterator[Stepping]:
    """Opens the ledger as a service does at an instant, and closes it."""
    clock = SettableClock(now)
    project = installed.project()
    trusted = project.settings.network.trusted_hosts
    with (
        installed.open(create=True, now=now) as ledger,
        closing(Transports(trusted, rehearsal=False)) as transport,
    ):
        run = ledger.begin_run(now, "0.1.0")
        # none of the platforms' limits: a clock that is set does not pass while one waits
        limits = RateLimits(lambda: 0.0)
        steps: Stepping
        courier = Courier(
            ledger,
            lambda: steps.project,
            run,
            clock,
            Poster(transport, LocalPlaces(ledger), limits, clock),
            listeners=(log_settled,),
            chance=lambda: 0.5,
        )
        steps = Stepping(ledger, courier, clock, project)
        yield steps
        ledger.end_run(run, clock.now())
