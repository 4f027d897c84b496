"""The only place that asks what time it is.

All instants are aware datetimes in UTC. A rehearsal's clock starts at an instant of its own and may
run faster; retry delays and time-outs stay real time, so code that waits converts with
:meth:`Clock.after` and :meth:`Clock.real_seconds_until`.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from datetime import UTC, datetime, timedelta


class Clock(ABC):
    """What time it is, for the calendar and the ledger."""

    rehearsal = True
    _speed = 1.0

    @abstractmethod
    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""

    def to_wall(self, instant: datetime) -> datetime:
        """Return the wall-clock instant at which this clock will show ``instant``."""
        return instant

    def after(self, delay: timedelta) -> datetime:
        """Return what this clock will show once a *real* delay has passed."""
        return self.now() + delay * self._speed

    def real_seconds_until(self, instant: datetime) -> float:
        """Return the real seconds until this clock shows ``instant``; 0.0 or less when it has."""
        return (instant - self.now()).total_seconds() / self._speed


class SystemClock(Clock):
    """The machine's clock."""

    rehearsal = False

    def now(self) -> datetime:
        return datetime.now(UTC)


class RehearsalClock(Clock):
    """A clock that shows ``start`` when it is made and then runs ``speed`` times as fast."""

    def __init__(self, start: datetime, speed: float = 1.0) -> None:
        if start.tzinfo is None:
            raise ValueError("a rehearsal starts at an instant with a time zone")
        if speed <= 0:
            raise ValueError("a clock's speed is a number over 0")
        self._start = start.astimezone(UTC)
        self._speed = speed
        self._began = time.monotonic()

    def now(self) -> datetime:
        return self._start + timedelta(seconds=(time.monotonic() - self._began) * self._speed)

    def to_wall(self, instant: datetime) -> datetime:
        # The machine's clock is read last, so that what is due then has surely become due here.
        wait = timedelta(seconds=self.real_seconds_until(instant))
        return datetime.now(UTC) + wait


class SettableClock(Clock):
    """A clock that stands still until it is set: for simulations, which step from day to day."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)

    def set(self, instant: datetime) -> None:
        """Make the clock show ``instant``."""
        self._now = instant.astimezone(UTC)

    def now(self) -> datetime:
        return self._now
