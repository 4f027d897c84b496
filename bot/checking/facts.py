"""Figures that age: which are past their review, and which will be when a posting uses them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta

from bot.errors import Problem
from bot.planning import DIGEST
from bot.project.load import Project

AHEAD = timedelta(days=60)


def fact_problems(project: Project, now: datetime) -> Iterator[Problem]:
    """Gives a warning for each fact past its review, and one for each day of the next 60 that would
    be posted with a fact that is by then. All texts must be such as can be written."""
    today = now.date()
    for fact in project.facts.values():
        if fact.is_stale(today):
            said = (
                f"The review of this figure was due on {fact.review}. Look at its source, then "
                "change `value`, `as_of` and `review` together."
            )
            yield Problem("warning", "stale-fact", fact.file, fact.id, said)
    for (observance, on, id_), channels in _coming_uses(project, now).items():
        fact = project.facts[id_]
        if fact.is_stale(on) and not fact.is_stale(today):
            where = ", ".join(channels)
            said = (
                f"This figure is to be reviewed by {fact.review}, and {observance} prints it on "
                f"{on} ({where}). Look at its source before."
            )
            yield Problem("warning", "fact-goes-stale", fact.file, fact.id, said)


def _coming_uses(project: Project, now: datetime) -> dict[tuple[str, date, str], dict[str, None]]:
    """Gives the channels by day, date and fact that the postings ahead would print."""
    uses: dict[tuple[str, date, str], dict[str, None]] = defaultdict(dict)
    for planned in project.plan.due(now, now + AHEAD):
        for posting in planned.postings:
            if posting.observances == (DIGEST,) or posting.lead_days:
                continue  # neither prints a day's own words
            for id_ in posting.observances:
                facts = project.writer.facts_used(
                    project.by_id[id_], posting.date.year, posting.languages
                )
                for fact in sorted(facts):
                    uses[id_, posting.date, fact][posting.channel] = None
    return uses
