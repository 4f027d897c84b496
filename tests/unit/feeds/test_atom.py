"""The feeds, read by a library that did not write them, whatever a group's texts hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import feedparser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.content.message import ActionText, Link, Message, Part
from bot.content.texts import SourceText
from bot.feeds.atom import Entry, feed, posted_entries, upcoming_entry
from bot.ledger.rows import DeliveryRow, State
from tests.unit.checking.making import DAY, OBSERVANCE, shipped

NOON = datetime(2026, 12, 9, 12, tzinfo=UTC)


def read(entries: Sequence[Entry], *, seed: str = "", name: str = "feed") -> Any:
    """Gives a feed as feedparser reads it; fails where that has a complaint."""
    content = feed(
        name, "Vigilia", seed=seed, address="https://v.example/f", language="en", entries=entries
    )
    found = feedparser.parse(content)
    assert not found.bozo, found.bozo_exception
    assert found.version == "atom10"
    return found


def entry(about: str = "day/2026-12-09/0", **fields: Any) -> Entry:
    made = Entry(about, "A day", "en", NOON, NOON, "<p>words</p>")
    return replace(made, **fields)


def part(language: str = "en", **fields: Any) -> Part:
    made = Part(
        language=language,
        title=f"Title in {language}",
        body="Some **words**.",
        actions=(ActionText("write", "Write a letter.", (Link("How", "https://a.example/"),)),),
        sources=(Link("Source", "https://s.example/?a=1&b=2"),),
        actions_label="You can",
        sources_label="Sources",
        footer="A calendar",
    )
    return replace(made, **fields)


def row(id_: int = 1, *, parts: Sequence[Part] = (), **fields: Any) -> DeliveryRow:
    day = ("genocide-prevention-day",)
    on = date(2026, 12, 9)
    message = Message("day", day, on, tuple(parts or (part(),)))
    made = DeliveryRow(
        id=id_,
        key=f"day/{id_}",
        observances=day,
        date=on,
        lead_days=0,
        channel=f"channel-{id_}",
        languages=message.languages,
        due_at=NOON,
        useful_until=NOON + timedelta(days=1),
        state=State.DELIVERED,
        held_for=None,
        generation=0,
        attempts=1,
        tries=1,
        may_have_arrived=False,
        next_attempt_at=None,
        settled_at=NOON + timedelta(seconds=id_),
        reason=None,
        detail="",
        remote_id=None,
        message=message.to_json(),
        lines=(),
        by_hand=False,
        run_id=None,
        fence=0,
        lease_until=None,
        created_at=NOON,
        updated_at=NOON,
    )
    return replace(made, **fields)


@given(
    title=st.text(),
    content=st.text(),
    about=st.text(),
    link=st.tuples(st.text(), st.text() | st.just("https://x.example/?a=<b>&c")),
    category=st.text(),
)
def test_no_text_breaks_a_feed(
    title: str, content: str, about: str, link: tuple[str, str], category: str
) -> None:
    made = entry(about, title=title, content=content, links=(Link(*link),), categories=(category,))
    (found,) = read([made]).entries
    assert found.id.startswith("urn:uuid:")
    assert {link["rel"] for link in found.get("links", [])} <= {"related"}


def test_the_last_changed_comes_first_and_dates_the_feed() -> None:
    later = NOON + timedelta(hours=3)
    found = read([entry("a"), entry("b", updated=later, published=later), entry("c")])
    assert found.feed.updated == "2026-12-09T15:00:00Z" == found.entries[0].updated
    assert [one.updated for one in found.entries[1:]] == ["2026-12-09T12:00:00Z"] * 2
    assert read([]).feed.updated == "1970-01-01T00:00:00Z"
    assert found.feed.links[0].rel == "self" and found.feed.author == "Vigilia"


def test_an_id_is_of_what_an_entry_is_about_and_nothing_else() -> None:
    (one,) = read([entry()]).entries
    (again,) = read([entry(title="Another", updated=NOON + timedelta(days=1))]).entries
    assert one.id == again.id
    others = [read([entry("other")]), read([entry()], seed="https://b.example")]
    others.append(read([entry()], name="upcoming"))
    assert len({one.id, *(other.entries[0].id for other in others)}) == 4
    assert read([entry()]).feed.id != read([entry()], name="upcoming").feed.id


def test_what_many_channels_got_is_one_entry_dated_by_the_first() -> None:
    entries = posted_entries([row(3), row(1), row(2)], None, "en")
    (found,) = read(entries).entries
    assert found.published == "2026-12-09T12:00:01Z"
    assert found.title == "Title in en"
    (content,) = found.content
    assert content.type == "text/html"
    for said in ("<strong>words</strong>", "Write a letter.", "https://a.example/", "A calendar"):
        assert said in content.value
    assert {link.href for link in found.links} == {"https://s.example/?a=1&b=2"}
    assert [tag.term for tag in found.tags] == ["genocide-prevention-day"]


@pytest.mark.parametrize(
    ("asked", "main", "titles"),
    [
        ("fr", "en", ["Title in fr"]),
        ("es", "en", []),
        (None, "fr", ["Title in fr"]),
        (None, "es", ["Title in en"]),
    ],
)
def test_a_language_is_chosen(asked: str | None, main: str, titles: list[str]) -> None:
    entries = posted_entries([row(parts=[part("en"), part("fr")])], asked, main)
    assert [one.title for one in read(entries).entries] == titles


def test_what_has_no_words_or_was_not_sent_is_no_entry() -> None:
    assert posted_entries([row(message=None), row(settled_at=None)], None, "en") == ()


def test_a_day_to_come_says_when_on_whose_authority_and_where_to_read() -> None:
    source = SourceText("Resolution", "https://undocs.org/A/RES/60/7")
    text = replace(DAY, authority="A/RES/60/7 & others", sources=(source,))
    day = replace(OBSERVANCE, id="some-day", names={"en": "Some <day>"}, themes=("core",))
    made = upcoming_entry(day, text, date(2027, 1, 27), shipped().languages["en"], NOON)
    (found,) = read([made]).entries
    assert found.title == "27 January 2027: Some <day>"
    assert found.content[0].value == "<p>A/RES/60/7 &amp; others</p>"
    assert found.links[0].href == "https://undocs.org/A/RES/60/7"
    assert found.published == "2026-12-09T12:00:00Z"
