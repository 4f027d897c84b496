"""Local hours that do not exist, exist twice, or are ordinary."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.calendar.localtime import instant
from tests.unit.calendar.days import untimed

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)

ZONES = (
    *("America/Toronto", "America/St_Johns", "America/Vancouver", "America/Havana"),
    *("America/Mexico_City", "America/Tijuana", "America/Asuncion", "America/Santiago"),
    *("America/Sao_Paulo", "America/Scoresbysund", "America/Caracas", "Africa/Cairo"),
    *("Africa/Casablanca", "Africa/Monrovia", "Asia/Beirut", "Asia/Gaza", "Asia/Tehran"),
    *("Asia/Pyongyang", "Asia/Kathmandu", "Asia/Amman", "Europe/London", "Europe/Dublin"),
    *("Europe/Madrid", "Atlantic/Azores", "Antarctica/Troll", "Australia/Lord_Howe"),
    *("Pacific/Apia", "Pacific/Chatham", "Pacific/Kwajalein", "Pacific/Kiritimati"),
)


def shown(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None, fold=0)


def offset(at: datetime, zone: ZoneInfo) -> timedelta:
    found = at.astimezone(zone).utcoffset()
    assert found is not None
    return found


@cache
def changes(zone: ZoneInfo) -> tuple[datetime, ...]:
    """Gives the instants at which the zone's offset changes, 1968 to 2040, by looking daily."""
    found = []
    today = datetime(1968, 1, 1, tzinfo=UTC)
    while today.year < 2040:
        if offset(today, zone) != offset(today + DAY, zone):
            low, high = 0, 24 * 3600
            while high - low > 1:
                middle = (low + high) // 2
                unchanged = offset(today + middle * SECOND, zone) == offset(today, zone)
                low, high = (middle, high) if unchanged else (low, middle)
            found.append(today + high * SECOND)
        today += DAY
    return tuple(found)


@pytest.mark.parametrize("name", ZONES)
def test_each_clock_change_of_a_zone_is_passed_exactly(name: str) -> None:
    zone = ZoneInfo(name)
    assert changes(zone)
    for change in changes(zone):
        before, after = offset(change - SECOND, zone), offset(change, zone)
        low, high = sorted(((change + before), (change + after)))
        for local in (low - SECOND, low, low + (high - low) / 2, high - SECOND, high):
            if local >= high:
                due = local - after
            elif local >= low and after > before:
                due = change
            else:
                due = local - before
            assert instant(local.date(), local.time(), zone) == due


@untimed
@given(
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    local=st.datetimes(datetime.fromisoformat("1990-01-01"), datetime.fromisoformat("2040-01-01")),
)
def test_what_an_instant_shows_is_the_hour_asked_for_unless_it_falls_in_a_gap(
    zone: ZoneInfo, local: datetime
) -> None:
    found = instant(local.date(), local.time(), zone)
    assert found.tzinfo is UTC
    if shown(found, zone) != local:
        assert found in changes(zone)
        assert shown(found - SECOND, zone) < local < shown(found, zone)


@untimed
@given(
    zone=st.sampled_from(ZONES).map(ZoneInfo),
    day=st.dates(date(1990, 1, 1), date(2039, 12, 31)),
    one=st.times(),
    other=st.times(),
)
def test_a_later_hour_of_a_day_is_never_an_earlier_instant(
    zone: ZoneInfo, day: date, one: time, other: time
) -> None:
    earlier, later = sorted((one, other))
    assert instant(day, earlier, zone) <= instant(day, later, zone)


@pytest.mark.parametrize(
    ("name", "local", "due"),
    [
        ("America/Toronto", "2026-12-09 09:00", "2026-12-09 14:00"),
        ("America/Mexico_City", "2026-12-09 09:00", "2026-12-09 15:00"),
        ("America/Toronto", "2026-03-08 02:30", "2026-03-08 07:00"),
        ("America/Toronto", "2026-03-08 02:00", "2026-03-08 07:00"),
        ("America/Toronto", "2026-03-08 03:00", "2026-03-08 07:00"),
        ("America/St_Johns", "2026-03-08 02:15", "2026-03-08 05:30"),
        ("America/Mexico_City", "2022-04-03 02:59", "2022-04-03 08:00"),
        ("America/Havana", "2026-03-08 00:00", "2026-03-08 05:00"),
        ("America/Asuncion", "2023-10-01 00:00", "2023-10-01 04:00"),
        ("America/Santiago", "2023-09-03 00:30", "2023-09-03 04:00"),
        ("America/Sao_Paulo", "2018-11-04 00:30", "2018-11-04 03:00"),
        ("Africa/Cairo", "2024-04-26 00:00", "2024-04-25 22:00"),
        ("Asia/Beirut", "2024-03-31 00:45", "2024-03-30 22:00"),
        ("Australia/Lord_Howe", "2026-10-04 02:10", "2026-10-03 15:30"),
        ("Antarctica/Troll", "2026-03-29 01:59", "2026-03-29 01:00"),
        ("Europe/London", "2026-03-29 01:59:59.999999", "2026-03-29 01:00"),
        ("Pacific/Apia", "2011-12-30 00:00", "2011-12-30 10:00"),
        ("Pacific/Apia", "2011-12-30 09:00", "2011-12-30 10:00"),
        ("Pacific/Kwajalein", "1993-08-21 09:00", "1993-08-21 12:00"),
    ],
)
def test_an_hour_in_a_gap_is_the_first_instant_after_it(name: str, local: str, due: str) -> None:
    asked = datetime.fromisoformat(local)
    expected = datetime.fromisoformat(due).replace(tzinfo=UTC)
    assert instant(asked.date(), asked.time(), ZoneInfo(name)) == expected


@pytest.mark.parametrize(
    ("name", "local", "due"),
    [
        ("America/Toronto", "2026-11-01 01:30", "2026-11-01 05:30"),
        ("America/Toronto", "2026-11-01 02:00", "2026-11-01 07:00"),
        ("America/Havana", "2026-11-01 00:30", "2026-11-01 04:30"),
        ("Australia/Lord_Howe", "2026-04-05 01:45", "2026-04-04 14:45"),
        ("Africa/Cairo", "2024-10-31 23:30", "2024-10-31 20:30"),
        ("Europe/London", "2026-10-25 01:00", "2026-10-25 00:00"),
        ("Antarctica/Troll", "2026-10-25 01:30", "2026-10-24 23:30"),
    ],
)
def test_an_hour_that_exists_twice_is_the_first_of_the_two(name: str, local: str, due: str) -> None:
    asked = datetime.fromisoformat(local)
    expected = datetime.fromisoformat(due).replace(tzinfo=UTC)
    zone = ZoneInfo(name)
    assert instant(asked.date(), asked.time(), zone) == expected
    assert instant(asked.date(), asked.time().replace(fold=1), zone) == expected
