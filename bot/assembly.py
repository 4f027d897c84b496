"""The parts of a run, put together from a project, a clock and a ledger's address."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from bot import __version__
from bot.clock import Clock
from bot.delivery.courier import Courier, Listener
from bot.delivery.planner import recover
from bot.delivery.poster import LocalPlaces, Poster
from bot.delivery.rate_limits import RateLimits
from bot.engines.embedded import EmbeddedEngine
from bot.engines.engine import Engine
from bot.errors import LedgerError
from bot.event_log import log_recovered, log_settled
from bot.ledger.ledger import Ledger
from bot.ledger.lock import service_lock
from bot.opening import limits_of, open_ledger
from bot.project.load import Project
from bot.transport.dispatch import Transports
from bot.transport.hot_swap import ReplaceableTransport

if TYPE_CHECKING:
    from bot.cluster.shared_ledger import SharedLimits

_RECORD_FOR = timedelta(seconds=30)
"""How long a command that ends by itself offers an outcome to a ledger that cannot take it."""


class Role(StrEnum):
    """A machine's part in a cluster."""

    ALL = "all"
    PLANNER = "planner"
    WORKER = "worker"
    WEB = "web"

    @property
    def plans(self) -> bool:
        """Writes down what is due, looks after the queue, tells the operator."""
        return self in (Role.ALL, Role.PLANNER)

    @property
    def delivers(self) -> bool:
        return self in (Role.ALL, Role.WORKER)

    @property
    def shows(self) -> bool:
        """Has the page."""
        return self in (Role.ALL, Role.WEB)


@dataclass(frozen=True)
class Assembly:
    """A run on a ledger that this process owns, with what it takes to deliver.

    ``is_new``: nothing was ever planned on it. ``interrupted`` are the keys of what an earlier run
    left under way, settled by now. ``health_problem`` returns what does not get on with its
    work, in a sentence.
    """

    ledger: Ledger
    run: str
    courier: Courier
    engine: Engine
    is_new: bool
    interrupted: tuple[str, ...]
    transport: ReplaceableTransport
    health_problem: Callable[[], str | None] = lambda: None

    def use(self, project: Project, clock: Clock) -> None:
        """Have the network used as a changed configuration says; what is under way is untouched.
        Raises VigiliaError where its CA file is unusable."""
        network = project.settings.network
        # a CA file under the same name may hold others
        if network.ca_file or network != self.courier.project().settings.network:
            self.transport.replace(transport_for(project, rehearsal=clock.rehearsal))
        self.engine.use(project.settings.delivery.workers)


@contextmanager
def assembled(
    project: Project,
    clock: Clock,
    url: str,
    *,
    record_for: timedelta | None = _RECORD_FOR,
    listeners: tuple[Listener, ...] = (),
    role: Role | None = None,
) -> Iterator[Assembly]:
    """Take the ledger's lock, open it, recover what an earlier run left, and yield the parts.

    ``record_for`` None: until the engine is stopped. ``role`` None: all is done in this process,
    whatever engine the settings name. Raises LedgerError where the ledger cannot be used or another
    service runs on it.
    """
    root = project.places.root
    with service_lock(url, root):
        ledger = open_ledger(
            url,
            base=root,
            mode="rehearsal" if clock.rehearsal else "real",
            create=True,
            now=clock.now(),
        )
        transport = ReplaceableTransport(transport_for(project, rehearsal=clock.rehearsal))
        try:
            with ledger:
                is_new = not ledger.first_seen()
                run = ledger.begin_run(clock.now(), __version__)
                shared = limits_of(ledger)
                courier = Courier(
                    ledger=ledger,
                    project=lambda: project,
                    run=run,
                    clock=clock,
                    poster=Poster(
                        transport, LocalPlaces(ledger), shared or RateLimits(time.monotonic), clock
                    ),
                    listeners=(log_settled, *listeners),
                    record_for=record_for,
                    lease=project.settings.engine.lease,
                )
                engine = _engine(project, courier, url, shared, role)
                recovered = recover(ledger, project, run, clock)
                log_recovered(recovered)
                interrupted = tuple(row.key for row in recovered if not row.for_operator)
                yield Assembly(ledger, run, courier, engine, is_new, interrupted, transport)
        finally:
            transport.close()


def _engine(
    project: Project, courier: Courier, url: str, shared: SharedLimits | None, role: Role | None
) -> Engine:
    settings = project.settings
    workers, ledger, clock = settings.delivery.workers, courier.ledger, courier.clock
    if role is None or settings.engine.kind == "embedded":
        return EmbeddedEngine(ledger, courier, clock, workers=workers)
    if shared is None:
        raise LedgerError(
            'kind = "cluster" under [engine] needs a ledger that machines can share: write'
            " postgresql+psycopg://… as url under [ledger] in config/vigilia.toml."
        )
    try:
        from bot.cluster.engine import ClusterEngine  # noqa: PLC0415 - an extra's
    except ModuleNotFoundError:
        raise LedgerError(
            'kind = "cluster" under [engine] needs more than is installed here: pip install'
            " 'vigilia[cluster]'."
        ) from None
    return ClusterEngine(
        shared,
        courier,
        clock,
        url=url,
        works=role.delivers,
        tidies=role.plans,
        workers=workers,
        stalled_after=settings.engine.stalled_after,
    )


def transport_for(project: Project, *, rehearsal: bool = False) -> Transports:
    """Return a transport that follows ``[network]``. Raises VigiliaError where its CA file is
    unusable."""
    network = project.settings.network
    ca_file = project.places.root / network.ca_file if network.ca_file else None
    proxy = network.proxy.get_secret_value() if network.proxy else None
    proxies = {"http": proxy, "https": proxy} if proxy else None
    return Transports(network.trusted_hosts, rehearsal, ca_file, proxies)


@contextmanager
def poster_for(project: Project, ledger: Ledger | None, clock: Clock) -> Iterator[Poster]:
    """Yield what sends for a command that ends by itself, into the inbox of ``ledger`` too. Raises
    VigiliaError as :func:`transport_for` does."""
    with closing(transport_for(project, rehearsal=clock.rehearsal)) as transport:
        yield Poster(transport, LocalPlaces(ledger), RateLimits(time.monotonic), clock)
