"""How many requests may be under way at once where the settings say ``workers = "auto"``."""

from __future__ import annotations

from bot.settings.models import Workers

LEAST, MOST = 8, 256

_WITHIN_S = 10.0
"""A backlog is to be worked off in so long."""

_SHARE, _MOST_BY_SHARE = 32, 64

_HALVES_EVERY_S = 60.0
_LEAST_WEIGHT = 1 / 32


def workers_for(backlog: int, latency_s: float) -> int:
    """Return how many requests work ``backlog`` deliveries off in ten seconds when each takes
    ``latency_s``: never under 8 nor over 256.

    Where servers answer at once that is 8, and then the disk is waited for: two commits for 8 posts
    made 0.84 of what a pool that records nothing posts, for 64 posts 1.38. So a 32nd of the
    backlog, up to 64, is allowed too: a crash leaves 3 % of what waited in doubt by that.
    """
    by_latency = backlog * latency_s / _WITHIN_S
    by_share = min(backlog / _SHARE, _MOST_BY_SHARE)
    return max(LEAST, min(round(max(by_latency, by_share)), MOST))


class Latency:
    """How long a request is under way, until its outcome is recorded, in seconds: the mean of the
    first, and from then on a running one. Halved by each minute without an answer, as what was slow
    yesterday may be quick now."""

    def __init__(self) -> None:
        self._mean_s = 0.0
        self._answers = 0
        self._last_at = 0.0

    def observe(self, took_s: float, now_s: float) -> None:
        """Take an answer into account; ``now_s`` is in seconds of a monotonic clock."""
        if now_s - self._last_at > _HALVES_EVERY_S:
            self._mean_s, self._answers = self.at(now_s), 0
        self._answers += 1
        self._mean_s += (took_s - self._mean_s) * max(1 / self._answers, _LEAST_WEIGHT)
        self._last_at = now_s

    def at(self, now_s: float) -> float:
        """Return the figure as it is at ``now_s``; 0.0 before the first answer."""
        idle_s = max(now_s - self._last_at, 0.0)
        return float(self._mean_s * 0.5 ** (idle_s / _HALVES_EVERY_S))


def fixed_workers(workers: Workers) -> int:
    """Return the number where nothing is worked out: "auto" is 8 there."""
    return LEAST if workers == "auto" else workers
