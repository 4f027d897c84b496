"""Running: the service with all that is beside it, and one run that posts what is due and ends."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from bot import __version__
from bot.assembly import Assembly, Role, assembled
from bot.checking.texts import refuse_broken_texts
from bot.clock import Clock
from bot.delivery.planner import settle_rest, write_down
from bot.engines.embedded import EmbeddedEngine
from bot.errors import LedgerError
from bot.event_log import log_intake
from bot.ledger.ledger import Ledger
from bot.ledger.rows import Settled, State
from bot.logs import log
from bot.oversight import memory
from bot.oversight.alerting import OperatorAlerts
from bot.oversight.heartbeat import Heartbeat
from bot.oversight.live import Broken, Hangups, LiveProject
from bot.project.load import Project
from bot.service import STOP_PATIENCE_S, Service
from bot.stopping import Stop

OpenPage = Callable[[Assembly], AbstractContextManager[None]]


def run_service(
    project: Project,
    clock: Clock,
    url: str,
    *,
    stop: Stop,
    since: datetime | None = None,
    open_page: OpenPage = lambda _parts: nullcontext(),
    hangups: Hangups | None = None,
    role: Role = Role.ALL,
) -> None:
    """Run until ``stop`` is asked for. Raises ConfigError or LedgerError before anything is
    posted. ``open_page`` opens the page, which ends after the service. ``hangups`` has
    the configuration read anew, as a changed file does. ``role`` is this machine's part."""
    memory.share_arenas()
    refuse_broken_texts(project, clock.now().year)
    if stop.requested:
        return
    with assembled(project, clock, url, record_for=None, role=role) as parts:
        live = LiveProject(
            project, clock, accept=lambda new: parts.use(new, clock), hangups=hangups
        )
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
        page = open_page(replace(parts, health_problem=service.health_problem))
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
    """Watch over a service while the block runs: its configuration, its operator, its sign of
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
    """Note for `health` whether the files of the configuration are in force."""
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
    project: Project, clock: Clock, url: str, *, stop: Stop, since: datetime | None = None
) -> OnceReport:
    """Post what is due and end, earlier where ``stop`` is asked for. A new ledger posts nothing
    and the report says so, unless ``since``. Raises ConfigError, and LedgerError too where an
    outcome could not be recorded."""
    refuse_broken_texts(project, clock.now().year)
    tried: list[str] = []

    def note(settled: Settled) -> None:
        if not settled.delivery.for_operator:
            tried.append(settled.claim.key)

    with assembled(project, clock, url, listeners=(note,)) as parts:
        assert isinstance(parts.engine, EmbeddedEngine)
        since_then = since if parts.is_new else None
        intake = write_down(parts.ledger, project, clock.now(), since=since_then)
        log_intake(intake)
        parts.ledger.alive(parts.run, clock.now())
        parts.engine.drain(lambda: stop.requested)
        parts.engine.stop(STOP_PATIENCE_S)
        settle_rest(parts.ledger, project, parts.run, clock)
        parts.ledger.end_run(parts.run, clock.now())
        ended = (row.key for row in intake.ended if not row.for_operator)
        keys = dict.fromkeys([*parts.interrupted, *intake.inserted, *ended, *tried])
        rows = parts.ledger.deliveries(tuple(keys))
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
