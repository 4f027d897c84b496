"""Date rules: on which dates of a Gregorian year something falls.

Pure values. Weekdays count from Monday, 0, to Sunday, 6; months from January, 1. Every rule gives
its dates for the years ``FIRST_YEAR`` to ``LAST_YEAR``, sorted.
"""

from __future__ import annotations

from calendar import isleap, monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from typing import TypeAlias

from dateutil.easter import EASTER_WESTERN, easter
from pyluach.dates import HebrewDate
from pyluach.hebrewcal import Year

FIRST_YEAR = 1583
"""The Gregorian calendar's first whole year, and the first for which Easter can be computed."""

LAST_YEAR = 4099
"""The last year for which dateutil computes the Western Easter."""

_HEBREW_YEAR_BEGUN_IN_JANUARY = 3760
"""What 1 January's Hebrew year is ahead of the Gregorian one; the next begins in autumn."""


class HebrewMonth(StrEnum):
    """A month of the Hebrew calendar, by its usual English spelling."""

    NISAN = "Nisan"
    IYAR = "Iyar"
    SIVAN = "Sivan"
    TAMMUZ = "Tammuz"
    AV = "Av"
    ELUL = "Elul"
    TISHREI = "Tishrei"
    HESHVAN = "Heshvan"
    KISLEV = "Kislev"
    TEVET = "Tevet"
    SHEVAT = "Shevat"
    ADAR = "Adar"
    ADAR_I = "Adar I"
    ADAR_II = "Adar II"


_HEBREW_MONTH_NUMBERS = {
    month: number
    for number, month in enumerate(HebrewMonth, start=1)
    if month not in {HebrewMonth.ADAR, HebrewMonth.ADAR_I, HebrewMonth.ADAR_II}
}


@dataclass(frozen=True)
class FixedDay:
    """The same day each year. 29 February falls on 28 February in common years."""

    month: int
    day: int

    def dates(self, year: int) -> tuple[date, ...]:
        """Return the one date of ``year``."""
        if (self.month, self.day) == (2, 29) and not isleap(year):
            return (date(year, 2, 28),)
        return (date(year, self.month, self.day),)


@dataclass(frozen=True)
class WeekdayInMonth:
    """The ``nth`` weekday of a month, 1 to 5, or -1 for the last."""

    nth: int
    weekday: int
    month: int

    def dates(self, year: int) -> tuple[date, ...]:
        """Return the one date of ``year``, or none where the month has no fifth such weekday."""
        first_weekday, length = monthrange(year, self.month)
        earliest = 1 + (self.weekday - first_weekday) % 7
        days = range(earliest, length + 1, 7)
        if self.nth > len(days):
            return ()
        return (date(year, self.month, days[-1 if self.nth == -1 else self.nth - 1]),)


@dataclass(frozen=True)
class HebrewDay:
    """A day of the Hebrew calendar, by its daytime: it begins at sundown of the evening before.

    A Gregorian year may hold it twice, or not at all. Where a Hebrew year lacks it:

    - *Adar* and *Adar II* are the last month before Nisan: Adar in common years, Adar II in leap
      years, as for Purim. *Adar I* is Adar in common years. (Customs differ for the anniversary of
      a death in a common year's Adar: whoever keeps it in the first of two writes "Adar I".)
    - 30 Heshvan falls on 1 Kislev and 30 Kislev on 1 Tevet in years in which those months have 29
      days: the first of the next month, which is its Rosh Hodesh as the 30th is in other years.
    - 30 Adar I falls on 30 Shevat in common years, the first day of Rosh Hodesh Adar.

    Source: N. Dershowitz and E. M. Reingold, *Calendrical Calculations*, anniversaries in the
    Hebrew calendar, as told at https://hebcal.github.io/api/hdate/functions/getYahrzeit.html and
    https://hebcal.github.io/api/hdate/functions/getBirthdayOrAnniversary.html. The book moves a
    death's 30 Heshvan or 30 Kislev back to the 29th where the year after the death lacked the 30th;
    a rule knows no such year and keeps the general case.
    """

    day: int
    month: HebrewMonth

    def dates(self, year: int) -> tuple[date, ...]:
        """Return the dates in the Gregorian ``year``: none, one or two."""
        return _hebrew_dates(self.day, self.month, year)


@dataclass(frozen=True)
class EasterOffset:
    """A number of days after the Western Easter Sunday, or before it where negative.

    From -80 to 250 the date stays in Easter's year, since Easter falls on 22 March to 25 April.
    """

    days: int

    def dates(self, year: int) -> tuple[date, ...]:
        """Return the one date counted from the Easter of ``year``."""
        return (easter(year, EASTER_WESTERN) + timedelta(days=self.days),)


@dataclass(frozen=True)
class WholeMonth:
    """A month, marked on its first day."""

    month: int

    def dates(self, year: int) -> tuple[date, ...]:
        """Return the first day of the month in ``year``."""
        return (date(year, self.month, 1),)


@dataclass(frozen=True)
class OnceOn:
    """One date, once."""

    on: date

    def dates(self, year: int) -> tuple[date, ...]:
        """Return the date if it lies in ``year``."""
        return (self.on,) if self.on.year == year else ()


Rule: TypeAlias = FixedDay | WeekdayInMonth | HebrewDay | EasterOffset | WholeMonth | OnceOn


@cache
def _hebrew_dates(day: int, month: HebrewMonth, year: int) -> tuple[date, ...]:
    first = year + _HEBREW_YEAR_BEGUN_IN_JANUARY
    dates = (_in_hebrew_year(day, month, hebrew_year) for hebrew_year in (first, first + 1))
    return tuple(on for on in dates if on.year == year)


def _in_hebrew_year(day: int, month: HebrewMonth, hebrew_year: int) -> date:
    leap = Year(hebrew_year).leap
    match month:
        case HebrewMonth.ADAR | HebrewMonth.ADAR_II:
            number = 13 if leap else 12
        case HebrewMonth.ADAR_I:
            number = 11 if day == 30 and not leap else 12
        case _:
            number = _HEBREW_MONTH_NUMBERS[month]
    # Every month has a 29th; the day after it is the 30th, or the next month's first where the
    # month ends there.
    in_month = min(day, 29)
    on: date = HebrewDate(hebrew_year, number, in_month).to_pydate()
    return on + timedelta(days=day - in_month)
