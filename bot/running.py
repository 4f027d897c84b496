"""Putting the service together from a project, a clock and a ledger's address."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING

from bot import __version__
from bot.checking.texts import refuse_broken_texts
from bot.clock import Clock
from bot.delivery.courier import Courier, Listener
from bot.delivery.planner import recover, settle_left, write_down
from bot.delivery.poster import LocalPlaces, Poster
from bot.delivery.rate_limits import RateLimits
from bot.engines.embedded import EmbeddedEngine
from bot.engines.engine import Engine
from bot.errors import LedgerError
from bot.event_log import log_intake, log_recovered, log_settled
from bot.ledger.ledger import Ledger
from bot.ledger.lock import service_lock
from bot.ledger.rows import Settled, State
from bot.logs import log
from bot.opening import limits_of, open_ledger
from bot.oversight import memory
from bot.oversight.alerting import OperatorAlerts
from bot.oversight.heartbeat import Heartbeat
from bot.oversight.live import Broken, Hangups, LiveProject
from bot.project.load import Project
from bot.service import STOP_PATIENCE_S, Service
from bot.stopping import Stop
from bot.transport.dispatch import Transports
from bot.transport.hot_swap import ReplaceableTransport

if TYPE_CHECKING:
    from bot.cluster.shared_limits import SharedLimits

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
        """Has the network used as a changed configuration says; what is under way is untouched.
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
    """Takes the ledger's lock, opens it, recovers what an earlier run left, and yields the parts.

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
                        transport,
                        LocalPlaces(ledger),
                        shared or RateLimits(time.monotonic),
                        clock,
                    ),
                    listeners=(log_settled, *listeners),
                    record_for=record_for,
                    lease=project.settings.engine.lease,
                )
                engine = _engine(project, courier, url, shared, role)
                left = recover(ledger, project, run, clock)
                log_recovered(left)
                interrupted = tuple(row.key for row in left if not row.for_operator)
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
        from bot.cluster.engine import ClusterEngine, Duties  # noqa: PLC0415 - an extra's
    except ModuleNotFoundError:
        raise LedgerError(
            'kind = "cluster" under [engine] needs more than is installed here: pip install'
            " 'vigilia[cluster]'."
        ) from None
    return ClusterEngine(
        shared.ledger,
        courier,
        clock,
        url=url,
        limits=shared,
        duties=Duties(works=role.delivers, tidies=role.plans),
        workers=workers,
        stalled_after=settings.engine.stalled_after,
    )


Beside = Callable[[Assembly], AbstractContextManager[None]]


def run_service(
    project: Project,
    clock: Clock,
    url: str,
    *,
    stop: Stop,
    since: datetime | None = None,
    beside: Beside = lambda _parts: nullcontext(),
    asked: Hangups | None = None,
    role: Role = Role.ALL,
) -> None:
    """Runs until ``stop`` is asked for. Raises ConfigError or LedgerError before anything is
    posted. ``beside`` is what runs beside the service and ends after it: the page. ``asked`` has
    the configuration read anew, as a changed file does. ``role`` is this machine's part."""
    memory.share_arenas()
    refuse_broken_texts(project, clock.now().year)
    if stop.requested:
        return
    with assembled(project, clock, url, record_for=None, role=role) as parts:
        live = LiveProject(project, clock, accept=lambda new: parts.use(new, clock), hangups=asked)
        parts.courier.project = live
        service = Service(
            ledger=parts.ledger,
            run=parts.run,
            clock=clock,
            engine=parts.engine,
            project=live,
            since=since if parts.is_new else None,
            plans=role.plans,
        )
        page = beside(replace(parts, health_problem=service.health_problem))
        with page, overseen(parts, service, live, clock, plans=role.plans):
            _greet(project, clock, role)
            if since and not parts.is_new:
                log("since-ignored", _SINCE_IGNORED, level="warning")
            service.run(stop)


_OVERSIGHT_PATIENCE_S = 0.5


@contextmanager
def overseen(
    parts: Assembly, service: Service, live: LiveProject, clock: Clock, *, plans: bool = True
) -> Iterator[None]:
    """Watches over a service while the block runs: its configuration, its operator, its sign of
    life, its memory. Each in a thread of its own, which is a daemon: none keeps the process."""
    alerts = OperatorAlerts(parts.ledger, live, clock, broken=lambda: live.broken)
    heartbeat = Heartbeat(live, parts.courier.poster, service.health_problem)
    live.changed = service.look_again
    live.reloaded = partial(_note_config, parts.ledger)
    live.reloaded(None)
    ended = threading.Event()
    threads = [
        threading.Thread(target=watch, args=(ended,), name=name, daemon=True)
        for name, watch in (
            ("config", live.watch),
            ("memory", memory.watch),
            # whoever plans knows what there is to tell
            *((("operator", alerts.watch), ("heartbeat", heartbeat.watch)) if plans else ()),
        )
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        live.nudge()
        for thread in threads:
            thread.join(_OVERSIGHT_PATIENCE_S)


def _note_config(ledger: Ledger, broken: Broken | None) -> None:
    """Notes for `health` whether the files of the configuration are in force."""
    try:
        ledger.note_config(broken.since if broken else None, broken.problems if broken else ())
    except LedgerError as error:
        log("not-recorded", str(error), level="error")


_SINCE_IGNORED = (
    "`--since` holds for a new ledger only, and this one has been used; it was not looked at."
)


@dataclass(frozen=True)
class OnceReport:
    """What ``run --once`` did, in sentences, and whether all of it went well."""

    sentences: tuple[str, ...]
    all_well: bool


def run_once(
    project: Project,
    clock: Clock,
    url: str,
    *,
    stop: Stop,
    since: datetime | None = None,
) -> OnceReport:
    """Posts what is due and ends, earlier where ``stop`` is asked for. A new ledger posts nothing
    and says so, unless ``since``. Raises ConfigError, and LedgerError too where an outcome could
    not be recorded."""
    refuse_broken_texts(project, clock.now().year)
    tried: list[str] = []

    def note(settled: Settled) -> None:
        if not settled.delivery.for_operator:
            tried.append(settled.claim.key)

    with assembled(project, clock, url, listeners=(note,)) as parts:
        assert isinstance(parts.engine, EmbeddedEngine)
        found = write_down(
            parts.ledger, project, clock.now(), since=since if parts.is_new else None
        )
        log_intake(found)
        parts.ledger.alive(parts.run, clock.now())
        parts.engine.drain(lambda: stop.requested)
        parts.engine.stop(STOP_PATIENCE_S)
        settle_left(parts.ledger, project, parts.run, clock)
        parts.ledger.end_run(parts.run, clock.now())
        ended = [row.key for row in found.ended if not row.for_operator]
        keys = (*parts.interrupted, *found.inserted, *ended, *tried)
        rows = parts.ledger.deliveries(tuple(dict.fromkeys(keys)))
        counts = parts.ledger.counts()
    sentences = [f"{row.key}: {row.state.value}" for row in rows]
    if since and not parts.is_new:
        sentences.append(_SINCE_IGNORED)
    if parts.is_new and since is None:
        sentences.append(
            "The ledger is new: what was due before now is not posted. From now on each run posts "
            "what became due since the last one. (`--since INSTANT` would have looked back.)"
        )
    elif not rows:
        sentences.append("Nothing new is due.")
    if waiting := counts[State.RETRYING]:
        sentences.append(f"{waiting} will be tried again by a later run.")
    bad = (State.FAILED, State.UNKNOWN, State.MISSED)
    return OnceReport(tuple(sentences), not any(row.state in bad for row in rows))


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


def _greet(project: Project, clock: Clock, role: Role) -> None:
    due = project.plan.next_due(clock.now())
    names = ", ".join(project.channels)
    log(
        "started",
        f"Vigilia {__version__} watches over {len(project.days.calendar)} days for "
        f"{len(project.channels)} channel(s): {names[:200]}.",
        pid=os.getpid(),
        python=sys.version.split()[0],
        rehearsal=clock.rehearsal,
        role=role.value,
        next_due_at=str(due),
    )
    for warning in project.warnings:
        log(warning.code, str(warning), level="warning")
