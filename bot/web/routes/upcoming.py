"""The first page: what needs a person, what comes, the year at a glance."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from bot.calendar.observances import Occurrence
from bot.ledger.rows import State
from bot.web.alerts import alerts
from bot.web.app_state import Site, SiteHere
from bot.web.pages import PageHere

router = APIRouter(include_in_schema=False)

SHOWN = 10
AHEAD = timedelta(days=400)
FIRST_YEAR, LAST_YEAR = 1900, 2200
Year = Annotated[int | None, Query(ge=FIRST_YEAR, le=LAST_YEAR)]
TROUBLE = (State.UNKNOWN, State.FAILED, State.MISSED)


@router.get("/")
def upcoming(site: SiteHere, page: PageHere, channel: str = "", year: Year = None) -> Response:
    """Show what comes, of all channels or of one."""
    project, now, today = site.project(), site.now(), site.today()
    chosen = channel if channel in project.channels else ""
    if chosen:
        groups = site.forecast().of_channel(chosen, now, SHOWN)
    else:
        groups = site.forecast().upcoming(now, now + AHEAD, SHOWN)
    rows = picture(site, year or today.year, today)
    return page.show(
        "upcoming.html",
        alerts=alerts(site),
        first=groups[0] if groups else None,
        rest=groups[1:],
        chosen=chosen,
        channels=tuple(project.channels)[:500],
        year=year or today.year,
        rows=rows,
        posted=sum(len(row.squares) for row in rows),
        today=today,
        first_year=FIRST_YEAR,
        last_year=LAST_YEAR,
    )


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
