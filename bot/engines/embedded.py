"""Threads in this process. One dispatcher looks for what is due and gives each delivery a thread.

The threads are daemons, so that a receiver that never answers cannot keep the process from ending.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from bot.clock import Clock
from bot.delivery.courier import Courier
from bot.errors import LedgerError
from bot.ledger.ledger import Ledger
from bot.ledger.rows import DeliveryRow
from bot.logs import log

_LOOK_S = 2.0
"""The longest the dispatcher sleeps: a row that another process made ready is found by then."""

_SHORTEST_S = 0.02

_REST_S = 5.0
"""How long nothing is handed over after the ledger failed: it would fail again at once."""

_LOST_AFTER_S = 60.0

_LONGEST_DELIVERY_S = 300.0
"""Over every deadline of a request: what takes longer waits for the ledger, or hangs."""


class EmbeddedEngine:
    """Delivers what the ledger says is due, until it is stopped.

    ``wake`` makes the dispatcher look at once; otherwise it looks when the next attempt is due,
    and at least every two seconds.
    """

    def __init__(self, ledger: Ledger, courier: Courier, clock: Clock, *, workers: int = 8) -> None:
        self._ledger = ledger
        self._courier = courier
        self._clock = clock
        self._workers = workers
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._in_flight: dict[int, threading.Thread] = {}
        self._began: dict[int, float] = {}
        self._lock = threading.Lock()
        self._looked_at = time.monotonic()
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
            return len(self._in_flight)

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
        with self._lock:
            threads = list(self._in_flight.values())
        for thread in threads:
            thread.join(max(ends - time.monotonic(), 0.0))
        return sum(thread.is_alive() for thread in threads)

    def drain(self, enough: Callable[[], bool] = lambda: False) -> None:
        """Delivers, in the calling thread's time, all that is due now, or until ``enough`` says so;
        what becomes due later stays. Raises what a delivery met that could not be recorded."""
        while not enough() and self._failure is None:
            pause = self._look()
            if self.in_flight == 0 and not self._ledger.due(self._clock.now(), limit=1):
                break
            self._woken.wait(min(pause, 0.5))
            self._woken.clear()
        if self._failure is not None:
            raise self._failure

    def _dispatch(self) -> None:
        while not self._stopping.is_set():
            try:
                pause = self._look()
            except Exception as error:  # noqa: BLE001 - the loop must outlive a full or locked disk
                said = f"What is due could not be handed over: {error}"
                log("dispatch-failed", said, level="error")
                self._rests_until = time.monotonic() + _REST_S
                pause = 0.0
            self._woken.wait(pause)
            self._woken.clear()
            self._stopping.wait(max(self._rests_until - time.monotonic(), 0.0))

    def _look(self) -> float:
        """Hands over what is due and free to go. Gives the seconds until there may be more."""
        self._looked_at = time.monotonic()
        with self._lock:
            busy = set(self._in_flight)
        free = self._workers - len(busy)
        pause = _LOOK_S
        if free > 0:
            # More than there are free workers, so that one channel at its rate limit holds up no
            # other.
            for row in self._ledger.due(self._clock.now(), limit=len(busy) + free + 200):
                if row.id in busy:
                    continue
                if free == 0 or self._stopping.is_set():
                    break
                ready_in = self._courier.ready_in(row)
                if ready_in > 0:
                    pause = min(pause, ready_in)
                    continue
                self._hand_over(row)
                free -= 1
        upcoming = self._ledger.next_attempt_at()
        if upcoming is not None:
            in_real_seconds = self._clock.real_seconds_until(upcoming)
            if in_real_seconds > 0:
                pause = min(pause, in_real_seconds)
        return max(pause, _SHORTEST_S)

    def _hand_over(self, row: DeliveryRow) -> None:
        thread = threading.Thread(
            target=self._carry, args=(row,), name=f"delivery-{row.id}", daemon=True
        )
        with self._lock:
            self._in_flight[row.id] = thread
            self._began[row.id] = time.monotonic()
        try:
            thread.start()
        except RuntimeError:  # the machine has no thread left to give
            self._landed(row)
            raise

    def _landed(self, row: DeliveryRow) -> None:
        with self._lock:
            self._in_flight.pop(row.id, None)
            self._began.pop(row.id, None)
        self._woken.set()

    def _carry(self, row: DeliveryRow) -> None:
        try:
            if not self._stopping.is_set():
                self._courier.deliver(row)
        except LedgerError as error:
            self._failed(row, str(error), error)
        except Exception as error:  # noqa: BLE001 - a worker must outlive what one delivery meets
            self._failed(row, "A delivery met a defect.", error, exc_info=True)
        finally:
            self._landed(row)

    def _failed(
        self, row: DeliveryRow, said: str, error: Exception, *, exc_info: bool = False
    ) -> None:
        self._failure = error
        self._rests_until = time.monotonic() + _REST_S
        log("delivery-broke", said, level="error", key=row.key, exc_info=exc_info)
