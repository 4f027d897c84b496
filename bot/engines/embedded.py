"""Threads in this process: one dispatcher writes into the ledger, a pool of them posts.

The dispatcher claims what is due and records what came of it, many in one transaction, so that the
disk is waited for once for all of them. No more is claimed than can leave at once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from functools import partial

from bot.channels.outcome import Reason, Retry
from bot.clock import Clock
from bot.delivery.courier import Begun, Carried, Courier
from bot.engines.due_queue import DueQueue
from bot.engines.engine import hanging
from bot.engines.thread_pool import ThreadPool
from bot.engines.workers import Latency, workers_for
from bot.errors import LedgerError
from bot.ledger.ledger import Ledger
from bot.logs import log
from bot.settings.models import Workers

_SHORTEST_S = 0.02

_REST_S = 5.0
"""How long nothing is claimed after the ledger failed: it would fail again at once."""

_GROW_S = 0.002

_GATHER_S = 0.05
"""The longest that an outcome waits for others to be recorded with."""

_RECORD_AGAIN_S = 1.0

_LOST_AFTER_S = 60.0


class EmbeddedEngine:
    """Delivers what the ledger says is due, until it is stopped.

    ``wake`` makes the dispatcher look at once; otherwise it looks when the next attempt is due,
    and at least every two seconds.
    """

    def __init__(
        self, ledger: Ledger, courier: Courier, clock: Clock, *, workers: Workers = "auto"
    ) -> None:
        self._courier = courier
        self._workers = workers
        self._latency = Latency()
        self._queue = DueQueue(ledger, clock, courier.ready_in)
        self._pool = ThreadPool("delivery")
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._started: dict[int, float] = {}
        self._returned: list[Carried] = []
        """What came back and is not recorded yet."""
        self._looked_at = time.monotonic()
        self._refused_since: float | None = None
        self._records_again_at = 0.0
        self._rests_until = 0.0
        self._failure: Exception | None = None
        self._dispatcher: threading.Thread | None = None

    @property
    def enqueue(self) -> None:
        """None: the dispatcher looks into the ledger by itself."""
        return None

    def start(self) -> None:
        """Begin to deliver, in the background."""
        self._looked_at = time.monotonic()
        self._dispatcher = threading.Thread(target=self._dispatch, name="dispatcher", daemon=True)
        self._dispatcher.start()

    def wake(self) -> None:
        """Have the dispatcher look at once."""
        self._queue.is_outdated = True
        self._woken.set()

    @property
    def is_well(self) -> bool:
        """Whether the dispatcher lives and has looked at the ledger lately."""
        dispatcher = self._dispatcher
        lives = dispatcher is not None and dispatcher.is_alive()
        return lives and time.monotonic() - self._looked_at < _LOST_AFTER_S

    @property
    def in_flight(self) -> int:
        """How many deliveries are under way."""
        with self._lock:
            return len(self._started)

    @property
    def limit(self) -> int:
        """How many deliveries may be under way at once, now."""
        if self._workers != "auto":
            return self._workers
        return workers_for(self._queue.backlog, self._latency_s)

    @property
    def _latency_s(self) -> float:
        with self._lock:
            return self._latency.at(time.monotonic())

    def use(self, workers: Workers) -> None:
        """Have so many deliveries under way at once from now on."""
        self._workers = workers
        self._woken.set()

    def health_problem(self) -> str | None:
        """Return what does not get on with its work, in a sentence; None where all does."""
        if not self.is_well:
            return "The workers have not looked for what is due for a minute."
        now = time.monotonic()
        with self._lock:
            return hanging(now - min(self._started.values(), default=now))

    def stop(self, patience_s: float) -> int:
        """Take nothing new, wait up to ``patience_s`` for what is under way, and return how many
        deliveries are still under way after that."""
        ends = time.monotonic() + patience_s
        self._stopping.set()
        self._courier.ending.set()
        self._woken.set()
        if self._dispatcher is not None:
            self._dispatcher.join(max(ends - time.monotonic(), 0.0))
        else:
            self._finish(ends)
        return self.in_flight

    def drain(self, enough: Callable[[], bool] = lambda: False) -> None:
        """Deliver, in the calling thread's time, all that is due now, or until ``enough`` returns
        True; what becomes due later stays. Raises what a delivery met that could not be recorded.
        """
        while not enough() and self._failure is None:
            pause = self._round()
            if self.in_flight == 0 and not self._queue.has_due():
                break
            self._wait(min(pause, 0.5))
        if self._failure is not None:
            raise self._failure

    def _dispatch(self) -> None:
        while not self._stopping.is_set():
            try:
                pause = self._round()
            except Exception as error:  # noqa: BLE001 - the loop must outlive a full or locked disk
                sentence = f"What is due could not be handed over: {error}"
                log("dispatch-failed", sentence, level="error", exc_info=_unforeseen(error))
                self._rests_until = time.monotonic() + _REST_S
                pause = _SHORTEST_S
            self._wait(pause)
        self._finish(float("inf"))

    def _wait(self, pause_s: float) -> None:
        """Wait for something to record or to hand over. As long as the pool has work waiting, what
        comes back is left to gather; and for a 20th of what an answer takes, as the answers of slow
        servers come one by one, and each would have two commits to itself."""
        ends = time.monotonic() + min(pause_s, _GATHER_S)
        while (waits := self._pool.has_waiting) and time.monotonic() < ends:
            time.sleep(_GROW_S)
            self._pool.grow()
        if self._woken.wait(_SHORTEST_S if waits else pause_s) and self.in_flight:
            time.sleep(min(self._latency_s / 20, _GATHER_S))
        self._woken.clear()

    def _finish(self, ends: float) -> None:
        """Record what comes back, until nothing is under way any more."""
        while self.in_flight and time.monotonic() < ends:
            self._record()
            self._wait(_SHORTEST_S)

    def _round(self) -> float:
        """Record what came back, and hand over what is due and free to go. Return the seconds until
        there may be more. Raises LedgerError where nothing could be claimed."""
        self._looked_at = time.monotonic()
        self._record()
        rest = self._rests_until - self._looked_at
        if rest > 0:
            return rest
        free = self.limit - self.in_flight
        if free <= 0:
            return self._queue.longest_pause_s
        with self._lock:
            busy = set(self._started)
        rows, pause = self._queue.take(free, busy)
        if rows:
            for begun in self._courier.begin(rows):
                self._hand_over(begun)
        # all were taken that were wanted: by now more may be, as the backlog is known
        return _SHORTEST_S if len(rows) == free < self.limit else max(pause, _SHORTEST_S)

    def _hand_over(self, begun: Begun) -> None:
        with self._lock:
            self._started[begun.claim.id] = time.monotonic()
        try:
            self._pool.submit(partial(self._carry, begun))
        except RuntimeError as error:
            detail = f"Not sent: the machine has no thread left to give ({error})."
            self._return(Carried(begun, Retry(Reason.INTERRUPTED, detail)))

    def _carry(self, begun: Begun) -> None:
        if self._stopping.is_set():
            detail = "Not sent: Vigilia was stopped before."
            self._return(Carried(begun, Retry(Reason.INTERRUPTED, detail)))
            return
        with self._lock:  # it may have waited for a thread, and that is not the server's doing
            self._started[begun.claim.id] = time.monotonic()
        self._return(self._courier.carry(begun))

    def _return(self, carried: Carried) -> None:
        with self._lock:
            self._returned.append(carried)
        self._woken.set()

    def _record(self) -> None:
        """Record what came back. What the ledger cannot take is kept, and offered again: it is not
        forgotten because a disk is full."""
        now = time.monotonic()
        if now < self._records_again_at and not self._stopping.is_set():
            return
        with self._lock:
            batch, self._returned = self._returned, []
        if not batch:
            return
        try:
            self._settle(batch)
        except LedgerError as error:
            self._keep(
                [carried for carried in batch if carried.begun.claim.id in self._started],
                error,
                now,
            )
        else:
            self._refused_since = None

    def _keep(self, batch: list[Carried], error: LedgerError, now: float) -> None:
        """Keep outcomes that the ledger refused, until the patience is over."""
        since = self._refused_since or now
        patience = self._courier.record_for
        if self._stopping.is_set() or (
            patience is not None and now - since >= patience.total_seconds()
        ):
            for carried in batch:
                self._give_up(carried, error)
            self._refused_since, self._rests_until = None, now + _REST_S
            return
        self._refused_since, self._records_again_at = since, now + _RECORD_AGAIN_S
        with self._lock:
            self._returned = [*batch, *self._returned]
        for carried in batch:
            sentence = f"Its outcome waits to be recorded. {error}"
            log("not-recorded", sentence, level="error", key=carried.begun.claim.key)

    def _settle(self, batch: Sequence[Carried]) -> None:
        """Settle what came back, one by one where something among it meets a defect. Raises
        LedgerError; what is settled by then is under way no more."""
        try:
            settlements = self._courier.end(batch)
        except LedgerError:
            raise
        except Exception as error:  # noqa: BLE001 - one must not keep the others from being settled
            if len(batch) == 1:
                self._give_up(batch[0], error)
            else:
                for carried in batch:
                    self._settle([carried])
            return
        if any(settlement.next_attempt_at for settlement in settlements):
            self._queue.is_outdated = True
        self._forget(batch)

    def _forget(self, batch: Sequence[Carried]) -> None:
        now = time.monotonic()
        with self._lock:
            for carried in batch:
                started = self._started.pop(carried.begun.claim.id, now)
                if self._refused_since is None:  # a full disk is not the servers' doing
                    self._latency.observe(now - started, now)

    def _give_up(self, carried: Carried, error: Exception) -> None:
        """Leave a delivery as the ledger has it: where that is under way, the end of the run makes
        it unknown."""
        self._failure = error
        defect = _unforeseen(error)
        sentence = "A delivery met a defect." if defect else str(error)
        key = carried.begun.claim.key
        log("delivery-broke", sentence, level="error", key=key, exc_info=defect)
        self._forget([carried])


def _unforeseen(error: Exception) -> Exception | None:
    """Return an error whose traceback is wanted in the log; None for the ledger's."""
    return None if isinstance(error, LedgerError) else error
