"""What Prometheus is told: counted as deliveries settle, the rest read when it is asked for.

No channel and no posting is named, so that the numbers can be shown to anybody, and however many
channels there are, the series stay few.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric

from bot import __version__
from bot.clock import Clock, SystemClock
from bot.content.facts import stale_by
from bot.ledger.ledger import Ledger
from bot.ledger.rows import Settled, State
from bot.project.load import Project

# when each series began: twice the series, and nobody looks at them
disable_created_metrics()

_LATE_S = (1, 2, 5, 10, 30, 60, 300, 900, 3600, 6 * 3600, 12 * 3600, 36 * 3600)

_FINAL = (State.DELIVERED, State.FAILED, State.UNKNOWN)
"""What a delivery comes to by itself. What is tried again is counted when that is over."""

_QUEUE = (State.READY, State.SENDING, State.RETRYING, State.HELD)
_NEED_A_PERSON = (State.UNKNOWN, State.FAILED, State.MISSED)

LOOK_BACK = timedelta(days=30)
"""What went wrong longer ago is history, here as on the page."""

_MOST = 1_000_000


class Metrics:
    """The numbers of one run, in a registry of its own. ``heard`` is a listener of the courier."""

    def __init__(
        self,
        project: Callable[[], Project],
        ledger: Ledger,
        clock: Clock,
        health_problem: Callable[[], str | None],
    ) -> None:
        self._project = project
        self._ledger = ledger
        self._clock = clock
        self._health_problem = health_problem
        self._registry = CollectorRegistry(auto_describe=False)
        self._deliveries = Counter(
            "vigilia_deliveries",
            "Deliveries that came to an end, by platform and outcome.",
            ("platform", "outcome"),
            registry=self._registry,
        )
        self._attempts = Counter(
            "vigilia_attempts",
            "Attempts at a delivery, by platform and reason.",
            ("platform", "reason"),
            registry=self._registry,
        )
        self._late = Histogram(
            "vigilia_lateness_seconds",
            "From the due instant of a posting until it was delivered.",
            ("platform",),
            buckets=_LATE_S,
            registry=self._registry,
        )
        self._registry.register(self)

    def heard(self, settled: Settled) -> None:
        """Count an attempt at a posting, and a delivery where it came to its end."""
        if settled.delivery.for_operator:
            return
        platform = settled.platform or "none"
        self._attempts.labels(platform, settled.settlement.reason.value).inc()
        if settled.state in _FINAL:
            self._deliveries.labels(platform, settled.state.value).inc()
        if settled.state is State.DELIVERED:
            self._late.labels(platform).observe(max(settled.late.total_seconds(), 0.0))

    def text(self) -> bytes:
        """Return all of it in Prometheus' text format. Raises LedgerError."""
        # A series that begins at 0 shows its first failure; one that begins at 1 does not.
        for platform in {channel.platform.name for channel in self._project().channels.values()}:
            for state in _FINAL:
                self._deliveries.labels(platform, state.value)
            self._late.labels(platform)
        content: bytes = generate_latest(self._registry)
        return content

    def collect(self) -> Iterator[Metric]:
        """Yield what is read from ledger and plan. Called by the registry."""
        project, ledger, now = self._project(), self._ledger, self._clock.now()
        well = float(self._health_problem() is None)
        yield _gauge("vigilia_well", "1 while scheduler, ledger and workers get on.", well)
        yield self._states(
            "vigilia_queue_deliveries", "Deliveries that wait, or are under way.", _QUEUE
        )
        yield self._states(
            "vigilia_unsettled_deliveries",
            "Deliveries of the last 30 days that did not, or perhaps did not, arrive.",
            _NEED_A_PERSON,
        )
        due = project.plan.next_due(now)
        if due is not None:
            yield _gauge(
                "vigilia_next_due_timestamp_seconds",
                "When the next posting is due, in seconds since 1970.",
                due.timestamp(),
            )
        run = ledger.latest_run()
        if run is not None:
            age = (SystemClock().now() - run.beat_at).total_seconds()
            yield _gauge(
                "vigilia_heartbeat_age_seconds",
                "Since the planner last wrote down that it lives.",
                max(age, 0.0),
            )
        stale = stale_by(project.facts.values(), now.date())
        yield _gauge("vigilia_stale_facts", "Figures past the date of their review.", len(stale))
        yield _gauge(
            "vigilia_paused_channels",
            "Channels that are paused because their address is gone.",
            len(ledger.paused_channels()),
        )
        until = ledger.paused_until()
        yield _gauge(
            "vigilia_paused",
            "1 while a person holds everything back.",
            float(until is not None and until > now),
        )
        yield _gauge(
            "vigilia_config_broken",
            "1 while the files of the configuration, as they were changed, are not in force.",
            float(ledger.noted_config() is not None),
        )
        yield _gauge("vigilia_channels", "Channels of the configuration.", len(project.channels))
        info = GaugeMetricFamily("vigilia_build_info", "The version.", labels=("version",))
        info.add_metric((__version__,), 1)
        yield info

    def _states(self, name: str, description: str, states: tuple[State, ...]) -> Metric:
        family = GaugeMetricFamily(name, description, labels=("state",))
        since = self._clock.now() - LOOK_BACK
        for state in states:
            # answered by an index, however many were delivered
            family.add_metric((state.value,), self._ledger.count_since(state, since, _MOST))
        return family


def _gauge(name: str, description: str, value: float) -> Metric:
    return GaugeMetricFamily(name, description, value)
