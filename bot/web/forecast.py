"""What comes: the plan of a configuration as a page shows it, worked out once and kept."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from bot.calendar.observances import Occurrence
from bot.calendar.occurrences import calendar_between
from bot.content.facts import Fact
from bot.delivery.decisions import posting_of
from bot.errors import VigiliaError
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
        self._due: dict[datetime, tuple[Posting, ...]] = {}
        self._years: dict[int, dict[date, tuple[Occurrence, ...]]] = {}
        self._next: dict[str, tuple[datetime, PostingGroup]] = {}
        self._facts: tuple[date, tuple[AgingFact, ...]] | None = None
        self._made_at = made_at
        self._files: dict[tuple[str, str, int, int], bytes] = {}

    def next_due(self, after: datetime) -> datetime | None:
        """Return the next due instant after ``after``, UTC."""
        with self._lock:
            return self._plan.next_due(after)

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

    def _at(self, due_at: datetime) -> tuple[Posting, ...]:
        if due_at not in self._due:
            if len(self._due) >= _MOST_KEPT:
                self._due.clear()
            planned = self._plan.due(due_at - timedelta(microseconds=1), due_at)
            self._due[due_at] = tuple(p for item in planned for p in item.postings)
        return self._due[due_at]

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

    def siblings(self, posting: Posting) -> list[Posting]:
        """Return the postings of other channels that say the same day, one each channel."""
        day = datetime.fromisoformat(f"{posting.date}T12:00:00+00:00")
        lead = timedelta(days=posting.lead_days)
        around = self.within(
            day - lead - timedelta(days=1, hours=12), day - lead + timedelta(days=1, hours=12)
        )
        by_channel: dict[str, Posting] = {}
        for other in around:
            same = other.observances == posting.observances and other.date == posting.date
            if same and other.lead_days == posting.lead_days:
                by_channel.setdefault(other.channel, other)
        return list(by_channel.values())

    def year(self, year: int) -> dict[date, tuple[Occurrence, ...]]:
        """Return the days of a year that some channel posts, by date."""
        with self._lock:
            if year not in self._years:
                self._years[year] = self._worked_out(year)
            return self._years[year]

    def _worked_out(self, year: int) -> dict[date, tuple[Occurrence, ...]]:
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
        from bot.feeds.ics import calendar_file  # noqa: PLC0415 - 3 MB, and few ask for it

        key = (language, theme, first, last)
        with self._lock:
            if key not in self._files:
                if len(self._files) >= _MOST_KEPT:
                    self._files.clear()
                days = [d for d in self.project.days.calendar if not theme or theme in d.themes]
                occurrences = calendar_between(days, date(first, 1, 1), date(last, 12, 31))
                texts = self.project.days.texts
                self._files[key] = calendar_file(
                    occurrences, texts, language, stamped=self._made_at
                )
            return self._files[key]

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
                for fact in self._facts_of(id_, posting):
                    if fact.is_stale(posting.date) and not fact.is_stale(now.date()):
                        by_fact.setdefault(fact.id, AgingFact(fact, posting))
        return list(by_fact.values())

    def _facts_of(self, id_: str, posting: Posting) -> list[Fact]:
        return facts_of(self.project, (id_,), posting.date.year, posting.languages)


def grouped(postings: Sequence[Posting]) -> list[PostingGroup]:
    """Return postings gathered by what they say and when, in their order."""
    groups: dict[tuple[datetime, tuple[str, ...], date, int], list[Posting]] = {}
    for posting in postings:
        key = (posting.due_at, posting.observances, posting.date, posting.lead_days)
        groups.setdefault(key, []).append(posting)
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
