"""Threads in this process. One dispatcher looks for what is due and hands it to a pool of
workers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait

from bot.clock import Clock
from bot.delivery.courier import Courier
from bot.ledger.ledger import Ledger
from bot.ledger.rows import DeliveryRow
from bot.logs import log

_LOOK_S = 5.0
"""The longest the dispatcher sleeps: a row that another process made ready is found by then."""

_SHORTEST_S = 0.02


class EmbeddedEngine:
    """Delivers what the ledger says is due, until it is stopped.

    ``wake`` makes the dispatcher look at once; otherwise it looks when the next attempt is due,
    and at least every five seconds.
    """

    def __init__(
        self,
        ledger: Ledger,
        courier: Courier,
        clock: Clock,
        *,
        workers: int = 8,
        gone_wrong: Callable[[BaseException], None] | None = None,
    ) -> None:
        self._ledger = ledger
        self._courier = courier
        self._clock = clock
        self._workers = workers
        self._gone_wrong = gone_wrong
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="delivery")
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._in_flight: dict[int, Future[None]] = {}
        self._lock = threading.Lock()
        self._looked_at = time.monotonic()
        self._dispatcher: threading.Thread | None = None

    def start(self) -> None:
        """Begins to deliver, in the background."""
        self._dispatcher = threading.Thread(target=self._dispatch, name="dispatcher", daemon=True)
        self._dispatcher.start()

    def wake(self) -> None:
        """Makes the dispatcher look at once."""
        self._woken.set()

    def seconds_since_look(self) -> float:
        """Gives how long ago the dispatcher last looked at the ledger, in real seconds."""
        return time.monotonic() - self._looked_at

    @property
    def in_flight(self) -> int:
        """How many deliveries are under way."""
        with self._lock:
            return len(self._in_flight)

    def stop(self, patience_s: float) -> int:
        """Takes nothing new, waits up to ``patience_s`` for what is under way, and gives how many
        deliveries are still under way after that."""
        self._stopping.set()
        self._woken.set()
        if self._dispatcher is not None:
            self._dispatcher.join(timeout=patience_s)
        with self._lock:
            futures = list(self._in_flight.values())
        left = wait(futures, timeout=patience_s).not_done
        self._pool.shutdown(wait=False, cancel_futures=True)
        return len(left)

    def drain(self) -> None:
        """Delivers, in the calling thread's time, all that is due now; what becomes due later
        stays."""
        while not self._stopping.is_set():
            pause = self._look()
            if self.in_flight == 0 and not self._ledger.due(self._clock.now(), limit=1):
                return
            self._woken.wait(min(pause, 0.5))
            self._woken.clear()

    def _dispatch(self) -> None:
        while not self._stopping.is_set():
            try:
                pause = self._look()
            except Exception as error:  # noqa: BLE001 - the loop must outlive a full or locked disk
                log("dispatch-failed", f"The ledger could not be read: {error}", level="error")
                if self._gone_wrong:
                    self._gone_wrong(error)
                pause = 1.0
            self._woken.wait(pause)
            self._woken.clear()

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
        with self._lock:
            future = self._pool.submit(self._carry, row)
            self._in_flight[row.id] = future
        future.add_done_callback(lambda _done: self._landed(row))

    def _landed(self, row: DeliveryRow) -> None:
        with self._lock:
            self._in_flight.pop(row.id, None)
        self._woken.set()

    def _carry(self, row: DeliveryRow) -> None:
        try:
            self._courier.deliver(row)
        except Exception as error:  # noqa: BLE001 - a worker must outlive what one delivery meets
            log(
                "delivery-broke",
                f"The outcome could not be recorded: {error}",
                level="error",
                key=row.key,
                exc_info=True,
            )
            if self._gone_wrong:
                self._gone_wrong(error)
