"""The phrases by which an editor writes a date rule.

The forms: "9 December", "fourth Saturday of November" (first to fifth, or last), "27 Nisan",
"Easter", "Easter - 2 days", "April", "1 January 2027". Capitals and spaces do not matter. Errors
name the phrase, not the file and entry: whoever reads the file adds those.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Mapping
from datetime import date

from bot.calendar.rules import (
    FIRST_YEAR,
    LAST_YEAR,
    EasterOffset,
    FixedDay,
    HebrewDay,
    HebrewMonth,
    OnceOn,
    Rule,
    WeekdayInMonth,
    WholeMonth,
)
from bot.errors import VigiliaError, nearest

FORMS = (
    "The forms are: '9 December'; 'fourth Saturday of November' (first to fifth, or last);"
    " '27 Nisan' (a Hebrew month); 'Easter', 'Easter - 2 days' or 'Easter + 50 days';"
    " 'April' (its first day); '1 January 2027' (once)."
)


class PhraseError(VigiliaError):
    """A phrase that gives no date rule, or a shift or moved date that cannot be meant."""


_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "last": -1}

_MONTH_NUMBERS = {name.casefold(): number for number, name in enumerate(_MONTHS, start=1)}
_WEEKDAY_NUMBERS = {name.casefold(): number for number, name in enumerate(_WEEKDAYS)}

_OTHER_SPELLINGS = {
    HebrewMonth.NISAN: ("Nissan",),
    HebrewMonth.IYAR: ("Iyyar",),
    HebrewMonth.SIVAN: ("Siwan",),
    HebrewMonth.TAMMUZ: ("Tamuz", "Tammus"),
    HebrewMonth.AV: ("Ab", "Menachem Av"),
    HebrewMonth.ELUL: ("Ellul",),
    HebrewMonth.TISHREI: ("Tishri", "Tishre"),
    HebrewMonth.HESHVAN: ("Cheshvan", "Marheshvan", "Marcheshvan", "Hheshvan", "Chesvan"),
    HebrewMonth.KISLEV: ("Chislev", "Kislew"),
    HebrewMonth.TEVET: ("Teves", "Tebet", "Tebeth", "Teveth"),
    HebrewMonth.SHEVAT: ("Shvat", "Sh'vat", "Shebat", "Sebat"),
    HebrewMonth.ADAR: (),
    HebrewMonth.ADAR_I: ("Adar 1", "Adar Rishon", "Adar Alef", "Adar Aleph", "First Adar"),
    HebrewMonth.ADAR_II: ("Adar 2", "Adar Sheni", "Adar Bet", "Adar Beit", "Second Adar"),
}
_HEBREW_MONTHS = {
    spelling.casefold(): month
    for month, others in _OTHER_SPELLINGS.items()
    for spelling in (month.value, *others)
}
_HEBREW_29_DAYS = tuple(
    HebrewMonth(name) for name in ("Iyar", "Tammuz", "Elul", "Tevet", "Adar", "Adar II")
)

# A word processor's dashes and apostrophes, as the ones of a keyboard.
_PLAIN_SIGNS = str.maketrans({"–": "-", "—": "-", "−": "-", "’": "'"})

_DAY = re.compile(r"(?P<day>[0-9]+) (?P<month>adar [12]|[^0-9]+?)(?: (?P<year>[0-9]+))?")
_WEEKDAY = re.compile(r"(?P<nth>[^ ]+) (?P<weekday>[^ ]+) of (?P<month>.+)")
_EASTER = re.compile(r"easter(?: ?(?P<sign>[+-]) ?(?P<days>[0-9]+) ?days?)?")
_EASTER_DAYS = range(-80, 251)


def parse_phrase(text: str) -> Rule:
    """Return the rule that a phrase means.

    Raises PhraseError for a phrase of no known form and for a date that never comes (31 June,
    32 Nisan, 29 February 2027).
    """
    rule = _read(" ".join(text.translate(_PLAIN_SIGNS).casefold().split()))
    if isinstance(rule, str):
        raise PhraseError(f"The date {_quoted(text)} cannot be used: {rule} {FORMS}")
    return rule


def parse_shift(shift: Mapping[str, object]) -> Mapping[int, int]:
    """Return the days to move by, for each weekday (Monday is 0), from ``{ friday = -1 }``.

    Raises PhraseError for an unknown or repeated weekday, and for a number that is not a whole one
    from -6 to 6, or is 0.
    """
    days: dict[int, int] = {}
    for name, value in shift.items():
        weekday = _WEEKDAY_NUMBERS.get(name.strip().casefold())
        if weekday is None:
            near = nearest(name.strip().capitalize(), _WEEKDAYS)
            raise PhraseError(
                f"shift names {_quoted(name)}, which is not a weekday.{near}"
                " Write it like 'shift = { friday = -1, sunday = 1 }'."
            )
        if weekday in days:
            raise PhraseError(f"shift names {_WEEKDAYS[weekday]} twice. Keep one of the two.")
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= abs(value) <= 6:
            raise PhraseError(
                f"shift moves {_WEEKDAYS[weekday]} by {_quoted(str(value))} days. Write a whole"
                " number of days without quotes: -6 to -1 for earlier, 1 to 6 for later."
            )
        days[weekday] = value
    return days


def parse_moved(moved: Mapping[str, object]) -> Mapping[int, date]:
    """Return the announced date of each year, from ``{ 2028 = "23 April 2028" }``.

    Raises PhraseError for a key that is not a year, for a value that is not a date with its year,
    and for a date of another year than its key.
    """
    dates: dict[int, date] = {}
    example = """Write it like 'moved = { 2028 = "23 April 2028" }'."""
    for key, value in moved.items():
        year = _year(key)
        if year is None:
            raise PhraseError(
                f"moved names {_quoted(key)}, which is not a year from {FIRST_YEAR} to {LAST_YEAR}."
                f" {example}"
            )
        rule = parse_phrase(value) if isinstance(value, str) else None
        if not isinstance(rule, OnceOn):
            raise PhraseError(
                f"moved gives {_quoted(str(value))} for {year}, which is not a phrase of day, month"
                f" and year. {example}"
            )
        if rule.on.year != year:
            raise PhraseError(
                f"moved gives {_quoted(str(value))} for {year}: the date must be in {year}."
                f" {example}"
            )
        dates[year] = rule.on
    return dates


def _quoted(text: str) -> str:
    """Return what an editor wrote, in quotes, on one line, and not endless."""
    line = " ".join(text.split())
    return f"'{line if len(line) <= 60 else line[:59] + '…'}'"


def _year(text: str) -> int | None:
    if not re.fullmatch("[0-9]{4}", text):
        return None
    return int(text) if FIRST_YEAR <= int(text) <= LAST_YEAR else None


def _read(phrase: str) -> Rule | str:
    """Return the rule, or the sentence that says why there is none."""
    if phrase in _MONTH_NUMBERS:
        return WholeMonth(_MONTH_NUMBERS[phrase])
    if match := _EASTER.fullmatch(phrase):
        return _read_easter(match["sign"], match["days"])
    if match := _WEEKDAY.fullmatch(phrase):
        return _read_weekday(match["nth"], match["weekday"], match["month"])
    if match := _DAY.fullmatch(phrase):
        if match["month"] in _HEBREW_MONTHS:
            return _read_hebrew_day(match["day"], _HEBREW_MONTHS[match["month"]], match["year"])
        return _read_day(match["day"], match["month"], match["year"])
    return _why_unread(phrase)


def _read_easter(sign: str | None, digits: str | None) -> Rule | str:
    if sign is None or digits is None:
        return EasterOffset(0)
    # More than three digits are too many days whatever they say.
    days = int(f"{sign}{digits[:4]}")
    if days not in _EASTER_DAYS:
        return "from Easter, count at most 80 days back or 250 days on."
    return EasterOffset(days)


def _read_weekday(ordinal: str, weekday: str, month: str) -> Rule | str:
    if ordinal not in _ORDINALS:
        return (
            f"{_quoted(ordinal)} is none of first to fifth, or last.{nearest(ordinal, _ORDINALS)}"
        )
    if weekday not in _WEEKDAY_NUMBERS:
        near = nearest(weekday.capitalize(), _WEEKDAYS)
        return f"{_quoted(weekday)} is not a weekday.{near}"
    if month not in _MONTH_NUMBERS:
        near = nearest(month.capitalize(), _MONTHS)
        return f"{_quoted(month)} is not a month from January to December.{near}"
    return WeekdayInMonth(_ORDINALS[ordinal], _WEEKDAY_NUMBERS[weekday], _MONTH_NUMBERS[month])


def _read_day(digits: str, name: str, year_digits: str | None) -> Rule | str:
    month = _MONTH_NUMBERS.get(name)
    if month is None:
        spellings = (*_MONTHS, *(spelling.capitalize() for spelling in _HEBREW_MONTHS))
        return f"{_quoted(name)} is not a month.{nearest(name.capitalize(), spellings)}"
    title = _MONTHS[month - 1]
    if year_digits is None:
        # 29 February is a day of the calendar, though not of every year.
        return _day_within(digits, 29 if month == 2 else monthrange(2001, month)[1], title) or (
            FixedDay(month, int(digits))
        )
    year = _year(year_digits)
    if year is None:
        return f"{_quoted(year_digits)} is not a year from {FIRST_YEAR} to {LAST_YEAR}."
    return _day_within(digits, monthrange(year, month)[1], f"{title} {year}") or OnceOn(
        date(year, month, int(digits))
    )


def _read_hebrew_day(digits: str, month: HebrewMonth, year_digits: str | None) -> Rule | str:
    if year_digits is not None:
        return f"a day of {month.value} takes no year; one date alone is written like '5 May 2027'."
    length = 29 if month in _HEBREW_29_DAYS else 30
    return _day_within(digits, length, month.value) or HebrewDay(int(digits), month)


def _day_within(digits: str, length: int, month: str) -> str:
    """Return why the day is not in the month, "" where it is."""
    if len(digits) <= 2 and 1 <= int(digits) <= length:
        return ""
    return f"{month} has the days 1 to {length}."


def _why_unread(phrase: str) -> str:
    if not phrase:
        return "it is empty."
    if phrase in _HEBREW_MONTHS:
        return f"a Hebrew month needs a day, like '1 {_HEBREW_MONTHS[phrase].value}'."
    first = phrase.split(maxsplit=1)[0]
    if first in _MONTH_NUMBERS or first in _HEBREW_MONTHS:
        return "the day comes first, then the month."
    if first.startswith("easter"):
        return "after 'Easter' comes nothing, or a number of days before (-) or after (+) it."
    return f"it has no known form.{nearest(first.capitalize(), ('Easter', *_MONTHS))}"
