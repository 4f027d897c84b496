"""Feeds (Atom, RFC 4287): what was posted, and the days that come.

An entry's id is made of what it is about and nothing else, so that no reader shows it twice.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from xml.etree import ElementTree as ET

from bot import __version__
from bot.calendar.observances import Observance
from bot.channels.dialects.dialect import one_line, web_url
from bot.channels.dialects.html import HTML
from bot.content.languages import Language
from bot.content.message import Link, Message, Part
from bot.content.texts import DayText
from bot.ledger.rows import DeliveryRow

_ATOM = "http://www.w3.org/2005/Atom"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_BEFORE_ANY = datetime(1970, 1, 1, tzinfo=UTC)
# What XML 1.0 cannot hold: https://www.w3.org/TR/xml/#charsets
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

ET.register_namespace("", _ATOM)


@dataclass(frozen=True)
class Entry:
    """One entry. ``about`` is what its id is made of; ``content`` is HTML; instants are UTC."""

    about: str
    title: str
    language: str
    published: datetime
    updated: datetime
    content: str
    links: tuple[Link, ...] = ()
    categories: tuple[str, ...] = ()


def feed(
    name: str, title: str, *, seed: str, address: str, language: str, entries: Iterable[Entry]
) -> bytes:
    """Return a feed, the entry that changed last first.

    ``seed`` tells one group from another in all ids; ``address`` is where the feed is fetched.
    """
    ordered = sorted(entries, key=lambda entry: (entry.updated, entry.about), reverse=True)
    root = ET.Element(_tag("feed"), {_LANG: language})
    _text(root, "id", _id(seed, name))
    _text(root, "title", title)
    _text(root, "updated", _instant(ordered[0].updated if ordered else _BEFORE_ANY))
    ET.SubElement(root, _tag("link"), rel="self", type="application/atom+xml", href=address)
    _text(ET.SubElement(root, _tag("author")), "name", "Vigilia")
    ET.SubElement(root, _tag("generator"), version=__version__).text = "Vigilia"
    for entry in ordered:
        _add(root, entry, f"{seed}/{name}")
    content: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return content


def posted_entries(
    rows: Iterable[DeliveryRow], language: str | None, main: str
) -> tuple[Entry, ...]:
    """Return what was posted, once for all channels that got it.

    Of each only its words in ``language``; where that is None, those in ``main``, or the first
    that the message has.
    """
    entries: dict[str, Entry] = {}
    for row in sorted(rows, key=lambda row: (row.due_at, row.id)):
        if row.message is None or row.settled_at is None:
            continue
        message = Message.from_json(row.message)
        part = _part_in(message, language, main)
        about = f"{row.observance}/{row.date.isoformat()}/{row.lead_days}"
        if part is None or about in entries:
            continue
        entries[about] = Entry(
            about=about,
            title=part.title,
            language=part.language,
            published=row.settled_at,
            updated=row.settled_at,
            content="".join(_content(part)),
            links=part.sources,
            categories=message.observances,
        )
    return tuple(entries.values())


def upcoming_entry(
    day: Observance, text: DayText, on: date, language: Language, since: datetime
) -> Entry:
    """Return a day that is going to be posted: its date, name and sources, not its words, which are
    not told before. ``since`` (UTC) is when it came into view."""
    name = day.names.get(language.code) or day.names.get("en") or day.id
    return Entry(
        about=f"{day.id}/{on.isoformat()}",
        title=f"{language.date(on)}: {name}",
        language=language.code,
        published=since,
        updated=since,
        content=HTML.text(one_line(text.authority)) and f"<p>{HTML.text(text.authority)}</p>",
        links=tuple(
            source.link(language.code) for source in text.sources if source.has_title(language.code)
        ),
        categories=day.themes,
    )


def _part_in(message: Message, language: str | None, main: str) -> Part | None:
    by_language = {part.language: part for part in message.parts}
    if language is not None:
        return by_language.get(language)
    return by_language.get(main, message.parts[0])


def _content(part: Part) -> Iterator[str]:
    yield HTML.markdown(part.body)
    if part.actions:
        yield f"<p><strong>{HTML.text(one_line(part.actions_label))}</strong></p><ul>"
        for action in part.actions:
            links = " · ".join(HTML.link(link.title, link.url) for link in action.links)
            yield f"<li>{HTML.text(one_line(action.text))}{f'<br>{links}' if links else ''}</li>"
        yield "</ul>"
    if part.sources:
        links = " · ".join(HTML.link(link.title, link.url) for link in part.sources)
        yield f"<p><strong>{HTML.text(one_line(part.sources_label))}</strong> {links}</p>"
    if part.footer:
        yield f"<p>{HTML.text(one_line(part.footer))}</p>"


def _add(root: ET.Element, entry: Entry, seed: str) -> None:
    element = ET.SubElement(root, _tag("entry"), {_LANG: entry.language})
    _text(element, "id", _id(seed, entry.about))
    _text(element, "title", one_line(entry.title))
    _text(element, "published", _instant(entry.published))
    _text(element, "updated", _instant(entry.updated))
    for link in entry.links:
        href = web_url(link.url)
        if href is not None:
            title = _clean(one_line(link.title))
            ET.SubElement(element, _tag("link"), rel="related", href=_clean(href), title=title)
    for category in entry.categories:
        ET.SubElement(element, _tag("category"), term=_clean(category))
    content = ET.SubElement(element, _tag("content"), type="html")
    content.text = _clean(entry.content)


def _text(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, _tag(name)).text = _clean(text)


def _tag(name: str) -> str:
    return f"{{{_ATOM}}}{name}"


def _clean(text: str) -> str:
    return _NO_XML.sub("\ufffd", text)


def _id(seed: str, about: str) -> str:
    return uuid.uuid5(uuid.NAMESPACE_URL, f"vigilia:{seed}/{about}").urn


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
