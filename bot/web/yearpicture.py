"""A year at a glance: twelve rows of days, those that are posted in the colour of their kind."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from bot.calendar.observances import Occurrence
from bot.ledger.rows import State
from bot.web.app_state import Site

TROUBLE = (State.UNKNOWN, State.FAILED, State.MISSED)


@dataclass(frozen=True)
class Square:
    """A day with something to post. ``kind`` gives its colour, ``trouble`` what went wrong."""

    date: date
    days: tuple[Occurrence, ...]
    kind: str
    trouble: bool


@dataclass(frozen=True)
class Row:
    """A month: ``length`` days, and those of them that are posted. ``today`` is its day of the
    month where today is in it."""

    month: int
    length: int
    squares: Mapping[int, Square]
    today: int | None


def picture(site: Site, year: int, today: date) -> list[Row]:
    """Return the twelve months of a year."""
    start = datetime(year, 1, 1, tzinfo=UTC) - timedelta(days=1)
    end = start + timedelta(days=368)
    marked = site.ledger.days_marked(TROUBLE, start, end) if start <= site.now() else {}
    days = site.forecast().year(year)
    rows = []
    for month in range(1, 13):
        length = monthrange(year, month)[1]
        squares = {
            on.day: Square(on, occurrences, occurrences[0].observance.kind, on in marked)
            for on, occurrences in days.items()
            if on.month == month
        }
        is_now = (today.year, today.month) == (year, month)
        rows.append(Row(month, length, squares, today.day if is_now else None))
    return rows
