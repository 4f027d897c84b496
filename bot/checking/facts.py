"""Figures that age: which are past their review, and which will be when a posting uses them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from bot.errors import Problem
from bot.planning import DIGEST
from bot.project.load import Project

AHEAD = timedelta(days=60)


def fact_problems(project: Project, now: datetime) -> Iterator[Problem]:
    """Gives a warning for each fact past its review, and for each posting of the next 60 days that
    would use one that is by then."""
    today = now.date()
    for fact in project.facts.values():
        if fact.is_stale(today):
            said = (
                f"The review of this figure was due on {fact.review}. Look at its source, "
                "then change `value`, `as_of` and `review` together."
            )
            yield Problem("warning", "stale-fact", fact.file, fact.id, said)
    for planned in project.plan.due(now, now + AHEAD):
        posting = planned.postings[0]
        if posting.observances == (DIGEST,) or posting.lead_days:
            continue
        for id_ in posting.observances:
            used = project.writer.facts_used(
                project.by_id[id_], posting.date.year, posting.languages
            )
            for fact in (project.facts[name] for name in sorted(used)):
                if fact.is_stale(posting.date) and not fact.is_stale(today):
                    said = (
                        f"'{fact.id}' is to be reviewed by {fact.review}, before {posting.key} "
                        "prints it."
                    )
                    yield Problem("warning", "fact-goes-stale", fact.file, fact.id, said)
