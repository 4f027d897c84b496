"""On which dates an observance is kept. Pure; the same calendar gives the same occurrences."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from bot.calendar.observances import Observance, Occurrence
from bot.calendar.rules import FIRST_YEAR, LAST_YEAR

MILESTONES = frozenset({1, 5, 10, 20, 25, 30, 40, 50, 60, 70, 75, 80, 90, 100})
"""The years after an event that are milestones, beside every 25 years."""


def occurrences(observance: Observance, start: date, end: date) -> tuple[Occurrence, ...]:
    """Return the occurrences from ``start`` to ``end``, both included, in order of date.

    ``moved`` takes the place of all that the rule gives for that year, and is not shifted. A shift
    may carry a date over a year's edge; ``since``, ``until`` and the milestones look at the year of
    the date that results. Without ``since``, an anniversary begins the year after its event.
    ``milestones_only`` says nothing where no event is set.
    """
    # A shift reaches over a year's edge, so the years on both sides are asked too.
    years = range(max(start.year - 1, FIRST_YEAR), min(end.year + 1, LAST_YEAR) + 1)
    dates = {
        on
        for year in years
        for on in _dates(observance, year)
        if start <= on <= end and _is_kept_in(observance, on.year)
    }
    return tuple(Occurrence(observance, on) for on in sorted(dates))


def calendar_between(
    observances: Iterable[Observance], start: date, end: date
) -> tuple[Occurrence, ...]:
    """Return all occurrences from ``start`` to ``end``, both included.

    Ordered by date, then the higher priority first, then id.
    """
    days = [day for observance in observances for day in occurrences(observance, start, end)]
    days.sort(key=lambda day: (day.date, -day.observance.priority, day.observance.id))
    return tuple(days)


def next_occurrence(
    observance: Observance, after: date, limit_years: int = 50
) -> Occurrence | None:
    """Return the first occurrence after the date ``after``, which itself does not count.

    None where there is none until the end of the year ``limit_years`` ahead.
    """
    for year in range(after.year, min(after.year + limit_years, LAST_YEAR) + 1):
        for occurrence in occurrences(observance, date(year, 1, 1), date(year, 12, 31)):
            if occurrence.date > after:
                return occurrence
    return None


def _dates(observance: Observance, year: int) -> tuple[date, ...]:
    """Return the dates that come of the rule's ``year``; a shift may put one outside it."""
    moved = observance.moved.get(year)
    if moved is not None:
        return (moved,)
    shift = observance.shift
    return tuple(
        on + timedelta(days=shift.get(on.weekday(), 0)) for on in observance.rule.dates(year)
    )


def _is_kept_in(observance: Observance, year: int) -> bool:
    since, until, event = observance.since, observance.until, observance.event
    if since is None and event is not None:
        since = event + 1
    if (since is not None and year < since) or (until is not None and year > until):
        return False
    if observance.milestones_only and event is not None:
        return year - event in MILESTONES or (year > event and (year - event) % 25 == 0)
    return True
