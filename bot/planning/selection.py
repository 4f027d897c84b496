"""Which days a channel posts: those that it chose, less those that give way to another near by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Literal

from bot.calendar.observances import Observance, Occurrence
from bot.channels.channel import Channel

APART = timedelta(days=2)
"""Within how many days a day gives way to one that it is ``not_with``, both ends included."""


def selection(channel: Channel, observance: Observance) -> Literal["named", "theme"] | None:
    """Return how a channel chose an observance: by its own id, by a theme, or not at all."""
    include, exclude = channel.include, channel.exclude
    if observance.id in exclude:
        return None
    if observance.id in include:
        return "named"
    if any(theme in exclude for theme in observance.themes):
        return None
    by_theme = "*" in include or any(theme in include for theme in observance.themes)
    return "theme" if by_theme else None


def days_of(channel: Channel, calendar: Iterable[Observance]) -> tuple[Observance, ...]:
    """Return the observances that a channel chose, in the calendar's order."""
    return tuple(day for day in calendar if selection(channel, day))


def without_conflicts(
    occurrences: Sequence[Occurrence], chosen: Mapping[str, str], min_gap: timedelta
) -> list[Occurrence]:
    """Leave out each occurrence that conflicts with one of higher rank that is itself kept.

    The higher priority stands, then the earlier, then the id; a part of another day of the same
    date comes after all that are whole, so that it is known whether the other is posted.
    """
    there = {(occurrence.observance.id, occurrence.date) for occurrence in occurrences}

    def rank(occurrence: Occurrence) -> tuple[bool, int, date, str]:
        day = occurrence.observance
        is_part = (day.part_of, occurrence.date) in there
        return (is_part, -day.priority, occurrence.date, day.id)

    remaining: dict[int, list[Occurrence]] = defaultdict(list)
    reach = max(APART, min_gap).days + 1
    for occurrence in sorted(occurrences, key=rank):
        near = (
            other
            for offset in range(-reach, reach + 1)
            for other in remaining.get(occurrence.date.toordinal() + offset, ())
        )
        if not any(_conflict(occurrence, other, chosen, min_gap) for other in near):
            remaining[occurrence.date.toordinal()].append(occurrence)
    return sorted(
        (occurrence for day in remaining.values() for occurrence in day),
        key=lambda o: (o.date, -o.observance.priority, o.observance.id),
    )


def _conflict(
    occurrence: Occurrence, other: Occurrence, chosen: Mapping[str, str], min_gap: timedelta
) -> bool:
    a, b = occurrence.observance, other.observance
    apart = abs(occurrence.date - other.date)
    if not apart and (a.part_of == b.id or b.part_of == a.id):
        return True
    if (a.id in b.not_with or b.id in a.not_with) and apart <= APART:
        return True
    if a.id in b.beside or b.id in a.beside:
        return False
    return chosen[a.id] == chosen[b.id] == "theme" and apart < min_gap
