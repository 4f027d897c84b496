"""One thread that does small things at their time: it ends requests that took too long.

Time-outs of sockets are per read: a server that sends a byte a second could hold a worker for ever.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable


class Deadlines:
    """Calls functions at instants of the monotonic clock, in a thread of its own.

    What is called must be quick and must not raise. Nearly all that is planned is forgotten before
    its time, so planning and forgetting cost next to nothing, and what was forgotten leaves nothing
    behind.
    """

    def __init__(self) -> None:
        self._calls: dict[Callable[[], None], float] = {}
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._wakes_at = math.inf
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="deadlines", daemon=True)
        self._thread.start()

    def at(self, instant: float, call: Callable[[], None]) -> None:
        """Has ``call`` called at ``instant``, in seconds of ``time.monotonic()``, once; where it is
        planned already, then instead."""
        with self._lock:
            self._calls[call] = instant
            if instant < self._wakes_at:
                self._changed.notify()

    def forget(self, call: Callable[[], None]) -> None:
        """Takes back what is planned. It may be under way already: ``call`` ignores that."""
        with self._lock:
            self._calls.pop(call, None)

    def close(self) -> None:
        """Ends the thread; what was not due is never called."""
        with self._lock:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while (call := self._next_due()) is not None:
            call()

    def _next_due(self) -> Callable[[], None] | None:
        """Waits for the next call whose instant has come; None when closed."""
        with self._lock:
            while not self._closed:
                call = min(self._calls, key=self._calls.__getitem__, default=None)
                self._wakes_at = math.inf if call is None else self._calls[call]
                wait = self._wakes_at - time.monotonic()
                if call is not None and wait <= 0:
                    del self._calls[call]
                    return call
                self._changed.wait(None if call is None else wait)
            return None
