"""What an observance is, and what an occurrence of it on one date is.

Pure: no file, no clock. The texts of a day live in :mod:`bot.content`; here is only what decides on
which dates it falls and which number it has.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from bot.calendar.rules import Rule

Kind = Literal["day", "remembrance", "anniversary", "month"]
Count = Literal["observances", "years"]


@dataclass(frozen=True)
class Observance:
    """A day in the calendar.

    ``rule`` gives its dates; ``shift`` maps a weekday (Monday is 0) to the days by which a date
    that falls on it moves; ``moved`` replaces the dates of one year. ``since`` and ``until`` are
    the first and last year, both included. ``event`` is the year of what is remembered.
    """

    id: str
    kind: Kind
    phrase: str
    rule: Rule
    names: Mapping[str, str]
    priority: int = 50
    themes: tuple[str, ...] = ()
    approval: bool = False
    shift: Mapping[int, int] = field(default_factory=dict)
    moved: Mapping[int, date] = field(default_factory=dict)
    since: int | None = None
    until: int | None = None
    event: int | None = None
    count: Count | None = None
    milestones_only: bool = False
    part_of: str | None = None
    beside: tuple[str, ...] = ()
    not_with: tuple[str, ...] = ()


@dataclass(frozen=True)
class Occurrence:
    """An observance on one date."""

    observance: Observance
    date: date

    @property
    def years(self) -> int | None:
        """Years elapsed since the event, None where no event is known."""
        event = self.observance.event
        return None if event is None else self.date.year - event

    @property
    def ordinal(self) -> int | None:
        """The number that may be printed, None where ``count`` is absent.

        Observances are counted with the first one included (2015 is the 1st, 2026 the 12th);
        anniversaries are the years elapsed (1948 to 2026 is the 78th).
        """
        match self.observance.count:
            case "observances":
                since = self.observance.since
                return None if since is None else self.date.year - since + 1
            case "years":
                return self.years
            case None:
                return None

    @property
    def anniversary(self) -> int | None:
        """Years since the event where a number may be printed at all, else None."""
        return None if self.observance.count is None else self.years
