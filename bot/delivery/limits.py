"""Rate limits, kept per webhook and per host in the memory of one process."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence


class RateLimits:
    """Token buckets by name, each of one token, so that requests are spaced evenly. Thread-safe.

    ``monotonic`` gives seconds. A bucket is one number, the instant at which its token is there
    again; one that is full is forgotten, and no more than ``most`` are kept.
    """

    def __init__(self, monotonic: Callable[[], float], most: int = 10_000) -> None:
        self._monotonic = monotonic
        self._most = most
        self._free_at: dict[str, float] = {}
        self._lock = threading.Lock()

    def wait_for(self, keys: Sequence[tuple[str, float]]) -> float:
        """Gives the seconds until every bucket of ``keys`` (name, requests a second) has a token.

        When that is 0.0 one token of each was taken; else none was, and the caller asks again.
        Raises ValueError for a rate that is not over 0.
        """
        if any(not rate > 0 for _, rate in keys):
            raise ValueError("a rate is a number of requests a second, over 0")
        with self._lock:
            now = self._monotonic()
            free_at = max((self._free_at.get(name, now) for name, _ in keys), default=now)
            if free_at > now:
                return free_at - now
            for name, rate in keys:
                self._hold(name, now + 1 / rate, now)
            return 0.0

    def back_off(self, key: str, seconds: float) -> None:
        """Keeps ``key`` shut for ``seconds`` from now, as after a 429; never shortens a wait."""
        with self._lock:
            now = self._monotonic()
            self._hold(key, now + max(seconds, 0.0), now)

    @property
    def kept(self) -> int:
        """The number of buckets in memory."""
        with self._lock:
            return len(self._free_at)

    def _hold(self, name: str, until: float, now: float) -> None:
        self._free_at[name] = max(until, self._free_at.get(name, -math.inf))
        if len(self._free_at) > self._most:
            waiting = {key: at for key, at in self._free_at.items() if at > now}
            # Were every one still shut, the half that opens soonest is forgotten, so that this is
            # not done again at the next request.
            kept = sorted(waiting, key=waiting.__getitem__)[-(self._most // 2 or 1) :]
            self._free_at = {key: waiting[key] for key in kept}
