"""Threads that come when there is work and go when there has been none for a while."""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable

_REST_S = 5.0
"""For so long a thread waits for more; a service that is idle for months keeps none."""


class Crew:
    """Does what it is given, each piece in a thread of its own or one that waits for work.

    The threads are daemons: one that hangs cannot keep the process from ending. What is given must
    not raise.
    """

    def __init__(self, name: str, rest_s: float = _REST_S) -> None:
        self._name = name
        self._rest_s = rest_s
        self._numbers = itertools.count(1)
        self._work: deque[Callable[[], None]] = deque()
        self._changed = threading.Condition()
        self._waiting = 0

    @property
    def waiting(self) -> int:
        """How many threads wait for work."""
        return self._waiting

    def give(self, work: Callable[[], None]) -> None:
        """Has ``work`` done at once. Raises RuntimeError where the machine has no thread left to
        give: then it is not done."""
        with self._changed:
            if len(self._work) < self._waiting:
                self._work.append(work)
                if len(self._work) == 1:
                    self._changed.notify()
                return
        name = f"{self._name}-{next(self._numbers)}"
        threading.Thread(target=self._live, args=(work,), name=name, daemon=True).start()

    def _live(self, work: Callable[[], None] | None) -> None:
        while work is not None:
            work()
            work = self._next()

    def _next(self) -> Callable[[], None] | None:
        """Waits for work; gives None when there was none for long."""
        with self._changed:
            self._waiting += 1
            self._changed.wait_for(lambda: self._work, self._rest_s)
            self._waiting -= 1
            if not self._work:
                return None
            work = self._work.popleft()
            if self._work:
                # one wakes the next: were all woken at once, they would only wait for each other
                self._changed.notify()
            return work
