"""Threads in this process: one dispatcher writes into the ledger, a crew posts.

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
from bot.engines.due_queue import Backlog
from bot.engines.thread_pool import Crew
from bot.errors import LedgerError
from bot.ledger.ledger import Ledger
from bot.logs import log

_SHORTEST_S = 0.02

_REST_S = 5.0
"""How long nothing is claimed after the ledger failed: it would fail again at once."""

_HURRY_S = 0.002

_GATHER_S = 0.05
"""The longest that an outcome waits for others to be recorded with."""

_RECORD_AGAIN_S = 1.0

_LOST_AFTER_S = 60.0

_LONGEST_DELIVERY_S = 300.0
"""Over every deadline of a request: what takes longer waits for the ledger, or hangs."""


class EmbeddedEngine:
    """Delivers what the ledger says is due, until it is stopped.

    ``wake`` makes the dispatcher look at once; otherwise it looks when the next attempt is due,
    and at least every two seconds.
    """

    def __init__(self, ledger: Ledger, courier: Courier, clock: Clock, *, workers: int = 8) -> None:
        self._courier = courier
        self._workers = workers
        self._backlog = Backlog(ledger, clock, courier.ready_in)
        self._crew = Crew("delivery")
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._began: dict[int, float] = {}
        self._back: list[Carried] = []
        self._lock = threading.Lock()
        self._looked_at = time.monotonic()
        self._unrecorded: list[Carried] = []
        self._unrecorded_since = 0.0
        self._records_again_at = 0.0
        self._rests_until = 0.0
        self._failure: Exception | None = None
        self._dispatcher: threading.Thread | None = None

    @property
    def enqueue(self) -> None:
        """None: the dispatcher looks into the ledger by itself."""
        return None

    def start(self) -> None:
        """Begins to deliver, in the background."""
        self._looked_at = time.monotonic()
        self._dispatcher = threading.Thread(target=self._dispatch, name="dispatcher", daemon=True)
        self._dispatcher.start()

    def wake(self) -> None:
        """Makes the dispatcher look at once."""
        self._backlog.is_outdated = True
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
            return len(self._began)

    def use(self, workers: int) -> None:
        """Has so many deliveries under way at once from now on."""
        self._workers = workers
        self._woken.set()

    def ailing(self) -> str | None:
        """Gives what does not get on with its work, in a sentence; None where all does."""
        if not self.is_well:
            return "The workers have not looked for what is due for a minute."
        with self._lock:
            longest = time.monotonic() - min(self._began.values(), default=time.monotonic())
        if longest > _LONGEST_DELIVERY_S:
            return f"A delivery has been under way for {longest:.0f} s."
        return None

    def stop(self, patience_s: float) -> int:
        """Takes nothing new, waits up to ``patience_s`` for what is under way, and gives how many
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
        """Delivers, in the calling thread's time, all that is due now, or until ``enough`` says so;
        what becomes due later stays. Raises what a delivery met that could not be recorded."""
        while not enough() and self._failure is None:
            pause = self._round()
            if self.in_flight == 0 and not self._backlog.has_due():
                break
            self._wait(min(pause, 0.5))
        if self._failure is not None:
            raise self._failure

    def _dispatch(self) -> None:
        while not self._stopping.is_set():
            try:
                pause = self._round()
            except Exception as error:  # noqa: BLE001 - the loop must outlive a full or locked disk
                said = f"What is due could not be handed over: {error}"
                log("dispatch-failed", said, level="error", exc_info=not _is_of_the_ledger(error))
                self._rests_until = time.monotonic() + _REST_S
                pause = _SHORTEST_S
            self._wait(pause)
        self._finish(float("inf"))

    def _wait(self, pause_s: float) -> None:
        """Waits for something to record or to hand over. As long as the crew has work waiting, what
        comes back is left to gather."""
        ends = time.monotonic() + min(pause_s, _GATHER_S)
        while (waits := self._crew.has_waiting) and time.monotonic() < ends:
            time.sleep(_HURRY_S)
            self._crew.hurry()
        self._woken.wait(_SHORTEST_S if waits else pause_s)
        self._woken.clear()

    def _finish(self, ends: float) -> None:
        """Records what comes back, until nothing is under way any more."""
        while self.in_flight and time.monotonic() < ends:
            self._record()
            self._wait(_SHORTEST_S)

    def _round(self) -> float:
        """Records what came back, and hands over what is due and free to go. Gives the seconds
        until there may be more. Raises LedgerError where nothing could be claimed."""
        self._looked_at = time.monotonic()
        self._record()
        rest = self._rests_until - self._looked_at
        if rest > 0:
            return rest
        free = self._workers - self.in_flight
        if free <= 0:
            return self._backlog.longest_pause_s
        with self._lock:
            busy = set(self._began)
        rows, pause = self._backlog.take(free, busy)
        if rows:
            for begun in self._courier.begin(rows):
                self._hand_over(begun)
        return max(pause, _SHORTEST_S)

    def _hand_over(self, begun: Begun) -> None:
        with self._lock:
            self._began[begun.claim.id] = time.monotonic()
        try:
            self._crew.give(partial(self._carry, begun))
        except RuntimeError as error:
            said = f"Not sent: the machine has no thread left to give ({error})."
            self._came_back(Carried(begun, Retry(Reason.INTERRUPTED, said)))

    def _carry(self, begun: Begun) -> None:
        if self._stopping.is_set():
            said = "Not sent: Vigilia was stopped before."
            self._came_back(Carried(begun, Retry(Reason.INTERRUPTED, said)))
        else:
            self._came_back(self._courier.carry(begun))

    def _came_back(self, carried: Carried) -> None:
        with self._lock:
            self._back.append(carried)
        self._woken.set()

    def _record(self) -> None:
        """Records what came back. What the ledger cannot take is kept, and offered again: it is not
        forgotten because a disk is full."""
        with self._lock:
            self._unrecorded += self._back
            self._back.clear()
        now = time.monotonic()
        if not self._unrecorded or (now < self._records_again_at and not self._stopping.is_set()):
            return
        try:
            self._end(self._unrecorded)
        except LedgerError as error:
            self._not_recorded(error, now)
            return
        self._unrecorded.clear()
        self._unrecorded_since = 0.0

    def _not_recorded(self, error: LedgerError, now: float) -> None:
        self._unrecorded_since = self._unrecorded_since or now
        self._records_again_at = now + _RECORD_AGAIN_S
        patience = self._courier.record_for
        waited = now - self._unrecorded_since
        if self._stopping.is_set() or (patience is not None and waited >= patience.total_seconds()):
            for one in self._unrecorded:
                self._given_up(one, error)
            self._unrecorded.clear()
            self._unrecorded_since = 0.0
            self._rests_until = now + _REST_S
            return
        for one in self._unrecorded:
            said = f"Its outcome waits to be recorded. {error}"
            log("not-recorded", said, level="error", key=one.begun.claim.key)

    def _end(self, carried: Sequence[Carried]) -> None:
        """Settles what came back, one by one where something among it meets a defect."""
        try:
            settled = self._courier.end(carried)
        except LedgerError:
            raise
        except Exception as error:  # noqa: BLE001 - one must not keep the others from being settled
            if len(carried) > 1:
                for one in carried:
                    self._end([one])
            else:
                self._given_up(carried[0], error)
            return
        if any(each.next_attempt_at for each in settled):
            self._backlog.is_outdated = True
        self._landed(carried)

    def _landed(self, carried: Sequence[Carried]) -> None:
        with self._lock:
            for one in carried:
                self._began.pop(one.begun.claim.id, None)

    def _given_up(self, carried: Carried, error: Exception) -> None:
        """Leaves a delivery as it stands: under way, of which the end of the run makes unknown."""
        self._failure = error
        said = str(error) if _is_of_the_ledger(error) else "A delivery met a defect."
        log(
            "delivery-broke",
            said,
            level="error",
            key=carried.begun.claim.key,
            exc_info=None if _is_of_the_ledger(error) else error,
        )
        self._landed([carried])


def _is_of_the_ledger(error: Exception) -> bool:
    return isinstance(error, LedgerError)
