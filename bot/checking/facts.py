"""Figures that age: which are past their review, and which will be when a posting uses them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache

from bot.content.facts import Fact
from bot.errors import Problem
from bot.planning import DIGEST
from bot.project.load import Project

AHEAD = timedelta(days=60)


def fact_problems(project: Project, now: datetime) -> Iterator[Problem]:
    """Yield a warning for each fact past its review, and one for each day of the next 60 that would
    be posted with a fact that is by then. All texts must be such as can be written."""
    today = now.date()
    for fact in project.facts.values():
        if fact.is_stale(today):
            sentence = (
                f"The review of this figure was due on {fact.review}. Look at its source, then "
                "change `value`, `as_of` and `review` together."
            )
            yield Problem("warning", "stale-fact", fact.file, fact.id, sentence)
    for use in stale_ahead(project, now, AHEAD):
        fact = use.fact
        if not fact.is_stale(today):
            sentence = (
                f"This figure is to be reviewed by {fact.review}, and {use.observance} prints it "
                f"on {use.date} ({', '.join(use.channels)}). Look at its source before."
            )
            yield Problem("warning", "fact-goes-stale", fact.file, fact.id, sentence)


@dataclass(frozen=True)
class StaleUse:
    """A coming day that would print a figure which is past its review by then."""

    fact: Fact
    observance: str
    date: date
    channels: tuple[str, ...]


def stale_ahead(project: Project, now: datetime, ahead: timedelta) -> Iterator[StaleUse]:
    """Yield the uses, on coming days, of figures that are past their review by then. Raises
    RenderError where a text cannot be written."""
    for (observance, on, id_), channels in _coming_uses(project, now, ahead).items():
        if project.facts[id_].is_stale(on):
            yield StaleUse(project.facts[id_], observance, on, tuple(channels))


def _coming_uses(
    project: Project, now: datetime, ahead: timedelta
) -> dict[tuple[str, date, str], dict[str, None]]:
    """Return the channels by day, date and fact that the postings ahead would print."""
    uses: dict[tuple[str, date, str], dict[str, None]] = defaultdict(dict)

    @cache
    def facts_of(id_: str, year: int, languages: tuple[str, ...]) -> list[str]:
        return sorted(project.writer.facts_used(project.by_id[id_], year, languages))

    for planned in project.plan.due(now, now + ahead):
        for posting in planned.postings:
            if posting.observances == (DIGEST,) or posting.lead_days:
                continue  # neither prints a day's own words
            for id_ in posting.observances:
                for fact in facts_of(id_, posting.date.year, posting.languages):
                    uses[id_, posting.date, fact][posting.channel] = None
    return uses
