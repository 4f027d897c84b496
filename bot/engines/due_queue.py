"""What is due, read ahead: the ledger is asked for many at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection

from bot.clock import Clock
from bot.ledger.ledger import Ledger
from bot.ledger.rows import DeliveryRow

_AT_ONCE = 500
"""Many more than there are workers, so that channels at their rate limits hold up no other."""

_LOOK_S = 2.0
"""The longest the ledger is not looked at: a row that another process made ready is found by then.
"""


class DueQueue:
    """Deliveries that are due, the longest due first. Used by one thread; any thread may say that
    it is outdated.

    A row may have changed since it was read: whoever claims it finds out. ``ready_in`` returns the
    seconds until the rate limits let a delivery go, and takes its turn where that is 0.0.
    """

    longest_pause_s = _LOOK_S

    def __init__(
        self, ledger: Ledger, clock: Clock, ready_in: Callable[[DeliveryRow], float]
    ) -> None:
        self.is_outdated = True
        """Whether the ledger may hold what is due and not here."""
        self.backlog = 0
        """The most that has waited at once since nothing did."""
        self._ledger = ledger
        self._clock = clock
        self._ready_in = ready_in
        self._rows: list[DeliveryRow] = []
        self._may_be_more = False
        self._look_again_at = 0.0

    def take(self, limit: int, busy: Collection[int]) -> tuple[list[DeliveryRow], float]:
        """Return up to ``limit`` deliveries that may go now, without those that are ``busy``, and
        the seconds until there may be more. Raises LedgerError."""
        free, pause = self._free_to_go(limit)
        if len(free) < limit and self._should_look():
            self._read({*busy, *(row.id for row in free)})
            more, pause = self._free_to_go(limit - len(free))
            free += more
        return free, min(pause, max(self._look_again_at - time.monotonic(), 0.0))

    def has_due(self) -> bool:
        """Return whether anything may be sent now. Raises LedgerError."""
        return bool(self._ledger.due(self._clock.now(), limit=1))

    def _should_look(self) -> bool:
        if self.is_outdated or time.monotonic() >= self._look_again_at:
            return True
        # not while what is here waits for its turn: it would be read once more
        return self._may_be_more and len(self._rows) < _AT_ONCE // 2

    def _read(self, busy: Collection[int]) -> None:
        self.is_outdated = False
        now, began = self._clock.now(), time.monotonic()
        self._look_again_at = 0.0  # should the ledger fail
        self._rows, self._may_be_more = [], False
        upcoming = self._ledger.next_attempt_at()
        pause = _LOOK_S
        if upcoming is not None and upcoming <= now:
            due = self._ledger.due(now, limit=len(busy) + _AT_ONCE)
            self._rows = [row for row in due if row.id not in busy]
            self._may_be_more = len(due) == len(busy) + _AT_ONCE
            waiting = self._ledger.due_count(now) if self._may_be_more else len(due)
            self.backlog = max(self.backlog, waiting)
        else:
            self.backlog = 0
            if upcoming is not None:
                pause = min(pause, max(self._clock.real_seconds_until(upcoming), 0.0))
        self._look_again_at = began + pause

    def _free_to_go(self, limit: int) -> tuple[list[DeliveryRow], float]:
        """Take from the rows those whose turn it is; return them, and the seconds until the turn of
        the next."""
        free: list[DeliveryRow] = []
        waiting: list[DeliveryRow] = []
        pause = _LOOK_S
        rows = iter(self._rows)
        for row in rows:
            ready_in = self._ready_in(row)
            if ready_in > 0:
                waiting.append(row)
                pause = min(pause, ready_in)
                continue
            free.append(row)
            if len(free) == limit:
                break
        self._rows = [*waiting, *rows]
        return free, pause
