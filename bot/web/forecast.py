"""What comes: the plan of a configuration as a page shows it, worked out once and kept."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from bot.calendar.observances import Occurrence
from bot.calendar.occurrences import calendar_between
from bot.content.facts import Fact
from bot.delivery.decisions import posting_of
from bot.errors import VigiliaError
from bot.ledger.rows import DeliveryRow
from bot.planning import DIGEST, Plan, Posting
from bot.project.load import Project

FACTS_AHEAD = timedelta(days=60)
_MOST_KEPT = 200


@dataclass(frozen=True)
class PostingGroup:
    """Postings that say the same at the same instant: one for each channel, or several."""

    due_at: datetime
    observances: tuple[str, ...]
    date: date
    lead_days: int
    postings: tuple[Posting, ...]

    @property
    def channels(self) -> tuple[str, ...]:
        """The names of the channels, each once."""
        return tuple(dict.fromkeys(posting.channel for posting in self.postings))

    @property
    def approval(self) -> bool:
        return any(posting.approval for posting in self.postings)


@dataclass(frozen=True)
class AgingFact:
    """A figure that will be past its review when a posting prints it."""

    fact: Fact
    posting: Posting


class Forecast:
    """The plan of one configuration, asked by many threads. ``made_at`` (UTC) is when the
    configuration came into force."""

    def __init__(self, project: Project, made_at: datetime) -> None:
        self.project = project
        self._plan = project.plan
        self._lock = threading.Lock()
        self._next: dict[str, tuple[datetime, PostingGroup]] = {}
        self._facts: tuple[date, tuple[AgingFact, ...]] | None = None
        self._made_at = made_at
        self._at = lru_cache(_MOST_KEPT)(self._due_at)
        self._days_of = lru_cache(_MOST_KEPT)(self._posted_days)
        self._file = lru_cache(_MOST_KEPT)(self._make_file)

    def upcoming(self, after: datetime, until: datetime, most: int) -> list[PostingGroup]:
        """Return what is due in ``after < due <= until``, the next first, at most so many."""
        groups: list[PostingGroup] = []
        moment: datetime | None = after
        while len(groups) < most:
            with self._lock:
                moment = self._plan.next_due(moment) if moment else None
                if moment is None or moment > until:
                    break
                postings = self._at(moment)
            groups.extend(grouped(postings))
        return groups[:most]

    def _due_at(self, due_at: datetime) -> tuple[Posting, ...]:
        planned = self._plan.due(due_at - timedelta(microseconds=1), due_at)
        return tuple(p for item in planned for p in item.postings)

    def within(self, after: datetime, until: datetime) -> list[Posting]:
        """Return all postings due in ``after < due <= until``, the next first."""
        postings: list[Posting] = []
        moment = after
        with self._lock:
            while (due_at := self._plan.next_due(moment)) and due_at <= until:
                postings.extend(self._at(due_at))
                moment = due_at
        return postings

    def of_channel(self, name: str, after: datetime, most: int) -> list[PostingGroup]:
        """Return what one channel posts next."""
        plan = Plan(self.project.days.calendar, (self.project.channel(name),))
        planned = plan.due(after, after + timedelta(days=400))
        return grouped([p for item in planned for p in item.postings])[:most]

    def next_of(self, name: str, after: datetime) -> PostingGroup | None:
        """Return what one channel posts next; kept until it has been due."""
        cached = self._next.get(name)
        if cached is None or not cached[0] <= after < cached[1].due_at:
            groups = self.of_channel(name, after, 1)
            if not groups:
                return None
            cached = self._next[name] = (after, groups[0])
        return cached[1]

    def posting(self, key: str) -> Posting | None:
        """Return the posting of a key, come or to come; None where no channel has it."""
        return posting_of(self.project, key)

    def siblings(self, posting: Posting | DeliveryRow) -> list[Posting]:
        """Return the postings of other channels that say the same day, one each channel."""
        noon = datetime.combine(posting.date, time(12), UTC) - timedelta(days=posting.lead_days)
        around = self.within(noon - timedelta(hours=36), noon + timedelta(hours=36))
        by_channel: dict[str, Posting] = {}
        for other in around:
            if says(other) == says(posting):
                by_channel.setdefault(other.channel, other)
        by_channel.pop(posting.channel, None)
        return list(by_channel.values())

    def year(self, year: int) -> dict[date, tuple[Occurrence, ...]]:
        """Return the days of a year that some channel posts, by date."""
        with self._lock:
            return self._days_of(year)

    def _posted_days(self, year: int) -> dict[date, tuple[Occurrence, ...]]:
        first, last = date(year, 1, 1), date(year, 12, 31)
        posted: dict[tuple[date, str], Occurrence] = {}
        choices: set[tuple[object, ...]] = set()
        for channel in self.project.channels.values():
            chosen = (channel.include, channel.exclude, channel.min_gap)
            if chosen in choices:
                continue
            choices.add(chosen)
            for occurrence in self._plan.occurrences(channel, first, last):
                posted[occurrence.date, occurrence.observance.id] = occurrence
        by_date: dict[date, tuple[Occurrence, ...]] = {}
        for (on, _id), occurrence in sorted(posted.items()):
            by_date[on] = (*by_date.get(on, ()), occurrence)
        return by_date

    def calendar(self, year: int) -> tuple[Occurrence, ...]:
        """Return all days of a year, posted somewhere or not."""
        return calendar_between(self.project.days.calendar, date(year, 1, 1), date(year, 12, 31))

    def calendar_file(self, language: str, theme: str, first: int, last: int) -> bytes:
        """Return the days of these years as an iCalendar file, those of a theme unless it is "".
        Worked out once, and the same until the configuration changes."""
        with self._lock:
            return self._file(language, theme, first, last)

    def _make_file(self, language: str, theme: str, first: int, last: int) -> bytes:
        from bot.feeds.ics import calendar_file  # noqa: PLC0415 - 3 MB, and few ask for it

        days = [d for d in self.project.days.calendar if not theme or theme in d.themes]
        occurrences = calendar_between(days, date(first, 1, 1), date(last, 12, 31))
        return calendar_file(occurrences, self.project.days.texts, language, stamped=self._made_at)

    def stale_facts(self, today: date) -> list[Fact]:
        """Return the figures past their review, the longest overdue first."""
        facts = self.project.facts.values()
        return sorted((f for f in facts if f.is_stale(today)), key=lambda f: (f.review, f.id))

    def going_stale(self, now: datetime) -> tuple[AgingFact, ...]:
        """Return the figures that will be past their review when a posting of the next weeks prints
        them. Worked out once a day: it writes all those postings."""
        today = now.date()
        if self._facts is None or self._facts[0] != today:
            self._facts = (today, tuple(self._find_aging(now)))
        return self._facts[1]

    def _find_aging(self, now: datetime) -> list[AgingFact]:
        by_fact: dict[str, AgingFact] = {}
        days: set[tuple[str, int]] = set()
        for posting in self.within(now, now + FACTS_AHEAD):
            if posting.lead_days or posting.observances == (DIGEST,):
                continue
            for id_ in posting.observances:
                if (id_, posting.date.year) in days:
                    continue
                days.add((id_, posting.date.year))
                for fact in facts_of(self.project, (id_,), posting.date.year, posting.languages):
                    if fact.is_stale(posting.date) and not fact.is_stale(now.date()):
                        by_fact.setdefault(fact.id, AgingFact(fact, posting))
        return list(by_fact.values())


def says(posting: Posting | DeliveryRow) -> tuple[tuple[str, ...], date, int]:
    """Return what a posting is about: its days, their date, and the days ahead."""
    return posting.observances, posting.date, posting.lead_days


def grouped(postings: Sequence[Posting]) -> list[PostingGroup]:
    """Return postings gathered by what they say and when, in their order."""
    groups: dict[tuple[datetime, tuple[str, ...], date, int], list[Posting]] = {}
    for posting in postings:
        groups.setdefault((posting.due_at, *says(posting)), []).append(posting)
    return [PostingGroup(*key, tuple(group)) for key, group in groups.items()]


def facts_of(
    project: Project, observances: Sequence[str], year: int, languages: Sequence[str]
) -> list[Fact]:
    """Return the figures that these days print in a year; none where they cannot be written."""
    used: set[str] = set()
    for id_ in observances:
        day = project.by_id.get(id_)
        if day is None:
            continue
        try:
            used |= project.writer.facts_used(day, year, languages)
        except VigiliaError:
            continue
    return [project.facts[id_] for id_ in sorted(used) if id_ in project.facts]
