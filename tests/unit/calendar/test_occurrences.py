"""Which dates an observance is kept on, and the number that may be printed."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.calendar.observances import Observance
from bot.calendar.occurrences import calendar_between, next_occurrence, occurrences
from bot.calendar.rules import Rule
from tests.unit.calendar.days import observance, rules, untimed, written

FRIDAY, SATURDAY, SUNDAY = 4, 5, 6


def dates(day: Observance, start: str, end: str) -> list[str]:
    found = occurrences(day, date.fromisoformat(start), date.fromisoformat(end))
    assert all(each.observance is day for each in found)
    return [each.date.isoformat() for each in found]


def test_both_ends_of_the_interval_belong_to_it() -> None:
    day = observance("9 December")
    assert dates(day, "2025-12-09", "2026-12-09") == ["2025-12-09", "2026-12-09"]
    assert dates(day, "2025-12-10", "2026-12-08") == []


def test_an_observance_has_no_date_before_its_first_year_or_after_its_last() -> None:
    day = observance("9 December", since=2015, until=2017)
    assert dates(day, "2000-01-01", "2030-01-01") == ["2015-12-09", "2016-12-09", "2017-12-09"]


def test_an_anniversary_begins_the_year_after_its_event() -> None:
    assert dates(observance("9 December", event=2015), "2010-01-01", "2017-01-01") == ["2016-12-09"]


def test_a_first_year_that_is_set_is_kept_though_it_is_the_events_own() -> None:
    day = observance("9 December", event=2015, since=2015)
    assert dates(day, "2010-01-01", "2016-01-01") == ["2015-12-09"]


def test_a_shift_moves_a_date_that_falls_on_its_weekday_and_no_other() -> None:
    # 9 December: a Tuesday in 2025, a Wednesday in 2026, a Saturday in 2028, a Sunday in 2029.
    day = observance("9 December", shift={SATURDAY: -1, SUNDAY: 1})
    assert dates(day, "2025-01-01", "2029-12-31") == [
        *("2025-12-09", "2026-12-09", "2027-12-09", "2028-12-08", "2029-12-10")
    ]


def test_a_shift_is_applied_once() -> None:
    # 9 December 2028 is a Saturday.
    day = observance("9 December", shift={SATURDAY: 1, SUNDAY: 1})
    assert dates(day, "2028-01-01", "2028-12-31") == ["2028-12-10"]


def test_a_shift_carries_a_date_over_a_years_edge_in_both_directions() -> None:
    # 1 January 2028 is a Saturday; 31 December 2028 is a Sunday.
    back = observance("1 January", shift={SATURDAY: -1})
    assert dates(back, "2027-12-31", "2027-12-31") == ["2027-12-31"]
    assert dates(back, "2028-01-01", "2028-12-31") == []
    on = observance("31 December", shift={SUNDAY: 1})
    assert dates(on, "2029-01-01", "2029-01-01") == ["2029-01-01"]
    assert dates(on, "2028-01-01", "2028-12-31") == []


def test_first_and_last_year_are_those_of_the_date_that_results() -> None:
    back = observance("1 January", shift={SATURDAY: -1}, since=2028)
    assert dates(back, "2027-01-01", "2029-12-31") == ["2029-01-01"]
    back = observance("1 January", shift={SATURDAY: -1}, until=2027)
    assert dates(back, "2027-01-01", "2029-12-31") == ["2027-01-01", "2027-12-31"]


def test_a_moved_date_replaces_that_years_dates_and_is_not_shifted() -> None:
    # 23 April 2028 is a Sunday.
    day = observance("27 Nisan", shift={FRIDAY: -1, SUNDAY: 1}, moved={2028: date(2028, 4, 23)})
    assert dates(day, "2027-01-01", "2029-12-31") == ["2027-05-04", "2028-04-23", "2029-04-12"]


def test_a_moved_date_replaces_both_dates_of_a_hebrew_day_that_comes_twice() -> None:
    day = observance("10 Tevet", moved={2025: date(2025, 1, 9)})
    assert dates(day, "2024-01-01", "2025-12-31") == ["2025-01-09"]


def test_a_moved_date_takes_the_place_of_one_that_a_shift_would_carry_into_the_year_before() -> (
    None
):
    day = observance("1 January", shift={SATURDAY: -1}, moved={2028: date(2028, 1, 3)})
    assert dates(day, "2027-12-01", "2028-12-31") == ["2028-01-03"]


def test_two_ways_to_one_date_are_one_occurrence() -> None:
    day = observance("1 January", shift={SATURDAY: -1}, moved={2027: date(2027, 12, 31)})
    assert dates(day, "2027-01-01", "2028-12-31") == ["2027-12-31"]


def test_milestones_are_the_round_years_of_the_event() -> None:
    day = observance("9 December", event=1900, milestones_only=True)
    kept = [each.years for each in occurrences(day, date(1890, 1, 1), date(2099, 12, 31))]
    assert kept == [*(1, 5, 10, 20, 25, 30, 40, 50, 60, 70, 75, 80, 90, 100, 125, 150, 175)]


def test_no_milestone_comes_before_its_event() -> None:
    day = observance("9 December", event=1950, since=1900, milestones_only=True)
    assert dates(day, "1900-01-01", "1951-12-31") == ["1951-12-09"]


def test_milestones_without_an_event_leave_no_year_out() -> None:
    day = observance("9 December", milestones_only=True)
    assert dates(day, "2026-01-01", "2027-12-31") == ["2026-12-09", "2027-12-09"]


def test_a_calendar_is_ordered_by_date_then_priority_then_id() -> None:
    days = (
        observance("9 December", name="b-low", priority=10),
        observance("9 December", name="c-high", priority=90),
        observance("9 December", name="a-low", priority=10),
        observance("8 December", name="z-before", priority=0),
    )
    found = calendar_between(days, date(2026, 12, 1), date(2026, 12, 31))
    assert [each.observance.id for each in found] == ["z-before", "c-high", "a-low", "b-low"]
    assert calendar_between((), date(2026, 1, 1), date(2026, 12, 31)) == ()


def test_the_next_occurrence_is_after_the_date_itself() -> None:
    day = observance("9 December")
    found = {
        after: next_occurrence(day, date.fromisoformat(after))
        for after in ("2026-12-08", "2026-12-09")
    }
    assert [each and each.date.year for each in found.values()] == [2026, 2027]


def test_the_next_occurrence_may_be_carried_into_this_year_by_a_shift() -> None:
    found = next_occurrence(observance("1 January", shift={SATURDAY: -1}), date(2027, 12, 30))
    assert found is not None
    assert found.date == date(2027, 12, 31)


def test_there_is_no_next_occurrence_where_none_comes_within_the_years_looked_at() -> None:
    once = observance("1 January 2027")
    assert next_occurrence(once, date(2027, 1, 1)) is None
    assert next_occurrence(once, date(2024, 6, 1), limit_years=2) is None
    found = next_occurrence(once, date(2024, 6, 1), limit_years=3)
    assert found is not None
    assert next_occurrence(observance("9 December"), date.max) is None


def test_the_longest_wait_of_a_rule_is_within_the_years_looked_at() -> None:
    # 29 February is a Sunday in 2088 and then, as 2100 has no such day, not before 2128.
    day = observance("fifth Sunday of February")
    found = next_occurrence(day, date(2088, 3, 1))
    assert found is not None
    assert found.date == date(2128, 2, 29)


def test_an_interval_over_all_time_is_answered() -> None:
    day = observance("Easter", shift={SUNDAY: 1})
    found = occurrences(day, date.min, date.max)
    assert (found[0].date.year, found[-1].date.year, len(found)) == (1583, 4099, 2517)


shifts = st.dictionaries(st.integers(0, 6), st.integers(-6, 6).filter(bool), max_size=7)


@untimed
@given(
    rule=rules,
    shift=shifts,
    start=st.dates(date(1900, 1, 1), date(2090, 1, 1)),
    first=st.integers(0, 1500),
    second=st.integers(0, 1500),
)
def test_an_interval_holds_what_its_two_parts_hold(
    rule: Rule, shift: dict[int, int], start: date, first: int, second: int
) -> None:
    day = observance(written(rule), shift=shift)
    middle = start + timedelta(days=first)
    end = middle + timedelta(days=second)
    parts = (*occurrences(day, start, middle), *occurrences(day, middle + timedelta(days=1), end))
    assert occurrences(day, start, end) == parts
    assert len({each.date for each in parts}) == len(parts)


@untimed
@given(rule=rules, shift=shifts, after=st.dates(date(1900, 1, 1), date(2090, 1, 1)))
def test_the_next_occurrence_is_the_first_of_the_days_that_follow(
    rule: Rule, shift: dict[int, int], after: date
) -> None:
    day = observance(written(rule), shift=shift)
    following = occurrences(day, after + timedelta(days=1), date(after.year + 50, 12, 31))
    assert next_occurrence(day, after) == (following[0] if following else None)


@pytest.mark.parametrize(
    ("day", "on", "ordinal", "years"),
    [
        (
            observance("9 December", since=2015, event=1948, count="observances"),
            *("2026-12-09", 12, 78),
        ),
        (observance("10 December", event=1948, count="years"), "2026-12-10", 78, 78),
        (observance("18 December", event=2001, count="years"), "2026-12-18", 25, 25),
        (observance("12 January", event=1951, count="years"), "2027-01-12", 76, 76),
        (
            observance("27 January", since=2006, event=1945, count="observances"),
            *("2027-01-27", 22, 82),
        ),
        (observance("30 January", event=1944, count="years"), "2027-01-30", 83, 83),
        (observance("7 April", since=2004, event=1994, count="observances"), "2027-04-07", 24, 33),
        (observance("29 May", since=2003, event=1948, count="observances"), "2027-05-29", 25, 79),
        (observance("11 July", since=2024, event=1995, count="observances"), "2027-07-11", 4, 32),
        (observance("17 July", event=1998, count="years"), "2027-07-17", 29, 29),
        (observance("16 September", event=2005, count="years"), "2027-09-16", 22, 22),
    ],
    ids=lambda value: value.phrase if isinstance(value, Observance) else None,
)
def test_the_ordinal_is_the_one_of_the_editorial_table(
    day: Observance, on: str, ordinal: int, years: int
) -> None:
    (found,) = occurrences(day, date.fromisoformat(on), date.fromisoformat(on))
    assert (found.ordinal, found.years, found.anniversary) == (ordinal, years, years)


def test_the_first_observance_is_the_1st_and_the_first_anniversary_too() -> None:
    first = occurrences(
        observance("9 December", since=2015, count="observances"),
        date(2015, 1, 1),
        date(2015, 12, 31),
    )
    assert [each.ordinal for each in first] == [1]
    first = occurrences(
        observance("9 December", event=2015, count="years"), date(2015, 1, 1), date(2016, 12, 31)
    )
    assert [each.ordinal for each in first] == [1]


def test_no_number_is_given_where_none_may_be_printed() -> None:
    (found,) = occurrences(
        observance("9 December", since=2015, event=1948), date(2026, 1, 1), date(2026, 12, 31)
    )
    assert (found.ordinal, found.anniversary, found.years) == (None, None, 78)
    (found,) = occurrences(
        observance("9 December", count="observances"), date(2026, 1, 1), date(2026, 12, 31)
    )
    assert (found.ordinal, found.years) == (None, None)
