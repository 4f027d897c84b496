"""Threads that come when there is work and go when there has been none for a while."""

from __future__ import annotations

import itertools
import threading
from collections import deque
from collections.abc import Callable

_REST_S = 5.0
"""For so long a thread waits for more; a service that is idle for months keeps none."""


class ThreadPool:
    """Does what it is given, by as few threads as keep up with it: threads that all have work and
    one interpreter wait for each other most of the time.

    Whoever gives work calls :meth:`grow` every millisecond or so while some of it waits: where the
    threads at work are held up, by a server that is slow to answer, more and more are added. The
    threads are daemons: one that hangs cannot keep the process from ending, as one of a
    ThreadPoolExecutor would. What is given must not raise.
    """

    def __init__(self, name: str, rest_s: float = _REST_S) -> None:
        self.resting = 0
        """How many threads wait for work."""
        self._name = name
        self._rest_s = rest_s
        self._numbers = itertools.count(1)
        self._work: deque[Callable[[], None]] = deque()
        self._changed = threading.Condition()
        self._at_work = 0
        """Threads that have work, or were called to it."""
        self._calls = 0
        """Resting threads that were called and have not noticed yet."""
        self._starting = 0
        """New threads that have not begun yet."""
        self._ended = 0
        """Pieces of work after which a thread went on with the next, since the last look."""
        self._more = 1

    @property
    def has_waiting(self) -> bool:
        """Whether work is waiting for a thread."""
        return bool(self._work)

    def submit(self, work: Callable[[], None]) -> None:
        """Have ``work`` done: at once where no other is waiting. Raises RuntimeError where the
        machine has no thread left to give; then it is not done."""
        with self._changed:
            self._work.append(work)
            if self._at_work:
                return
            try:
                self._call()
            except RuntimeError:
                self._work.pop()
                raise

    def grow(self) -> bool:
        """Call more threads where those at work end less than a piece each between two looks;
        return whether work is waiting."""
        with self._changed:
            ended, self._ended = self._ended, 0
            if not self._work:
                self._more = 1
                return False
            if ended < self._at_work:
                coming = self._calls + self._starting
                for _ in range(min(self._more, len(self._work) - coming)):
                    try:
                        self._call()
                    except RuntimeError:
                        break  # those that are there take it in the end
                self._more *= 2
            return True

    def _call(self) -> None:
        """Have one thread more at work."""
        if self.resting > self._calls:
            self._calls += 1
            self._changed.notify()
        else:
            name = f"{self._name}-{next(self._numbers)}"
            threading.Thread(target=self._live, name=name, daemon=True).start()
            self._starting += 1
        self._at_work += 1

    def _live(self) -> None:
        with self._changed:
            self._starting -= 1
        while (work := self._next()) is not None:
            work()
            del work  # what it holds is not kept while the thread rests

    def _next(self) -> Callable[[], None] | None:
        """Wait for work; return None when none came for long."""
        with self._changed:
            self._ended += bool(self._work)
            while not self._work:
                self._at_work -= 1
                self.resting += 1
                self._changed.wait_for(lambda: self._calls, self._rest_s)
                self.resting -= 1
                if not self._calls:
                    return None
                self._calls -= 1
            return self._work.popleft()
