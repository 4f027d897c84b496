"""The plan: what each channel posts, and when.

What a channel posts on one local date is worked out a calendar year at a time, always from the same
stretch of the calendar, so that asking for any interval gives the same postings as asking for its
parts.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import MAXYEAR, date, datetime, timedelta
from operator import attrgetter

from bot.calendar.localtime import instant
from bot.calendar.observances import Observance, Occurrence
from bot.calendar.occurrences import calendar_between
from bot.channels.channel import Channel
from bot.planning.postings import DIGEST, DigestLine, Planned, plan_for
from bot.planning.selection import selection, without_conflicts

_YEARS_AHEAD = 12

_Posted = tuple[tuple[str, ...], date, int, bool, tuple[DigestLine, ...]]
"""An entry but for its instant."""


_Key = tuple[object, ...]

_CHOICE = ("include", "exclude", "min_gap")
_choice: Callable[[Channel], _Key] = attrgetter(*_CHOICE)
"""All of a channel that decides which days it posts."""

_schedule: Callable[[Channel], _Key] = attrgetter(
    *_CHOICE, "timezone.key", "post_at", "lead_days", "spacing", "same_day", "digest"
)
"""All of a channel that decides when it posts what. Many channels share one, and what is worked out
for the first of them holds for all."""


@dataclass(frozen=True)
class _Entry:
    """One thing that a schedule posts: which days, on which date of theirs, when."""

    due_at: datetime
    observances: tuple[str, ...]
    date: date
    lead_days: int
    approval: bool
    lines: tuple[DigestLine, ...] = ()


@dataclass
class Plan:
    """The postings of a calendar and its channels. Made anew when either changes.

    Threads may share one: a year that two of them work out at once comes out the same for both.
    """

    calendar: Sequence[Observance]
    channels: Sequence[Channel]
    _sharing: dict[_Key, list[Channel]] = field(init=False, repr=False)
    _years: dict[tuple[_Key, int], tuple[_Entry, ...]] = field(init=False, repr=False)
    _remaining: dict[tuple[_Key, int], tuple[Occurrence, ...]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._years = {}
        self._remaining = {}
        self._sharing = defaultdict(list)
        for channel in self.channels:
            self._sharing[_schedule(channel)].append(channel)

    def due(self, after: datetime, until: datetime) -> list[Planned]:
        """Return what is due in ``after < due_at <= until``, the earliest first."""
        planned = [
            plan_for(
                channel,
                entry.observances,
                entry.date,
                entry.lead_days,
                entry.due_at,
                approval=entry.approval,
                lines=entry.lines,
            )
            for channels in self._sharing.values()
            for entry in self._between(channels[0], after, until)
            for channel in channels
        ]
        return sorted(planned, key=lambda item: (item.due_at, item.postings[0].key))

    def next_due(self, after: datetime) -> datetime | None:
        """Return the earliest due instant strictly after ``after``, None where none is in sight."""
        firsts = (self._first_after(same[0], after) for same in self._sharing.values())
        return min((first for first in firsts if first is not None), default=None)

    def occurrences(self, channel: Channel, start: date, end: date) -> tuple[Occurrence, ...]:
        """Return the occurrences that a channel posts, both dates included."""
        return tuple(
            occurrence
            for year in range(start.year, end.year + 1)
            for occurrence in self._remaining_in(channel, year)
            if start <= occurrence.date <= end
        )

    def _first_after(self, channel: Channel, after: datetime) -> datetime | None:
        earliest: datetime | None = None
        for year in range(after.year - 1, min(after.year + _YEARS_AHEAD, MAXYEAR)):
            entries = self._entries(channel, year)
            index = bisect_right(entries, after, key=lambda entry: entry.due_at)
            if index < len(entries):
                due_at = entries[index].due_at
                # Many posts of one New Year's Eve reach past the first of the year that follows.
                if earliest is not None:
                    return min(earliest, due_at)
                earliest = due_at
        return earliest

    def _between(self, channel: Channel, after: datetime, until: datetime) -> list[_Entry]:
        return [
            entry
            for year in range(after.year - 1, until.year + 2)
            for entry in self._entries(channel, year)
            if after < entry.due_at <= until
        ]

    def _entries(self, channel: Channel, year: int) -> tuple[_Entry, ...]:
        """Return what a channel posts on the local dates of one year, in the order of due
        instants."""
        key = (_schedule(channel), year)
        if key not in self._years:
            self._years[key] = tuple(self._work_out(channel, year))
        return self._years[key]

    def _work_out(self, channel: Channel, year: int) -> list[_Entry]:
        by_local_date: dict[date, list[_Posted]] = defaultdict(list)
        here = self._remaining_in(channel, year)
        for group in _groups(here, merge=channel.same_day == "merge"):
            day = group[0].date
            ids = tuple(occurrence.observance.id for occurrence in group)
            approval = any(occurrence.observance.approval for occurrence in group)
            by_local_date[day].append((ids, day, 0, approval, ()))
        for occurrence in (*here, *self._remaining_in(channel, year + 1)):
            for lead in channel.lead_days:
                posted_on = occurrence.date - timedelta(days=lead)
                if posted_on.year == year:
                    ids = (occurrence.observance.id,)
                    by_local_date[posted_on].append((ids, occurrence.date, lead, False, ()))
        if channel.digest == "monthly":
            for month in range(1, 13):
                opens = first_working_day(year, month)
                lines = tuple(
                    DigestLine(occurrence.observance.id, occurrence.date)
                    for occurrence in here
                    if occurrence.date.month == month and occurrence.date >= opens
                )
                if lines:
                    by_local_date[opens].append(((DIGEST,), opens, 0, False, lines))
        # From the first on, real time counts: the clock may change between two posts.
        entries = [
            _Entry(
                instant(local_date, channel.post_at, channel.timezone) + index * channel.spacing,
                *what,
            )
            for local_date, posts in by_local_date.items()
            for index, what in enumerate(posts)
        ]
        return sorted(entries, key=lambda entry: (entry.due_at, entry.observances))

    def _remaining_in(self, channel: Channel, year: int) -> tuple[Occurrence, ...]:
        """Return the year's occurrences that a channel posts, after the rules of days that
        meet."""
        key = (_choice(channel), year)
        if key not in self._remaining:
            self._remaining[key] = self._thinned(channel, year)
        return self._remaining[key]

    def _thinned(self, channel: Channel, year: int) -> tuple[Occurrence, ...]:
        # A year on each side, so that a chain of days that give way to each other across New Year
        # is seen whole, and the same, whichever year is asked for.
        chosen = {day.id: reason for day in self.calendar if (reason := selection(channel, day))}
        days = [day for day in self.calendar if day.id in chosen]
        first, last = max(year - 1, 1), min(year + 1, MAXYEAR)
        occurrences = calendar_between(days, date(first, 1, 1), date(last, 12, 31))
        remaining = without_conflicts(occurrences, chosen, channel.min_gap)
        return tuple(occurrence for occurrence in remaining if occurrence.date.year == year)


def first_working_day(year: int, month: int) -> date:
    """Return the first day of a month from Monday to Friday. Public holidays are not looked at."""
    day = date(year, month, 1)
    return day + timedelta(days={5: 2, 6: 1}.get(day.weekday(), 0))


def _groups(occurrences: Sequence[Occurrence], *, merge: bool) -> list[list[Occurrence]]:
    """Return what is posted as one message each: one day, or with ``merge`` the days of one date.

    A remembrance always stands alone: the memory of one people is not a paragraph of another's.
    """
    groups: list[list[Occurrence]] = []
    open_to_more: dict[date, list[Occurrence]] = {}
    for occurrence in occurrences:
        joins = merge and occurrence.observance.kind != "remembrance"
        if joins and occurrence.date in open_to_more:
            open_to_more[occurrence.date].append(occurrence)
            continue
        groups.append([occurrence])
        if joins:
            open_to_more[occurrence.date] = groups[-1]
    return groups
