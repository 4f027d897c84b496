"""The background service: APScheduler as the alarm clock, the planner's wake, the engine, the end.

On time, late after a crash and after a suspended laptop are the same path: :meth:`Service.wake`.
What falls due next is made ready by the wake before, so that on time is within milliseconds.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from bot.clock import Clock
from bot.delivery.planner import Intake, insert_due, recover, settle_rest, write_down
from bot.delivery.prefetch import Prepared, practise, prepare
from bot.engines.engine import Engine
from bot.errors import LedgerError
from bot.event_log import log_intake, log_recovered
from bot.ledger.ledger import Ledger
from bot.logs import log
from bot.project.load import Project
from bot.stopping import Stop

_LONGEST_SLEEP = timedelta(seconds=30)
_SHORTEST_SLEEP = timedelta(milliseconds=50)
_REST = timedelta(seconds=15)
"""So long before a due instant no alarm rings, so that what the one before has the planner prepare
is ready by then."""

_GIVES_WAY_S = 0.05
"""How long the planner rests when it has written a portion down. The workers share interpreter and
ledger with it: without the rest the first request would leave when the last posting is written."""

_AGAIN = timedelta(seconds=5)
"""When the planner is woken again after the ledger failed."""

_LOST_AFTER_S = 90.0
"""A planner that has not succeeded for so long is in trouble: it is woken every 30 s at least."""

_JUMP_S = 2.0
_JOB = "wake"

STOP_PATIENCE_S = 7.0
"""How long what is in flight may take to finish at the end; the rest of the 10 s is for
recording."""


class AlarmTrigger(BaseTrigger):  # type: ignore[misc]
    """When the scheduler next wakes the planner: at the plan's next due instant, or in 30 seconds,
    or somewhat sooner where that would be just before the instant.

    It reads memory only, never raises and never returns None: a raising trigger would end the
    scheduler's thread, None would remove the job, and an instant that has passed would make it
    spin.
    """

    def __init__(self, clock: Clock, next_due: Callable[[datetime], datetime | None]) -> None:
        self._clock = clock
        self._next_due = next_due

    def get_next_fire_time(
        self, _previous: datetime | None, now: datetime, *_more: Any
    ) -> datetime:
        wall_now = max(now, datetime.now(UTC))
        latest = wall_now + _LONGEST_SLEEP
        try:
            due = self._next_due(self._clock.now())
            wall = latest if due is None else self._clock.to_wall(due)
        except Exception as error:  # noqa: BLE001 - a raising trigger ends the scheduler for good
            log("alarm-failed", f"The next due instant could not be told: {error}", level="error")
            return latest
        rings = wall if wall <= latest else min(latest, wall - _REST)
        return max(rings, wall_now + _SHORTEST_SLEEP)


class Service:
    """One running Vigilia: made with everything it needs, run until it is told to stop.

    ``plans`` False: other machines write down what is due.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        run: str,
        clock: Clock,
        engine: Engine,
        project: Callable[[], Project],
        since: datetime | None = None,
        plans: bool = True,
    ) -> None:
        self._plans = plans
        self._ledger = ledger
        self._run = run
        self._clock = clock
        self._engine = engine
        self._project = project
        self._since = since
        self._ended = threading.Event()
        self._wake_lock = threading.Lock()
        self._prepared: Prepared | None = None
        self._woke_at = time.monotonic()
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(1)},
            # Two: an alarm that rings while the planner is still busy waits for its turn.
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 2},
        )

    def run(self, stop: Stop) -> None:
        """Run until ``stop`` is asked for."""
        # Taken before the first look at the clock: a jump between the two is noticed too.
        offset = time.time() - time.monotonic()
        self._engine.start()
        if not self._plans:
            stop.wait()
            self._end()
            return
        # Running before the first wake has ended: that takes its time, and an instant in it counts.
        self._scheduler.add_job(self.wake, AlarmTrigger(self._clock, self._next_due), id=_JOB)
        self._scheduler.start()
        self.wake()
        threading.Thread(target=self._watch, args=(offset,), name="watchdog", daemon=True).start()
        try:
            stop.wait()
        finally:
            self._end()

    def wake(self) -> None:
        """Write down what is due, wake the engine, and prepare what falls due next. An error of
        the ledger is told, and the next wake tries again."""
        with self._wake_lock:
            try:
                intake = self._write_down(self._project(), self._clock.now())
            except Exception as error:  # noqa: BLE001 - the alarm clock must outlive a full disk
                log("wake-failed", f"What is due could not be written down: {error}", level="error")
                self._ring(_AGAIN)
                return
            self._woke_at = time.monotonic()
            log_intake(intake)
            self._engine.wake()
            self._prepare()

    def _write_down(self, project: Project, now: datetime) -> Intake:
        """Write down what was prepared, and then look for all that is due: what came up since,
        and what nothing was prepared of."""
        enqueue = self._engine.enqueue
        prepared, self._prepared = self._prepared, None
        if prepared is not None and (due := prepared.due(project, now)):
            log_intake(
                insert_due(self._ledger, project, due, now, enqueue=enqueue, written=self._give_way)
            )
        if self._ledger.shared:
            # other machines may be lost while this one lives
            log_recovered(recover(self._ledger, project, self._run, self._clock))
        intake = write_down(
            self._ledger, project, now, since=self._since, enqueue=enqueue, written=self._give_way
        )
        self._since = None
        if self._engine.is_well:
            self._ledger.alive(self._run, now)
        else:
            log("engine-lost", "Nothing is delivered any more: restart it.", level="error")
        return intake

    def _give_way(self) -> None:
        """Have the engine send what is written so far, before the planner goes on."""
        self._engine.wake()
        if self._engine.enqueue is None:
            self._ended.wait(_GIVES_WAY_S)

    def _prepare(self) -> None:
        """Make ready what falls due before the alarm rings once more. What goes wrong costs time
        at the instant, and nothing else."""
        try:
            until = self._clock.after(_LONGEST_SLEEP)
            self._prepared = prepare(self._ledger, self._project(), self._clock.now(), until)
            if self._prepared is not None:
                practise(self._prepared)
        except Exception as error:  # noqa: BLE001 - the alarm clock must outlive a full disk
            sentence = f"What is due next could not be prepared: {error}"
            log("prepare-failed", sentence, level="warning")

    def look_again(self) -> None:
        """Have the planner look at once, in its own thread."""
        if self._plans:
            self._ring(timedelta())

    def health_problem(self) -> str | None:
        """Return what does not get on with its work, in a sentence; None where all does. A planner
        that has written down what is due, and that it lives, proves alarm clock and ledger."""
        asleep = time.monotonic() - self._woke_at
        if self._plans and asleep > _LOST_AFTER_S:
            return f"The planner has written nothing into the ledger for {asleep:.0f} s."
        return self._engine.health_problem()

    def _next_due(self, after: datetime) -> datetime | None:
        return self._project().plan.next_due(after)

    def _watch(self, offset: float) -> None:
        """Wake the planner when the wall clock was set, or the machine had slept. ``offset`` is
        between wall and monotonic clock, in seconds."""
        while not self._ended.wait(1.0):
            moved = time.time() - time.monotonic() - offset
            if abs(moved) > _JUMP_S:
                offset += moved
                log("clock-jumped", f"The clock moved by {moved:.0f} s; looking again.")
                self._ring(timedelta())

    def _ring(self, later: timedelta) -> None:
        with suppress(JobLookupError):  # the scheduler does not run yet, or not any more
            self._scheduler.modify_job(_JOB, next_run_time=datetime.now(UTC) + later)

    def _end(self) -> None:
        log("stopping", "Stopping: what is under way may finish.", in_flight=self._engine.in_flight)
        self._ended.set()
        if self._plans:
            self._scheduler.shutdown(wait=False)
        self._engine.stop(STOP_PATIENCE_S)
        unknown = 0
        try:
            unknown = settle_rest(self._ledger, self._project(), self._run, self._clock)
            self._ledger.end_run(self._run, self._clock.now())
        except LedgerError as error:
            log("end-failed", str(error), level="error")
        log("stopped", "Stopped.", left_unknown=unknown)
