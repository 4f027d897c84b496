"""What the calendar's tests share: observances in one line, and every rule as a strategy."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from datetime import date

from hypothesis import settings
from hypothesis import strategies as st

from bot.calendar.observances import Count, Observance
from bot.calendar.phrases import parse_phrase
from bot.calendar.rules import (
    EasterOffset,
    FixedDay,
    HebrewDay,
    HebrewMonth,
    OnceOn,
    Rule,
    WeekdayInMonth,
    WholeMonth,
)

YEARS = range(1900, 2101)

untimed = settings(deadline=None)
"""For every property: how long an example takes says nothing on a busy machine."""

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def written(rule: Rule) -> str:
    """A rule as an editor writes it."""
    match rule:
        case FixedDay(month, day):
            return f"{day} {_MONTHS[month - 1]}"
        case WeekdayInMonth(nth, weekday, month):
            ordinals = ("last", "", "first", "second", "third", "fourth", "fifth")
            return f"{ordinals[nth + 1]} {_WEEKDAYS[weekday]} of {_MONTHS[month - 1]}"
        case HebrewDay(day, hebrew_month):
            return f"{day} {hebrew_month.value}"
        case EasterOffset(0):
            return "Easter"
        case EasterOffset(days):
            return f"Easter {'+' if days > 0 else '-'} {abs(days)} day{'s' * (abs(days) != 1)}"
        case WholeMonth(month):
            return _MONTHS[month - 1]
        case OnceOn(on):
            return f"{on.day} {_MONTHS[on.month - 1]} {on.year}"


HEBREW_LENGTHS = {
    HebrewMonth.NISAN: 30,
    HebrewMonth.IYAR: 29,
    HebrewMonth.SIVAN: 30,
    HebrewMonth.TAMMUZ: 29,
    HebrewMonth.AV: 30,
    HebrewMonth.ELUL: 29,
    HebrewMonth.TISHREI: 30,
    HebrewMonth.HESHVAN: 30,
    HebrewMonth.KISLEV: 30,
    HebrewMonth.TEVET: 29,
    HebrewMonth.SHEVAT: 30,
    HebrewMonth.ADAR: 29,
    HebrewMonth.ADAR_I: 30,
    HebrewMonth.ADAR_II: 29,
}
"""The most days a month can have."""


def observance(
    on: str,
    *,
    name: str = "some-day",
    priority: int = 50,
    shift: Mapping[int, int] | None = None,
    moved: Mapping[int, date] | None = None,
    since: int | None = None,
    until: int | None = None,
    event: int | None = None,
    count: Count | None = None,
    milestones_only: bool = False,
) -> Observance:
    return Observance(
        id=name,
        kind="day",
        phrase=on,
        rule=parse_phrase(on),
        names={"en": name},
        priority=priority,
        shift=shift or {},
        moved=moved or {},
        since=since,
        until=until,
        event=event,
        count=count,
        milestones_only=milestones_only,
    )


fixed_days = st.integers(1, 12).flatmap(
    lambda month: st.builds(
        FixedDay, month=st.just(month), day=st.integers(1, monthrange(2000, month)[1])
    )
)
weekdays_in_month = st.builds(
    WeekdayInMonth,
    nth=st.sampled_from((1, 2, 3, 4, 5, -1)),
    weekday=st.integers(0, 6),
    month=st.integers(1, 12),
)
hebrew_days = st.sampled_from(HebrewMonth).flatmap(
    lambda month: st.builds(
        HebrewDay, day=st.integers(1, HEBREW_LENGTHS[month]), month=st.just(month)
    )
)
rules: st.SearchStrategy[Rule] = st.one_of(
    fixed_days,
    weekdays_in_month,
    hebrew_days,
    st.builds(EasterOffset, days=st.integers(-80, 250)),
    st.builds(WholeMonth, month=st.integers(1, 12)),
    st.builds(OnceOn, on=st.dates(date(1583, 1, 1), date(4099, 12, 31))),
)
