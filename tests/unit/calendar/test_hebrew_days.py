"""Hebrew dates against another implementation (convertdate) and against published dates."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

import pytest
from convertdate import hebrew

from bot.calendar.occurrences import occurrences
from bot.calendar.phrases import parse_phrase
from bot.calendar.rules import HebrewDay, HebrewMonth
from tests.unit.calendar.days import HEBREW_LENGTHS, YEARS, observance

# convertdate calls a function of its own that it has deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:month_days is deprecated:DeprecationWarning")

FRIDAY, SUNDAY = 4, 6
HEBREW_YEARS = range(YEARS.start + 3760, YEARS.stop + 3761)
MONTH_NUMBERS = {month: number for number, month in enumerate(list(HebrewMonth)[:11], start=1)}


@cache
def month_start(hebrew_year: int, month: int) -> date:
    """Gives the first of a month counted from Nisan, by convertdate."""
    return date(*hebrew.to_gregorian(hebrew_year, month, 1))


def month_number(hebrew_year: int, month: HebrewMonth) -> int:
    if month in MONTH_NUMBERS:
        return MONTH_NUMBERS[month]
    if month is HebrewMonth.ADAR_I or not hebrew.leap(hebrew_year):
        return 12
    return 13


def expected(day: int, month: HebrewMonth, hebrew_year: int) -> date:
    number = month_number(hebrew_year, month)
    if day <= hebrew.month_length(hebrew_year, number):
        return month_start(hebrew_year, number) + timedelta(days=day - 1)
    instead = {
        HebrewMonth.HESHVAN: month_start(hebrew_year, 9),
        HebrewMonth.KISLEV: month_start(hebrew_year, 10),
        HebrewMonth.ADAR_I: month_start(hebrew_year, 11) + timedelta(days=29),
    }
    return instead[month]


@pytest.mark.parametrize("month", HebrewMonth)
def test_every_day_of_a_hebrew_month_agrees_with_convertdate(month: HebrewMonth) -> None:
    for day in range(1, HEBREW_LENGTHS[month] + 1):
        rule = HebrewDay(day, month)
        ours = [on for year in YEARS for on in rule.dates(year)]
        theirs = [expected(day, month, hebrew_year) for hebrew_year in HEBREW_YEARS]
        assert ours == [on for on in theirs if on.year in YEARS]


PUBLISHED = {
    "1 Tishrei": ("2023-09-16", "2024-10-03", "2025-09-23", "2026-09-12", "2027-10-02"),
    "10 Tishrei": ("2024-10-12", "2025-10-02", "2026-09-21", "2027-10-11"),
    "25 Kislev": ("2024-12-26", "2025-12-15", "2026-12-05"),
    "14 Adar": ("2023-03-07", "2024-03-24", "2025-03-14", "2026-03-03", "2027-03-23"),
    "15 Nisan": ("2024-04-23", "2025-04-13", "2026-04-02", "2027-04-22"),
    "6 Sivan": ("2024-06-12", "2025-06-02", "2026-05-22", "2027-06-11"),
    "9 Av": ("2024-08-13", "2025-08-03", "2026-07-23"),
    "27 Nisan": ("2024-05-05", "2025-04-25", "2026-04-14", "2027-05-04"),
}
"""Dates printed in civil calendars: New Year, Atonement, Hanukkah, Purim, Passover, Weeks."""


@pytest.mark.parametrize(
    ("phrase", "published"), [(phrase, on) for phrase, dates in PUBLISHED.items() for on in dates]
)
def test_a_hebrew_day_falls_on_the_published_civil_date(phrase: str, published: str) -> None:
    on = date.fromisoformat(published)
    assert parse_phrase(phrase).dates(on.year) == (on,)


def test_a_hebrew_day_can_come_twice_in_a_year_or_not_at_all() -> None:
    tenth_of_tevet = HebrewDay(10, HebrewMonth.TEVET)
    assert tenth_of_tevet.dates(2024) == ()
    assert tenth_of_tevet.dates(2025) == (date(2025, 1, 10), date(2025, 12, 30))


def test_adar_is_the_last_month_before_nisan_and_adar_i_the_first_of_two() -> None:
    # 5784 (2024) is a leap year, 5785 (2025) a common one.
    in_adar = {month: HebrewDay(7, month) for month in HebrewMonth if "Adar" in month}
    assert {month.value: rule.dates(2024) for month, rule in in_adar.items()} == {
        "Adar": (date(2024, 3, 17),),
        "Adar I": (date(2024, 2, 16),),
        "Adar II": (date(2024, 3, 17),),
    }
    assert {rule.dates(2025) for rule in in_adar.values()} == {(date(2025, 3, 7),)}


def test_a_thirtieth_that_a_year_lacks_falls_on_the_first_day_of_rosh_hodesh() -> None:
    # 5784: Heshvan and Kislev of 29 and 29 days, a leap year; 5785: of 30 and 30, a common year.
    assert HebrewDay(30, HebrewMonth.HESHVAN).dates(2023) == (date(2023, 11, 14),)
    assert HebrewDay(1, HebrewMonth.KISLEV).dates(2023) == (date(2023, 11, 14),)
    assert HebrewDay(30, HebrewMonth.HESHVAN).dates(2024) == (date(2024, 12, 1),)
    assert HebrewDay(30, HebrewMonth.KISLEV).dates(2023) == (date(2023, 12, 13),)
    assert HebrewDay(1, HebrewMonth.TEVET).dates(2023) == (date(2023, 12, 13),)
    assert HebrewDay(30, HebrewMonth.KISLEV).dates(2024) == (date(2024, 12, 31),)
    assert HebrewDay(30, HebrewMonth.ADAR_I).dates(2024) == (date(2024, 3, 10),)
    assert HebrewDay(30, HebrewMonth.ADAR_I).dates(2025) == (date(2025, 2, 28),)
    assert HebrewDay(30, HebrewMonth.SHEVAT).dates(2025) == (date(2025, 2, 28),)


YOM_HASHOAH = (
    *("2024-05-06", "2025-04-24", "2026-04-14", "2027-05-04", "2028-04-24"),
    *("2029-04-12", "2030-04-30", "2031-04-21", "2032-04-08"),
)


def test_yom_hashoah_is_kept_off_friday_and_sunday() -> None:
    day = observance("27 Nisan", shift={FRIDAY: -1, SUNDAY: 1})
    kept = occurrences(day, date(2024, 1, 1), date(2032, 12, 31))
    assert tuple(each.date.isoformat() for each in kept) == YOM_HASHOAH
