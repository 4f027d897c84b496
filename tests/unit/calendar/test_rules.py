"""Every rule's dates, 1900 to 2100."""

from __future__ import annotations

from calendar import isleap, monthrange
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.calendar.rules import EasterOffset, FixedDay, OnceOn, Rule, WeekdayInMonth, WholeMonth
from tests.unit.calendar.days import YEARS, fixed_days, rules, untimed

WEEK = timedelta(days=7)


@untimed
@given(rule=rules, year=st.sampled_from(YEARS))
def test_every_rule_gives_sorted_dates_of_the_year_asked_for(rule: Rule, year: int) -> None:
    dates = rule.dates(year)
    assert list(dates) == sorted(set(dates))
    assert all(on.year == year for on in dates)


@untimed
@given(rule=fixed_days, year=st.sampled_from(YEARS))
def test_a_fixed_day_is_that_day_of_that_month(rule: FixedDay, year: int) -> None:
    (on,) = rule.dates(year)
    assert on.month == rule.month
    if (rule.month, rule.day) != (2, 29):
        assert on.day == rule.day


@pytest.mark.parametrize("year", YEARS)
def test_29_february_falls_on_28_february_in_common_years(year: int) -> None:
    assert FixedDay(2, 29).dates(year) == (date(year, 2, 29 if isleap(year) else 28),)


@pytest.mark.parametrize("nth", [1, 2, 3, 4, 5])
def test_the_nth_weekday_is_that_weekday_in_the_nth_seven_days_of_the_month(nth: int) -> None:
    for year in YEARS:
        for month in range(1, 13):
            for weekday in range(7):
                dates = WeekdayInMonth(nth, weekday, month).dates(year)
                there = [
                    day
                    for day in range(7 * nth - 6, min(7 * nth, monthrange(year, month)[1]) + 1)
                    if date(year, month, day).weekday() == weekday
                ]
                assert [on.day for on in dates] == there
                assert all(on.month == month for on in dates)


def test_a_fifth_friday_does_not_exist_in_every_november() -> None:
    fifth_friday = WeekdayInMonth(5, 4, 11)
    assert fifth_friday.dates(2026) == ()
    assert fifth_friday.dates(2029) == (date(2029, 11, 30),)


@untimed
@given(weekday=st.integers(0, 6), month=st.integers(1, 12), year=st.sampled_from(YEARS))
def test_a_week_after_the_last_weekday_lies_in_another_month(
    weekday: int, month: int, year: int
) -> None:
    (on,) = WeekdayInMonth(-1, weekday, month).dates(year)
    assert (on.weekday(), on.month) == (weekday, month)
    assert (on + WEEK).month != month


def test_the_fourth_saturday_of_november_is_holodomor_memorial_day() -> None:
    fourth_saturday = WeekdayInMonth(4, 5, 11)
    assert [fourth_saturday.dates(year)[0].day for year in (2024, 2025, 2026, 2027)] == [
        *(23, 22, 28, 27)
    ]


def test_a_month_is_marked_on_its_first_day() -> None:
    assert WholeMonth(4).dates(2027) == (date(2027, 4, 1),)


def test_a_single_date_comes_in_its_own_year_only() -> None:
    once = OnceOn(date(2027, 1, 1))
    assert [once.dates(year) for year in (2026, 2027, 2028)] == [(), (date(2027, 1, 1),), ()]


PUBLISHED_EASTERS = (
    *("1818-03-22", "1913-03-23", "1943-04-25", "1954-04-18", "1961-04-02", "1981-04-19"),
    *("2000-04-23", "2008-03-23", "2011-04-24", "2016-03-27", "2018-04-01", "2019-04-21"),
    *("2020-04-12", "2021-04-04", "2022-04-17", "2023-04-09", "2024-03-31", "2025-04-20"),
    *("2026-04-05", "2027-03-28", "2028-04-16", "2029-04-01", "2030-04-21", "2038-04-25"),
)
"""Western Easter Sundays as printed in almanacs, the earliest and latest possible among them."""


@pytest.mark.parametrize("published", PUBLISHED_EASTERS)
def test_easter_is_the_published_sunday(published: str) -> None:
    on = date.fromisoformat(published)
    assert EasterOffset(0).dates(on.year) == (on,)


def anonymous_computus(year: int) -> date:
    """Gives Easter by the anonymous Gregorian algorithm (Nature, 20 April 1876; Meeus, Jones)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = divmod(b, 4)
    g = (b - (b + 8) // 25 + 1) // 3
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    correction = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * correction) // 451
    month, day = divmod(h + correction - 7 * m + 114, 31)
    return date(year, month, day + 1)


@pytest.mark.parametrize("year", range(1583, 4100, 7))
def test_easter_agrees_with_the_anonymous_computus(year: int) -> None:
    assert EasterOffset(0).dates(year) == (anonymous_computus(year),)


def test_every_easter_from_1900_to_2100_agrees_with_the_anonymous_computus() -> None:
    assert [EasterOffset(0).dates(year)[0] for year in YEARS] == [
        anonymous_computus(year) for year in YEARS
    ]


@untimed
@given(days=st.integers(-80, 250), year=st.sampled_from(YEARS))
def test_days_from_easter_are_counted_from_that_years_easter(days: int, year: int) -> None:
    (on,) = EasterOffset(days).dates(year)
    assert (on - anonymous_computus(year)).days == days
