"""Being asked to stop: by SIGTERM, by SIGINT, or by another thread; once or several times."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue

_LOOKS_EVERY_S = 0.5
"""A signal can reach any thread of the process, and Python heeds it in the main thread only: one
that waited without end would sleep on."""


class Stop:
    """The wish that this process ends. Stays once it was uttered."""

    def __init__(self) -> None:
        # An Event could be set by a signal while the same thread holds its lock in wait(), and
        # would wait for itself; putting into a SimpleQueue is allowed anywhere.
        self._wishes: SimpleQueue[None] = SimpleQueue()

    def ask(self) -> None:
        """Utter the wish."""
        self._wishes.put(None)

    @property
    def requested(self) -> bool:
        """Whether it was uttered."""
        return not self._wishes.empty()

    def wait(self) -> None:
        """Return as soon as it was uttered."""
        while True:
            try:
                self._wishes.get(timeout=_LOOKS_EVERY_S)
            except Empty:
                continue
            self._wishes.put(None)
            return


@contextmanager
def stop_on_signals() -> Iterator[Stop]:
    """Return a wish that SIGTERM and SIGINT utter while the block runs, instead of ending the
    process. Once it was uttered, more of them are ignored to the end of the process, which is then
    near. In a thread that is not the main one signals are left alone."""
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {
        number: signal.signal(number, lambda *_: stop.ask())
        for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_IGN if stop.requested else handler)
