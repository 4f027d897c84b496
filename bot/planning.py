"""Occurrences and channels → postings. Pure: the same calendar and channels give the same postings.

What a channel posts on one local date is worked out a calendar year at a time, always from the same
stretch of the calendar, so that asking for any interval gives the same postings as asking for its
parts.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import MAXYEAR, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from bot.calendar.localtime import instant
from bot.calendar.observances import Observance, Occurrence
from bot.calendar.occurrences import calendar_between
from bot.channels.channel import Channel

DIGEST = "monthly-digest"
"""The id that stands in the key of a digest, where other postings have their observance's."""

APART = timedelta(days=2)
"""Within how many days a day gives way to one that it is ``not_with``, both ends included."""

_YEARS_AHEAD = 12


@dataclass(frozen=True, order=True)
class Slot:
    """What is planned once and never again."""

    observance: str
    date: date
    lead_days: int
    channel: str


@dataclass(frozen=True)
class Coming:
    """One line of a digest: an observance that will be posted, and its date."""

    observance: str
    date: date


@dataclass(frozen=True)
class Posting:
    """What fills a slot, or, where days are merged, several. ``due_at`` and ``useful_until`` in
    UTC.

    ``useful_until`` is where catching up and retries end. ``coming`` is what a digest lists.
    """

    key: str
    observances: tuple[str, ...]
    date: date
    lead_days: int
    channel: str
    languages: tuple[str, ...]
    due_at: datetime
    useful_until: datetime
    approval: bool = False
    coming: tuple[Coming, ...] = ()

    @property
    def observance(self) -> str:
        """The ids joined by ``+``: one id unless days were merged."""
        return "+".join(self.observances)


@dataclass(frozen=True)
class Planned:
    """Slots and the postings that fill them: written down together, or not at all."""

    slots: tuple[Slot, ...]
    postings: tuple[Posting, ...]

    @property
    def due_at(self) -> datetime:
        """When all of it is due, UTC."""
        return self.postings[0].due_at


def selection(channel: Channel, observance: Observance) -> Literal["named", "theme"] | None:
    """Return how a channel chose an observance: by its own id, by a theme, or not at all."""
    return _selected(channel.include, channel.exclude, observance)


def days_of(channel: Channel, calendar: Iterable[Observance]) -> tuple[Observance, ...]:
    """Return the observances that a channel chose, in the calendar's order."""
    return tuple(day for day in calendar if selection(channel, day))


def plan_for(
    channel: Channel,
    observances: Sequence[str],
    day: date,
    lead_days: int,
    due_at: datetime,
    *,
    approval: bool = False,
    coming: tuple[Coming, ...] = (),
) -> Planned:
    """Return the slots and postings of these observances on one date and channel, due at
    ``due_at``."""
    groups = (
        (channel.languages,)
        if channel.layout == "together"
        else tuple((language,) for language in channel.languages)
    )
    joined = "+".join(observances)
    return Planned(
        slots=tuple(Slot(id_, day, lead_days, channel.name) for id_ in observances),
        postings=tuple(
            Posting(
                key=f"{joined}/{day}/{lead_days}/{channel.name}/{'+'.join(languages)}",
                observances=tuple(observances),
                date=day,
                lead_days=lead_days,
                channel=channel.name,
                languages=languages,
                due_at=due_at,
                useful_until=due_at + channel.useful_for,
                approval=approval or channel.approval,
                coming=coming,
            )
            for languages in groups
        ),
    )


@dataclass(frozen=True)
class _Schedule:
    """All of a channel that decides when it posts what; many channels share one."""

    timezone: str
    post_at: time
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    lead_days: tuple[int, ...]
    spacing: timedelta
    min_gap: timedelta
    same_day: str
    digest: str | None


@dataclass(frozen=True)
class _Entry:
    """One thing that a schedule posts: which days, on which date of theirs, when."""

    due_at: datetime
    observances: tuple[str, ...]
    date: date
    lead_days: int
    approval: bool
    coming: tuple[Coming, ...] = ()


@dataclass
class Plan:
    """The postings of a calendar and its channels. Made anew when either changes.

    Not for use by several threads at once while years are still being worked out: give each its
    own, or ask under a lock.
    """

    calendar: Sequence[Observance]
    channels: Sequence[Channel]
    _by_schedule: dict[_Schedule, list[Channel]] = field(init=False, repr=False)
    _years: dict[tuple[_Schedule, int], tuple[_Entry, ...]] = field(init=False, repr=False)
    _kept: dict[tuple[tuple[str, ...], tuple[str, ...], timedelta, int], tuple[Occurrence, ...]] = (
        field(init=False, repr=False)
    )

    def __post_init__(self) -> None:
        self._years = {}
        self._kept = {}
        self._by_schedule = defaultdict(list)
        for channel in self.channels:
            self._by_schedule[_schedule_of(channel)].append(channel)

    def due(self, after: datetime, until: datetime) -> list[Planned]:
        """Return what is due in ``after < due_at <= until``, the earliest first."""
        found = [
            plan_for(
                channel,
                entry.observances,
                entry.date,
                entry.lead_days,
                entry.due_at,
                approval=entry.approval,
                coming=entry.coming,
            )
            for schedule, channels in self._by_schedule.items()
            for entry in self._between(schedule, after, until)
            for channel in channels
        ]
        return sorted(found, key=lambda planned: (planned.due_at, planned.postings[0].key))

    def next_due(self, after: datetime) -> datetime | None:
        """Return the earliest due instant strictly after ``after``, None where none is in sight."""
        firsts = (self._first_after(schedule, after) for schedule in self._by_schedule)
        return min((first for first in firsts if first is not None), default=None)

    def occurrences(self, channel: Channel, start: date, end: date) -> tuple[Occurrence, ...]:
        """Return the occurrences that a channel posts, both dates included."""
        schedule = _schedule_of(channel)
        return tuple(
            occurrence
            for year in range(start.year, end.year + 1)
            for occurrence in self._kept_in(schedule, year)
            if start <= occurrence.date <= end
        )

    def _first_after(self, schedule: _Schedule, after: datetime) -> datetime | None:
        earliest: datetime | None = None
        for year in range(after.year - 1, min(after.year + _YEARS_AHEAD, MAXYEAR)):
            entries = self._entries(schedule, year)
            index = bisect_right(entries, after, key=lambda entry: entry.due_at)
            if index < len(entries):
                due_at = entries[index].due_at
                # Many posts of one New Year's Eve reach past the first of the year that follows.
                if earliest is not None:
                    return min(earliest, due_at)
                earliest = due_at
        return earliest

    def _between(self, schedule: _Schedule, after: datetime, until: datetime) -> list[_Entry]:
        return [
            entry
            for year in range(after.year - 1, until.year + 2)
            for entry in self._entries(schedule, year)
            if after < entry.due_at <= until
        ]

    def _entries(self, schedule: _Schedule, year: int) -> tuple[_Entry, ...]:
        """Return what a schedule posts on the local dates of one year, in the order of due
        instants."""
        key = (schedule, year)
        if key not in self._years:
            self._years[key] = tuple(self._work_out(schedule, year))
        return self._years[key]

    def _work_out(self, schedule: _Schedule, year: int) -> list[_Entry]:
        by_local_date: dict[date, list[tuple[tuple[str, ...], date, int, bool, tuple[Coming, ...]]]]
        by_local_date = defaultdict(list)
        here = self._kept_in(schedule, year)
        for group in _groups(here, merge=schedule.same_day == "merge"):
            day = group[0].date
            ids = tuple(occurrence.observance.id for occurrence in group)
            approval = any(occurrence.observance.approval for occurrence in group)
            by_local_date[day].append((ids, day, 0, approval, ()))
        for occurrence in (*here, *self._kept_in(schedule, year + 1)):
            for lead in schedule.lead_days:
                posted_on = occurrence.date - timedelta(days=lead)
                if posted_on.year == year:
                    ids = (occurrence.observance.id,)
                    by_local_date[posted_on].append((ids, occurrence.date, lead, False, ()))
        if schedule.digest == "monthly":
            for month in range(1, 13):
                opens = first_working_day(year, month)
                coming = tuple(
                    Coming(occurrence.observance.id, occurrence.date)
                    for occurrence in here
                    if occurrence.date.month == month and occurrence.date >= opens
                )
                if coming:
                    by_local_date[opens].append(((DIGEST,), opens, 0, False, coming))
        zone = ZoneInfo(schedule.timezone)
        entries = [
            # From the first on, real time counts: the clock may change between two posts.
            _Entry(instant(local_date, schedule.post_at, zone) + index * schedule.spacing, *what)
            for local_date, posts in by_local_date.items()
            for index, what in enumerate(posts)
        ]
        return sorted(entries, key=lambda entry: (entry.due_at, entry.observances))

    def _kept_in(self, schedule: _Schedule, year: int) -> tuple[Occurrence, ...]:
        """Return the year's occurrences that a schedule posts, after the rules of days that
        meet."""
        key = (schedule.include, schedule.exclude, schedule.min_gap, year)
        if key not in self._kept:
            self._kept[key] = self._thinned(schedule, year)
        return self._kept[key]

    def _thinned(self, schedule: _Schedule, year: int) -> tuple[Occurrence, ...]:
        # A year on each side, so that a chain of days that give way to each other across New Year
        # is seen whole, and the same, whichever year is asked for.
        chosen = {
            day.id: named
            for day in self.calendar
            if (named := _selected(schedule.include, schedule.exclude, day))
        }
        days = [day for day in self.calendar if day.id in chosen]
        first, last = max(year - 1, 1), min(year + 1, MAXYEAR)
        found = calendar_between(days, date(first, 1, 1), date(last, 12, 31))
        kept = _give_way(found, chosen, schedule.min_gap)
        return tuple(occurrence for occurrence in kept if occurrence.date.year == year)


def first_working_day(year: int, month: int) -> date:
    """Return the first day of a month from Monday to Friday. Public holidays are not looked at."""
    day = date(year, month, 1)
    return day + timedelta(days={5: 2, 6: 1}.get(day.weekday(), 0))


def _schedule_of(channel: Channel) -> _Schedule:
    return _Schedule(
        timezone=channel.timezone.key,
        post_at=channel.post_at,
        include=channel.include,
        exclude=channel.exclude,
        lead_days=channel.lead_days,
        spacing=channel.spacing,
        min_gap=channel.min_gap,
        same_day=channel.same_day,
        digest=channel.digest,
    )


def _selected(
    include: tuple[str, ...], exclude: tuple[str, ...], day: Observance
) -> Literal["named", "theme"] | None:
    if day.id in exclude:
        return None
    if day.id in include:
        return "named"
    if any(theme in exclude for theme in day.themes):
        return None
    return "theme" if "*" in include or any(theme in include for theme in day.themes) else None


def _give_way(
    found: Sequence[Occurrence], chosen: Mapping[str, str], min_gap: timedelta
) -> list[Occurrence]:
    """Leave out each occurrence that conflicts with one of higher rank that is itself kept.

    The higher priority stands, then the earlier, then the id; a part of another day of the same
    date comes after all that are whole, so that it is known whether the other is posted.
    """
    there = {(occurrence.observance.id, occurrence.date) for occurrence in found}

    def rank(occurrence: Occurrence) -> tuple[bool, int, date, str]:
        day = occurrence.observance
        is_part = (day.part_of, occurrence.date) in there
        return (is_part, -day.priority, occurrence.date, day.id)

    kept: dict[int, list[Occurrence]] = defaultdict(list)
    reach = max(APART, min_gap).days + 1
    for occurrence in sorted(found, key=rank):
        near = (
            other
            for offset in range(-reach, reach + 1)
            for other in kept.get(occurrence.date.toordinal() + offset, ())
        )
        if not any(_conflict(occurrence, other, chosen, min_gap) for other in near):
            kept[occurrence.date.toordinal()].append(occurrence)
    return sorted(
        (occurrence for day in kept.values() for occurrence in day),
        key=lambda o: (o.date, -o.observance.priority, o.observance.id),
    )


def _conflict(
    one: Occurrence, other: Occurrence, chosen: Mapping[str, str], min_gap: timedelta
) -> bool:
    a, b = one.observance, other.observance
    apart = abs(one.date - other.date)
    if not apart and (a.part_of == b.id or b.part_of == a.id):
        return True
    if (a.id in b.not_with or b.id in a.not_with) and apart <= APART:
        return True
    if a.id in b.beside or b.id in a.beside:
        return False
    return chosen[a.id] == chosen[b.id] == "theme" and apart < min_gap


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
