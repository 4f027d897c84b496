"""The calendar as an iCalendar file (RFC 5545), for Google, Outlook and Apple."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from icalendar import Calendar, Event

from bot import __version__
from bot.calendar.observances import Occurrence
from bot.content.texts import DayText

_DOMAIN = "vigilia"
_LOOK_AGAIN = timedelta(days=1)


def calendar_file(
    occurrences: Iterable[Occurrence],
    texts: Mapping[str, DayText],
    language: str,
    *,
    stamped: datetime,
) -> bytes:
    """Return an iCalendar file of all-day events, named in ``language`` (English where it has
    none).

    An event's UID is made of its day and date alone, so that importing twice gives no double.
    ``stamped`` (UTC) is when the file was made. Whoever subscribes is asked to look again daily
    (RFC 7986, 5.7; the second name is the one that Outlook reads).
    """
    calendar = Calendar()
    calendar.add("prodid", f"-//Vigilia//Vigilia {__version__}//{language.upper()}")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", "Vigilia")
    calendar.add("refresh-interval", _LOOK_AGAIN, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "P1D")
    for occurrence in occurrences:
        calendar.add_component(_event(occurrence, texts, language, stamped))
    content: bytes = calendar.to_ical()
    return content


def _event(
    occurrence: Occurrence, texts: Mapping[str, DayText], language: str, stamped: datetime
) -> Event:
    day = occurrence.observance
    text = texts[day.id]
    event = Event()
    event.add("uid", f"{day.id}-{occurrence.date.isoformat()}@{_DOMAIN}")
    event.add("dtstamp", stamped)
    event.add("dtstart", occurrence.date)
    event.add("dtend", occurrence.date + timedelta(days=1))
    event.add("summary", day.names.get(language) or day.names.get("en") or day.id)
    event.add("transp", "TRANSPARENT")
    event.add("categories", list(day.themes) or ["own"])
    links = [source.link(language) for source in text.sources if source.has_title(language)]
    lines = ([text.authority] if text.authority else []) + [f"{li.title}: {li.url}" for li in links]
    if lines:
        event.add("description", "\n".join(lines))
    if links:
        event.add("url", links[0].url)
    return event
