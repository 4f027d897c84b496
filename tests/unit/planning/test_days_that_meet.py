"""Days that meet: which stand, which give way, and which are one message."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings

from bot.calendar.observances import Observance
from bot.calendar.occurrences import calendar_between
from bot.channels.channel import Channel
from bot.planning import APART, Plan, days_of, selection
from tests.unit.planning.plans import calendars, channel, channels, day, planned, shown

_TWO_DAYS = timedelta(hours=48)


def _kept(of: Channel, *days: Observance, start: date | None = None) -> list[str]:
    first = start or date(2026, 12, 1)
    found = Plan(days, (of,)).occurrences(of, first, first + timedelta(days=60))
    return [f"{o.observance.id} {o.date:%d}" for o in found]


def _apart(gap: timedelta = _TWO_DAYS, **more: Any) -> Channel:
    return channel(min_gap=gap, **more)


@settings(deadline=None, max_examples=40)
@given(calendars(), channels())
def test_what_is_posted_conflicts_with_nothing_and_what_is_not_conflicts_with_what_is(
    days: tuple[Observance, ...], of: Channel
) -> None:
    start, end = date(2026, 1, 1), date(2028, 12, 31)
    kept = Plan(days, (of,)).occurrences(of, start, end)
    there = {(o.observance.id, o.date) for o in kept}
    margin = timedelta(days=10)

    def conflict(a: Observance, on_a: date, b: Observance, on_b: date) -> bool:
        apart = abs(on_a - on_b)
        if not apart and (a.part_of == b.id or b.part_of == a.id):
            return True
        if (a.id in b.not_with or b.id in a.not_with) and apart <= APART:
            return True
        if a.id in b.beside or b.id in a.beside:
            return False
        both_unnamed = selection(of, a) == selection(of, b) == "theme"
        return both_unnamed and apart < of.min_gap

    for o in calendar_between(days_of(of, days), start + margin, end - margin):
        others = [k for k in kept if (k.observance.id, k.date) != (o.observance.id, o.date)]
        gives_way = [k for k in others if conflict(o.observance, o.date, k.observance, k.date)]
        assert bool(gives_way) != ((o.observance.id, o.date) in there)
        if gives_way and o.observance.part_of is None:
            assert max(k.observance.priority for k in gives_way) >= o.observance.priority


# min_gap


def test_of_two_days_within_48_hours_the_higher_priority_stands() -> None:
    low, high = day("low", "9 December", priority=1), day("high", "10 December", priority=2)

    assert _kept(_apart(), low, high) == ["high 10"]


def test_two_days_apart_are_48_hours_and_both_stand() -> None:
    assert _kept(_apart(), day("a", "9 December"), day("b", "11 December")) == ["a 09", "b 11"]


def test_of_equal_priority_the_earlier_stands_and_on_one_date_the_first_id() -> None:
    assert _kept(_apart(), day("b", "9 December"), day("a", "10 December")) == ["b 09"]
    assert _kept(_apart(), day("b"), day("a")) == ["a 09"]


def test_a_day_that_itself_gave_way_makes_no_other_give_way() -> None:
    days = [
        day("one", "8 December", priority=1),
        day("two", "9 December", priority=2),
        day("three", "10 December", priority=3),
    ]

    assert _kept(_apart(), *days) == ["one 08", "three 10"]


def test_days_that_a_channel_named_are_not_thinned_and_thin_no_others() -> None:
    a, b = day("a", "9 December", priority=9), day("b", "10 December", priority=1)

    assert _kept(_apart(include=("core", "b")), a, b) == ["a 09", "b 10"]
    assert _kept(_apart(include=("core", "a")), a, b) == ["a 09", "b 10"]


def test_everything_is_not_naming() -> None:
    a, b = day("a", "9 December", priority=9), day("b", "10 December", priority=1)

    assert _kept(_apart(include=("*",)), a, b) == ["a 09"]


def test_a_longer_gap_reaches_further_and_none_reaches_nowhere() -> None:
    a, b = day("a", "9 December", priority=90), day("b", "15 December")

    assert _kept(_apart(timedelta(days=7)), a, b) == ["a 09"]
    assert _kept(_apart(timedelta(days=6)), a, b) == ["a 09", "b 15"]
    assert _kept(_apart(timedelta()), a, day("c", priority=1)) == ["a 09", "c 09"]


def test_the_gap_reaches_over_new_year() -> None:
    a, b = day("a", "31 December", priority=1), day("b", "1 January", priority=9)

    assert _kept(_apart(), a, b) == ["b 01"]


def test_a_chain_over_new_year_is_the_same_from_either_side() -> None:
    days = [
        day("one", "30 December", priority=1),
        day("two", "31 December", priority=2),
        day("three", "1 January", priority=3),
        day("four", "2 January", priority=4),
    ]
    of = _apart()
    plan = Plan(days, (of,))

    old = plan.occurrences(of, date(2026, 12, 1), date(2026, 12, 31))
    new = plan.occurrences(of, date(2027, 1, 1), date(2027, 1, 31))

    assert [o.observance.id for o in (*old, *new)] == ["two", "four"]


# beside, not_with, part_of


@pytest.mark.parametrize("says", ["a", "b"])
def test_days_that_may_stand_beside_each_other_both_do_whichever_says_so(says: str) -> None:
    a = day("a", "9 December", beside=("b",) if says == "a" else ())
    b = day("b", "10 December", beside=("a",) if says == "b" else ())

    assert _kept(_apart(), a, b) == ["a 09", "b 10"]


@pytest.mark.parametrize("says", ["a", "b"])
@pytest.mark.parametrize(
    ("on", "kept"),
    [
        ("6 December", ["b 06", "a 09"]),
        ("7 December", ["a 09"]),
        ("9 December", ["a 09"]),
        ("11 December", ["a 09"]),
        ("12 December", ["a 09", "b 12"]),
    ],
)
def test_a_day_gives_way_to_the_one_it_is_not_with_two_days_included(
    says: str, on: str, kept: list[str]
) -> None:
    a = day("a", "9 December", priority=9, not_with=("b",) if says == "a" else ())
    b = day("b", on, priority=1, not_with=("a",) if says == "b" else ())

    assert _kept(_apart(timedelta()), a, b) == kept


def test_not_with_holds_for_days_that_were_named_and_over_beside() -> None:
    a = day("a", "9 December", priority=9, beside=("b",))
    b = day("b", "10 December", priority=1, not_with=("a",))

    assert _kept(_apart(include=("a", "b")), a, b) == ["a 09"]


def test_a_part_is_not_posted_where_its_whole_is_whatever_its_priority() -> None:
    whole, part = day("whole", priority=1), day("part", priority=9, part_of="whole")

    assert _kept(_apart(timedelta()), whole, part) == ["whole 09"]
    assert _kept(_apart(timedelta(), include=("whole", "part")), whole, part) == ["whole 09"]


def test_a_part_is_posted_where_its_whole_is_not_chosen_or_falls_elsewhere() -> None:
    part = day("part", "10 December", part_of="whole")

    assert _kept(_apart(timedelta(), exclude=("whole",)), day("whole"), part) == ["part 10"]
    assert _kept(_apart(timedelta()), day("whole"), part) == ["whole 09", "part 10"]


def test_a_part_is_posted_where_its_whole_gave_way() -> None:
    higher = day("higher", "8 December", priority=9)
    whole, part = day("whole", priority=5), day("part", priority=5, part_of="whole")
    of = _apart(include=("core", "part"))

    assert _kept(of, higher, whole, part) == ["higher 08", "part 09"]


def test_two_parts_of_each_other_never_both_vanish() -> None:
    a, b = day("a", priority=90, part_of="b"), day("b", part_of="a")

    assert _kept(_apart(timedelta()), a, b) == ["a 09"]


# same_day


def test_two_days_of_one_date_are_half_an_hour_apart_the_higher_priority_first() -> None:
    of = channel()

    assert shown(planned([day("low", priority=1), day("high", priority=9)], of), of) == [
        ("2026-12-09 09:00", "high"),
        ("2026-12-09 09:30", "low"),
    ]


def test_merged_days_are_one_message_in_the_order_of_priority() -> None:
    of = channel(same_day="merge", layout="separate", languages=("en", "fr"))

    (only,) = planned([day("low", priority=1), day("high", priority=9, approval=True)], of)

    assert [posting.key for posting in only.postings] == [
        "high+low/2026-12-09/0/team/en",
        "high+low/2026-12-09/0/team/fr",
    ]
    assert [slot.observance for slot in only.slots] == ["high", "low"]
    assert all(posting.approval for posting in only.postings)


def test_a_remembrance_stands_alone_and_keeps_no_others_apart() -> None:
    of = channel(same_day="merge")
    days = [
        day("a", priority=90),
        day("mourning", priority=80, kind="remembrance"),
        day("b", priority=70),
        day("sorrow", priority=60, kind="remembrance"),
    ]

    assert shown(planned(days, of), of) == [
        ("2026-12-09 09:00", "a+b"),
        ("2026-12-09 09:30", "mourning"),
        ("2026-12-09 10:00", "sorrow"),
    ]


def test_days_of_different_dates_are_never_merged() -> None:
    of = channel(same_day="merge")

    assert len(planned([day("a", "9 December"), day("b", "10 December")], of)) == 2
