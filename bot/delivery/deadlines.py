"""One thread that does small things at their time: it ends requests that took too long.

Time-outs of sockets are per read: a server that sends a byte a second could hold a worker for ever.
"""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable


class Deadlines:
    """Calls functions at instants of the monotonic clock, in a thread of its own.

    What is called must be quick and must not raise. A call that is no longer wanted is not taken
    back: whoever asked for it ignores it.
    """

    def __init__(self) -> None:
        self._calls: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="deadlines", daemon=True)
        self._thread.start()

    def at(self, instant: float, call: Callable[[], None]) -> None:
        """Has ``call`` called at ``instant``, in seconds of ``time.monotonic()``."""
        with self._changed:
            earliest = not self._calls or instant < self._calls[0][0]
            heapq.heappush(self._calls, (instant, next(self._order), call))
            if earliest:
                self._changed.notify()

    def close(self) -> None:
        """Ends the thread; what was not due is never called."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while (call := self._next_due()) is not None:
            call()

    def _next_due(self) -> Callable[[], None] | None:
        """Waits for the next call whose instant has come; None when closed."""
        with self._changed:
            while not self._closed:
                wait = self._calls[0][0] - time.monotonic() if self._calls else None
                if wait is not None and wait <= 0:
                    return heapq.heappop(self._calls)[2]
                self._changed.wait(wait)
            return None
