"""Facts that age: what is past its review, and what will be when a post prints it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from bot.channels.channel import Channel
from bot.checking.facts import fact_problems
from bot.content.texts import DayText
from bot.project.load import Project
from tests.unit.checking.making import DAY, FACT, project_of, saying, shipped

PRINTS = saying('On {{ date }}: {{ fact("members") }}.')
NOW = datetime(2027, 2, 1, tzinfo=UTC)  # our day is on 5 March


def channel(name: str = "ottawa", **changed: object) -> Channel:
    return replace(
        shipped().channels["inbox"],
        name=name,
        languages=("en", "fr"),
        include=("our-day",),
        **changed,  # type: ignore[arg-type]
    )


def project(review: date, *channels: Channel, day: DayText = PRINTS) -> Project:
    fact = replace(FACT, review=review)
    return project_of(
        day, facts={fact.id: fact}, channels={each.name: each for each in channels or (channel(),)}
    )


def found(project: Project, now: datetime = NOW) -> list[tuple[str, str, str]]:
    return [(p.code, p.file, p.entry) for p in fact_problems(project, now)]


STALE = ("stale-fact", "config/facts.toml", "members")
GOES_STALE = ("fact-goes-stale", "config/facts.toml", "members")


@pytest.mark.parametrize(
    ("review", "expected"),
    [
        (date(2027, 1, 31), [STALE]),
        (date(2027, 2, 1), [GOES_STALE]),
        (date(2027, 3, 4), [GOES_STALE]),
        (date(2027, 3, 5), []),
    ],
)
def test_a_review_is_missed_on_the_day_after_it(
    review: date, expected: list[tuple[str, str, str]]
) -> None:
    assert found(project(review)) == expected


def test_a_post_more_than_sixty_days_ahead_is_not_looked_at() -> None:
    stale_on_the_day = project(date(2027, 3, 1))
    assert found(stale_on_the_day, datetime(2027, 1, 3, tzinfo=UTC)) == []
    assert found(stale_on_the_day, datetime(2027, 1, 5, tzinfo=UTC)) == [GOES_STALE]


def test_a_fact_that_the_post_does_not_print_is_not_in_its_way() -> None:
    assert found(project(date(2027, 3, 1), day=DAY)) == []


def test_a_fact_printed_in_one_language_alone_counts() -> None:
    day = saying('{{ fact("members")|sentence }}.', "fr")
    (problem,) = fact_problems(project(date(2027, 3, 1), channel(layout="separate"), day=day), NOW)
    assert problem.level == "warning"


def test_the_warning_names_day_date_and_channels_once() -> None:
    (problem,) = fact_problems(
        project(date(2027, 3, 1), channel("ottawa"), channel("puebla", layout="separate")), NOW
    )
    assert "our-day prints it on 2027-03-05 (ottawa, puebla)" in problem.message
    assert "reviewed by 2027-03-01" in problem.message


def test_notices_and_digests_print_no_figure() -> None:
    at_once = channel(lead_days=(7,), digest="monthly")
    before_the_day = datetime(2027, 1, 3, tzinfo=UTC)  # the notice is due in 54 days, the day in 61
    assert found(project(date(2027, 2, 1), at_once), before_the_day) == []
