"""Several machines on one ledger: a task queue wakes workers and spreads the work.

The ledger stays the authority: a job only says which deliveries to look at, so that one that runs
twice, or never, neither sends twice nor loses anything.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from concurrent.futures import Future
from contextlib import suppress
from datetime import timedelta
from typing import Any, TypeVar

import psycopg
from procrastinate import App
from procrastinate.exceptions import ProcrastinateException

from bot.clock import Clock
from bot.cluster.jobs import Job, for_new
from bot.cluster.queue import (
    QUEUE,
    TASK,
    DeliveryRetry,
    StillWaitingError,
    Upkeep,
    enqueue,
    make_tables,
    queue_app,
)
from bot.cluster.shared_ledger import SharedLimits
from bot.delivery.courier import Courier
from bot.engines.engine import hanging
from bot.engines.workers import fixed_workers
from bot.errors import LedgerError
from bot.ledger.rows import DeliveryRow
from bot.ledger.slots import Enqueue
from bot.logs import log
from bot.settings.models import Workers

_T = TypeVar("_T")

_POLL_S = 1.0
"""How often a worker looks for jobs that nobody announced: retries, and those of the future."""

_PULSE_S = 5.0
_TIDY_S = 2.0
_RECOVER_S = 5.0
_FORGET_S = 3600.0
_REST_S = 2.0
_LOST_AFTER_S = 60.0

_PATIENCE_S = 2.0
"""A turn at the rate limits that is further away is waited for in the queue, not by a worker."""

_OF_THE_DATABASE = (LedgerError, ProcrastinateException, psycopg.Error)


class ClusterEngine:
    """Work off the jobs of the task queue where it ``works``, and look after it where it
    ``tidies``, until it is stopped."""

    def __init__(
        self,
        limits: SharedLimits,
        courier: Courier,
        clock: Clock,
        *,
        url: str,
        works: bool,
        tidies: bool,
        workers: Workers = "auto",
        stalled_after: timedelta = timedelta(seconds=30),
    ) -> None:
        self._ledger = limits.ledger
        self._courier = courier
        self._clock = clock
        self._url = url
        self._limits = limits
        self._works = works
        self._tidies = tidies
        self._workers = fixed_workers(workers)
        self._stalled_after_s = stalled_after.total_seconds()
        self._stopping = threading.Event()
        self._begun = threading.Event()
        self._looked_at = time.monotonic()
        self._began: dict[int, float] = {}
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    @property
    def enqueue(self) -> Enqueue:
        """Put jobs into the queue, in the ledger's own transaction."""
        return for_new(self._put)

    def _put(self, raw: Any, jobs: Sequence[Job]) -> Sequence[int]:
        # the queue knows only real time
        return enqueue(
            raw, [Job(job.deliveries, self._clock.to_wall(job.at), job.reserved) for job in jobs]
        )

    def start(self) -> None:
        """Make the queue's tables where they are not there yet, and begin. Raises LedgerError."""
        self._ledger.with_driver(make_tables)
        self._looked_at = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="cluster", daemon=True)
        self._thread.start()
        self._begun.wait(_LOST_AFTER_S)

    def wake(self) -> None:
        """Do nothing: the database tells the workers."""

    def use(self, workers: Workers) -> None:
        """Have so many deliveries under way at once from the next connection on; "auto" is 8."""
        self._workers = fixed_workers(workers)

    @property
    def is_well(self) -> bool:
        """Whether it lives and has reached the database lately."""
        lives = self._thread is not None and self._thread.is_alive()
        return lives and time.monotonic() - self._looked_at < _LOST_AFTER_S

    @property
    def in_flight(self) -> int:
        """How many deliveries are under way here."""
        with self._lock:
            return len(self._began)

    def health_problem(self) -> str | None:
        """Return what does not get on with its work, in a sentence; None where all does."""
        if not self.is_well:
            return "The database has not been reached for a minute."
        now = time.monotonic()
        with self._lock:
            return hanging(now - min(self._began.values(), default=now))

    def stop(self, patience_s: float) -> int:
        """Take no new job, wait up to ``patience_s`` for what is under way, and return how many
        deliveries are still under way after that."""
        ends = time.monotonic() + patience_s
        self._stopping.set()
        self._courier.ending.set()
        if self._loop is not None and self._loop.is_running():
            self._loop.call_soon_threadsafe(self._enough.set)
        if self._thread is not None:
            self._thread.join(max(ends - time.monotonic(), 0.0))
        return self.in_flight

    def _run(self) -> None:
        asyncio.run(self._live())

    async def _live(self) -> None:
        """Connect, and connect again whenever the database was lost."""
        self._loop, self._enough = asyncio.get_running_loop(), asyncio.Event()
        self._begun.set()
        while not self._stopping.is_set():
            try:
                await self._connected()
            except Exception as error:  # noqa: BLE001 - the loop must outlive the database
                self._tell_lost(error)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._enough.wait(), _REST_S)

    def _tell_lost(self, error: Exception) -> None:
        sentence = f"The task queue cannot be used ({type(error).__name__}); trying again."
        log("queue-lost", sentence, level="error", exc_info=not isinstance(error, _OF_THE_DATABASE))

    async def _connected(self) -> None:
        app = queue_app(self._url, connections=4)
        app.task(name=TASK, retry=DeliveryRetry())(self._carry)
        async with app.open_async():
            # not cancelled from outside: a pool that is cancelled while it opens never closes
            pulse = self._every(_PULSE_S, self._pulse)
            works: list[Coroutine[Any, Any, Any]] = [self._enough.wait(), pulse]
            if self._works:
                works.append(self._work(app))
            if self._tidies:
                upkeep = Upkeep(
                    self._ledger, self._courier, self._clock, self._put, self._stalled_after_s
                )
                works.append(self._every(_TIDY_S, lambda: upkeep.tidy(app)))
                works.append(self._every(_RECOVER_S, upkeep.recover))
                works.append(self._every(_FORGET_S, upkeep.forget))
            tasks = [asyncio.create_task(work) for work in works]
            try:
                done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
            for task in done:
                task.result()

    async def _work(self, app: App) -> None:
        self._free = asyncio.Semaphore(self._workers)
        await app.run_worker_async(
            queues=[QUEUE],
            # Each job may wait for one slow receiver; what is under way is bounded by _free.
            concurrency=self._workers,
            fetch_job_polling_interval=_POLL_S,
            shutdown_graceful_timeout=self._stalled_after_s,
            delete_jobs="successful",
            install_signal_handlers=False,
            update_heartbeat_interval=self._stalled_after_s / 3,
            stalled_worker_timeout=self._stalled_after_s,
        )

    async def _carry(self, deliveries: list[int], reserved: bool) -> None:
        """A job: makes an attempt at each delivery that is due and free to go."""
        rows = await asyncio.to_thread(self._ledger.waiting, deliveries)
        now = self._clock.now()
        ready = [r for r in rows if r.next_attempt_at is not None and r.next_attempt_at <= now]
        waits = await asyncio.to_thread(self._turns, ready, reserved)
        here = [(row, wait) for row, wait in zip(ready, waits, strict=True) if wait <= _PATIENCE_S]
        later = [(row, wait) for row, wait in zip(ready, waits, strict=True) if wait > _PATIENCE_S]
        if later:
            after = self._clock.after
            jobs = [Job((r.id,), after(timedelta(seconds=wait)), True) for r, wait in later]
            await asyncio.to_thread(self._ledger.enqueue, jobs, self._put)
        attempts = [self._attempt(row, wait) for row, wait in here]
        ended = await asyncio.gather(*attempts, return_exceptions=True)
        if self._stopping.is_set():
            # what was not begun waits for another worker, which finds the job in a second
            raise StillWaitingError(self._clock.to_wall(now))
        for error in ended:
            if isinstance(error, BaseException):
                raise error
        here_still = set(deliveries) - {row.id for row, _ in later}
        rest = await asyncio.to_thread(self._ledger.waiting, list(here_still))
        again = [row.next_attempt_at for row in rest if row.next_attempt_at is not None]
        if again:
            raise StillWaitingError(self._clock.to_wall(min(again)))

    def _turns(self, rows: Sequence[DeliveryRow], reserved: bool) -> list[float]:
        """Return the seconds until the rate limits let each go."""
        rates = [self._courier.rates_of(row) for row in rows]
        if reserved and not any(self._limits.is_shut(keys) for keys in rates):
            return [0.0] * len(rows)
        return self._limits.reserve(rates)

    async def _attempt(self, row: DeliveryRow, wait: float) -> None:
        if wait > 0:
            await asyncio.sleep(wait)
        async with self._free:
            if not self._stopping.is_set():
                await _in_a_thread(lambda: self._deliver(row), f"delivery-{row.id}")

    def _deliver(self, row: DeliveryRow) -> None:
        with self._lock:
            self._began[row.id] = time.monotonic()
        try:
            self._courier.deliver(row)
        except Exception as error:
            ours = not isinstance(error, LedgerError)
            sentence = "A delivery met a defect." if ours else str(error)
            log("delivery-broke", sentence, level="error", key=row.key, exc_info=ours)
            raise
        finally:
            with self._lock:
                self._began.pop(row.id, None)

    async def _every(self, seconds: float, do: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await do()
            except _OF_THE_DATABASE as error:
                self._tell_lost(error)
            await asyncio.sleep(seconds)

    async def _pulse(self) -> None:
        await asyncio.to_thread(self._ledger.beat, self._courier.run)
        self._looked_at = time.monotonic()


async def _in_a_thread(work: Callable[[], _T], name: str) -> _T:
    """Do something in a daemon thread: one that hangs cannot keep the process from ending."""
    done: Future[_T] = Future()

    def run() -> None:
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001 - it is handed on, not swallowed
            done.set_exception(error)
        else:
            done.set_result(result)

    threading.Thread(target=run, name=name, daemon=True).start()
    return await asyncio.wrap_future(done)
