"""The calendar as a file for other calendars, read by two libraries that did not write it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import icalendar
import pytest
import vobject

from bot.calendar.occurrences import calendar_between
from bot.feeds.ics import calendar_file
from bot.project.days import Days, load_days
from bot.project.places import Places, shipped_folder

STAMPED = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def days() -> Days:
    return load_days(Places(root=shipped_folder(), own=None, shipped=shipped_folder()), [])


def _file(days: Days, language: str = "en", year: int = 2026, stamped: datetime = STAMPED) -> bytes:
    found = calendar_between(days.calendar, date(year, 1, 1), date(year, 12, 31))
    return calendar_file(found, days.texts, language, stamped=stamped)


def _events(content: bytes) -> list[Any]:
    return [
        event
        for event in icalendar.Calendar.from_ical(content).walk("VEVENT")
        if isinstance(event, icalendar.Event)
    ]


@pytest.mark.parametrize("language", ["en", "fr", "es"])
def test_each_day_of_the_year_is_an_all_day_event(days: Days, language: str) -> None:
    found = calendar_between(days.calendar, date(2026, 1, 1), date(2026, 12, 31))

    events = _events(_file(days, language))

    assert [(str(e["summary"]), e["dtstart"].dt) for e in events] == [
        (o.observance.names[language], o.date) for o in found
    ]
    assert all((e["dtend"].dt - e["dtstart"].dt).days == 1 for e in events)
    assert all(e["dtstamp"].dt == STAMPED for e in events)
    assert {str(e["transp"]) for e in events} == {"TRANSPARENT"}


def test_another_library_reads_the_same(days: Days) -> None:
    read = vobject.readOne(_file(days, "es").decode())

    assert read.method.value == "PUBLISH"
    assert [event.summary.value for event in read.vevent_list] == [
        str(event["summary"]) for event in _events(_file(days, "es"))
    ]
    assert {type(event.dtstart.value) for event in read.vevent_list} == {date}


def test_an_event_is_the_same_whenever_and_in_whatever_language_it_is_written(days: Days) -> None:
    now = [str(event["uid"]) for event in _events(_file(days, "en"))]
    later = [str(e["uid"]) for e in _events(_file(days, "fr", stamped=datetime.now(UTC)))]

    assert now == later
    assert len(set(now)) == len(now)
    assert "genocide-prevention-day-2026-12-09@vigilia" in now
    assert not set(now) & {str(event["uid"]) for event in _events(_file(days, year=2027))}


def test_no_line_is_longer_than_the_format_allows(days: Days) -> None:
    lines = _file(days, "fr").split(b"\r\n")

    assert max(map(len, lines)) <= 75
    assert lines[-1] == b""


def test_an_event_says_on_whose_authority_and_where_to_read_more(days: Days) -> None:
    event = next(e for e in _events(_file(days, "fr")) if "genocide-prevention-day" in e["uid"])

    assert "General Assembly resolution 69/323" in event["description"]
    assert "https://undocs.org/fr/A/RES/69/323" in event["description"]
    assert str(event["url"]) == "https://undocs.org/fr/A/RES/69/323"
    assert "genocide-prevention" in event["categories"].to_ical().decode()


def test_a_language_that_a_day_lacks_is_named_in_english(days: Days) -> None:
    events = _events(_file(days, "pt"))

    assert str(events[0]["summary"]) == "Entry into force of the Genocide Convention"
