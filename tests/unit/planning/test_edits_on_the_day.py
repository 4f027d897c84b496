"""A configuration that is changed on the very day: nothing is posted twice, nothing lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import __version__
from bot.calendar.observances import Observance
from bot.channels.channel import Channel
from bot.delivery.planner import write_down
from bot.ledger.ledger import Ledger
from bot.ledger.rows import State
from bot.opening import open_ledger
from bot.project.load import Project
from tests.unit.planning.plans import channel, day, project_of

EVE = datetime(2026, 12, 8, 12, 0, tzinfo=UTC)
DAY = date(2026, 12, 9)
DAYS = (day("high", priority=90), day("low", priority=10))


def project(*channels: Channel, days: Sequence[Observance] = DAYS) -> Project:
    return project_of(*channels, days=days)


class Watch:
    """A service that wakes when it is told to. Each wake may have another configuration."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self._run = ledger.begin_run(EVE, __version__)
        self.offers: list[str] = []

    def wake(self, at: datetime, of: Project) -> list[str]:
        found = write_down(self.ledger, of, at)
        self.ledger.alive(self._run, at)
        self.offers += [offer.postings[0].key for offer in found.offers]
        return list(found.inserted)

    def posted(self) -> list[str]:
        """Gives the keys of all that was written down, the first due first."""
        return [row.key for row in reversed(self.ledger.history())]


def _ledger() -> Ledger:
    return open_ledger("sqlite://", base=Path(), mode="rehearsal", create=True, now=EVE)


@pytest.fixture
def watch() -> Iterator[Watch]:
    with _ledger() as ledger:
        yield Watch(ledger)


def at(hour: int, minute: int = 0) -> datetime:
    """Gives an instant of the day, UTC."""
    return datetime.combine(DAY, time(hour, minute), UTC)


_ONE = (DAYS[0],)
_TEAM = channel()
_CHANGES = {
    "an earlier hour": replace(_TEAM, post_at=time(7, 0)),
    "a later hour": replace(_TEAM, post_at=time(15, 0)),
    "a time zone to the east": replace(_TEAM, timezone=ZoneInfo("Asia/Tokyo")),
    "a time zone to the west": replace(_TEAM, timezone=ZoneInfo("America/Mexico_City")),
    "another language": replace(_TEAM, languages=("fr",)),
    "two languages apart": replace(_TEAM, languages=("en", "fr"), layout="separate"),
    "two languages together": replace(_TEAM, languages=("en", "fr")),
    "another include": replace(_TEAM, include=("high", "low")),
    "merging": replace(_TEAM, same_day="merge"),
    "another spacing": replace(_TEAM, spacing=timedelta(hours=2)),
    "another gap": replace(_TEAM, min_gap=timedelta(hours=48)),
}


@pytest.mark.parametrize("what", _CHANGES)
def test_a_change_after_the_post_posts_nothing_twice(watch: Watch, what: str) -> None:
    watch.wake(EVE, project(_TEAM))
    watch.wake(at(9, 30), project(_TEAM))
    assert len(watch.posted()) == 2

    for hour in (10, 15, 23):
        assert watch.wake(at(hour), project(_CHANGES[what])) == []
    assert watch.wake(at(23) + timedelta(days=3), project(_CHANGES[what])) == []


@pytest.mark.parametrize("what", _CHANGES)
def test_a_change_before_the_post_loses_nothing(watch: Watch, what: str) -> None:
    watch.wake(EVE, project(_TEAM))

    for hour in (8, 9, 10, 15, 18, 23):
        watch.wake(at(hour), project(_CHANGES[what]))

    rows = watch.ledger.history()
    posted = Counter(id_ for row in rows for id_ in row.observances)
    languages = 2 if what == "two languages apart" else 1
    expected = {"high"} if what == "another gap" else {"high", "low"}
    assert posted == dict.fromkeys(expected, languages)
    assert {row.state for row in rows} == {State.READY}
    assert watch.offers == []


@pytest.mark.parametrize("what", _CHANGES)
def test_a_change_between_two_posts_of_one_date_posts_each_once(watch: Watch, what: str) -> None:
    watch.wake(EVE, project(_TEAM))
    assert watch.wake(at(9), project(_TEAM)) == ["high/2026-12-09/0/team/en"]

    for hour in (10, 15, 18, 23):
        watch.wake(at(hour), project(_CHANGES[what]))

    posted = Counter(id_ for row in watch.ledger.history() for id_ in row.observances)
    low = {"another gap": 0, "two languages apart": 2}.get(what, 1)
    assert (posted["high"], posted["low"]) == (1, low)


def test_merging_after_the_first_of_two_posts_only_what_is_left(watch: Watch) -> None:
    watch.wake(EVE, project(_TEAM))
    watch.wake(at(9), project(_TEAM))

    watch.wake(at(9, 30), project(replace(_TEAM, same_day="merge")))

    assert watch.posted() == ["high/2026-12-09/0/team/en", "low/2026-12-09/0/team/en"]


_edits: st.SearchStrategy[dict[str, Any]] = st.builds(
    dict,
    post_at=st.sampled_from((time(0, 0), time(8, 0), time(9, 0), time(17, 0), time(23, 59))),
    timezone=st.sampled_from(
        [ZoneInfo(z) for z in ("UTC", "America/Toronto", "America/Mexico_City", "Europe/Paris")]
    ),
    languages=st.sampled_from((("en",), ("fr",), ("en", "fr"))),
    layout=st.sampled_from(("together", "separate")),
    include=st.sampled_from((("core",), ("high", "low"), ("*",), ("core", "low"))),
    same_day=st.sampled_from(("space", "merge")),
    spacing=st.sampled_from([timedelta(minutes=m) for m in (0, 30, 120)]),
)


@settings(deadline=None, max_examples=25)
@given(
    st.lists(
        st.tuples(st.timedeltas(timedelta(minutes=1), timedelta(hours=8)), _edits),
        min_size=1,
        max_size=8,
    )
)
def test_however_often_it_is_changed_each_day_is_posted_once_in_one_form(
    changes: list[tuple[timedelta, dict[str, Any]]],
) -> None:
    with _ledger() as ledger:
        watch = Watch(ledger)
        now, team = EVE, _TEAM
        watch.wake(now, project(team))
        for after, edit in changes:
            now += after
            team = replace(team, **edit)
            watch.wake(now, project(team))
        last = datetime(2026, 12, 10, 18, 0, tzinfo=UTC)
        watch.wake(max(now, last), project(team))

        rows = [row for row in ledger.history() if row.date == DAY]
        forms: dict[str, list[str]] = {}
        for row in rows:
            for id_ in row.observances:
                forms.setdefault(id_, []).append("+".join(row.languages))
        assert set(forms) == {"high", "low"}
        for languages in forms.values():
            # One message, or, where the languages were apart when it was posted, one each.
            assert sorted(languages) in (["en"], ["fr"], ["en+fr"], ["en", "fr"])
        assert watch.offers == []


# What is new after its hour is offered, not posted


def test_a_channel_that_is_added_after_its_hour_is_offered_the_post(watch: Watch) -> None:
    watch.wake(EVE, project(_TEAM, days=_ONE))
    watch.wake(at(9), project(_TEAM, days=_ONE))

    watch.wake(at(10), project(_TEAM, channel("new"), days=_ONE))
    watch.wake(at(11), project(_TEAM, channel("new"), days=_ONE))

    assert watch.posted() == ["high/2026-12-09/0/team/en"]
    assert watch.offers == ["high/2026-12-09/0/new/en"]


def test_a_channel_that_is_added_before_its_hour_gets_the_post(watch: Watch) -> None:
    watch.wake(EVE, project(_TEAM, days=_ONE))
    watch.wake(at(8), project(_TEAM, channel("new"), days=_ONE))

    watch.wake(at(9), project(_TEAM, channel("new"), days=_ONE))

    assert watch.posted() == ["high/2026-12-09/0/new/en", "high/2026-12-09/0/team/en"]


def test_a_day_that_is_added_after_its_hour_is_offered(watch: Watch) -> None:
    watch.wake(EVE, project(_TEAM, days=_ONE))
    watch.wake(at(9), project(_TEAM, days=_ONE))

    watch.wake(at(10), project(_TEAM))

    assert watch.posted() == ["high/2026-12-09/0/team/en"]
    assert watch.offers == ["low/2026-12-09/0/team/en"]


def test_a_day_that_a_channel_includes_after_its_hour_is_offered(watch: Watch) -> None:
    only_high = replace(_TEAM, include=("high",))
    watch.wake(EVE, project(only_high))
    watch.wake(at(9), project(only_high))

    watch.wake(at(10), project(_TEAM))

    assert watch.offers == ["low/2026-12-09/0/team/en"]


def test_of_merged_days_the_one_that_is_new_is_offered_and_the_other_posted(watch: Watch) -> None:
    merging = replace(_TEAM, same_day="merge")
    watch.wake(EVE, project(merging, days=_ONE))

    watch.wake(at(10), project(merging))

    assert watch.posted() == ["high/2026-12-09/0/team/en"]
    assert watch.offers == ["low/2026-12-09/0/team/en"]


def test_what_is_removed_and_added_again_counts_as_new(watch: Watch) -> None:
    team, other = project(_TEAM, channel("other"), days=_ONE), project(_TEAM, days=_ONE)
    watch.wake(EVE, team)
    watch.wake(at(8), other)

    watch.wake(at(10), team)

    assert watch.posted() == ["high/2026-12-09/0/team/en"]
    assert watch.offers == ["high/2026-12-09/0/other/en"]


def test_a_day_that_is_disabled_and_added_again_counts_as_new(watch: Watch) -> None:
    watch.wake(EVE, project(_TEAM))
    watch.wake(at(8), project(_TEAM, days=_ONE))

    watch.wake(at(10), project(_TEAM))

    assert watch.posted() == ["high/2026-12-09/0/team/en"]
    assert watch.offers == ["low/2026-12-09/0/team/en"]


def test_an_offer_that_is_no_longer_useful_is_not_made(watch: Watch) -> None:
    watch.wake(EVE, project(_TEAM, days=()))

    watch.wake(at(9) + timedelta(hours=37), project(_TEAM))

    assert (watch.posted(), watch.offers) == ([], [])


def test_what_fell_due_while_nothing_ran_is_posted_late_or_recorded_as_missed(watch: Watch) -> None:
    watch.wake(EVE, project(_TEAM, days=_ONE))
    late, missed = at(9) + timedelta(hours=35), at(9) + timedelta(days=40)

    with _ledger() as ledger:
        other = Watch(ledger)
        other.wake(EVE, project(_TEAM, days=_ONE))
        other.wake(late, project(_TEAM, days=_ONE))
        assert [row.state for row in ledger.history()] == [State.READY]
    watch.wake(missed, project(_TEAM, days=_ONE))

    assert [row.state for row in watch.ledger.history()] == [State.MISSED]


def test_an_hour_that_is_moved_out_of_the_useful_time_leaves_the_post_recorded_as_missed(
    watch: Watch,
) -> None:
    brief = replace(_TEAM, post_at=time(15, 0), useful_for=timedelta(hours=1))
    watch.wake(EVE, project(brief, days=_ONE))
    watch.wake(at(11, 59), project(brief, days=_ONE))

    watch.wake(at(12), project(replace(brief, post_at=time(9, 0)), days=_ONE))
    assert [row.state for row in watch.ledger.history()] == [State.MISSED]
