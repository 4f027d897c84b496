"""Whatever anybody wrote reaches each dialect as words: all of them, and nothing but them."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.channels.dialects.dialect import Dialect, clean, one_line, units, web_url
from bot.channels.dialects.discord import DISCORD
from bot.channels.dialects.mrkdwn import MRKDWN
from bot.channels.dialects.plain import PLAIN
from bot.channels.dialects.rich_text import link_element, rich_text
from bot.content.markdown import (
    BulletList,
    Code,
    Emphasis,
    LinkNode,
    OrderedList,
    Paragraph,
    Quote,
    Strong,
    Text,
    parse,
)

from .discord_reader import read
from .messages import foreign, urls
from .seen import squeezed

WORD_JOINER = "\u2060"
DIALECTS = [PLAIN, MRKDWN, DISCORD]

leaves = st.one_of(
    foreign.filter(bool).map(Text),
    foreign.filter(lambda text: "`" not in text and bool(text.strip())).map(Code),
)
with_links = st.one_of(leaves, st.builds(LinkNode, urls, st.tuples(foreign.map(Text))))
emphasis = st.lists(with_links, min_size=1, max_size=3).map(lambda inner: Emphasis(tuple(inner)))
strong = st.lists(st.one_of(with_links, emphasis), min_size=1, max_size=3).map(
    lambda inner: Strong(tuple(inner))
)
paragraphs = st.lists(st.one_of(with_links, emphasis, strong), min_size=1, max_size=4).map(
    lambda inner: Paragraph(tuple(inner))
)
items = st.lists(st.lists(paragraphs, max_size=2).map(tuple), min_size=1, max_size=3).map(tuple)
blocks = st.one_of(
    paragraphs,
    items.map(BulletList),
    st.builds(OrderedList, items, st.integers(0, 99)),
    st.lists(paragraphs, min_size=1, max_size=2).map(lambda inner: Quote(tuple(inner))),
)
trees = st.lists(blocks, min_size=1, max_size=4)

everything = (
    "* _ ~ ` < > & @everyone <!channel> @**all** [x](y) | \\ {{ }} \u200f\u05d0 \U0001f56f\ufe0f "
)


def words_of(tree: object) -> list[str]:
    """The texts of a tree, in order."""
    match tree:
        case Text(text) | Code(text):
            return [text]
        case LinkNode(_, children) | Strong(children) | Emphasis(children) | Paragraph(children):
            return [word for child in children for word in words_of(child)]
        case BulletList(inner) | OrderedList(inner, _):
            return [word for item in inner for block in item for word in words_of(block)]
        case Quote(inner_blocks):
            return [word for block in inner_blocks for word in words_of(block)]
    raise AssertionError(tree)


def in_order(words: list[str], seen: str) -> bool:
    place = 0
    for word in words:
        place = seen.find(word, place)
        if place < 0:
            return False
        place += len(word)
    return True


def texts_in(elements: list[dict[str, Any]]) -> Iterator[str]:
    for element in elements:
        yield element.get("text", "")
        yield from texts_in(element.get("elements", []))


def seen_in(dialect: Dialect, written: str) -> str:
    if dialect is DISCORD:
        return read(written).seen
    return html.unescape(written) if dialect is MRKDWN else written


@given(foreign)
@example("-# small :²: :a_b: a:b")
@example("  12. not a list\n# nor this")
@example("a_b_c https://x.example/a_b <https://x.example> <@&1> <:e:1> <t:1:R> </c:1>")
@example("¯\\_(ツ)_/¯ ```code``` ||hidden|| __under__ ***both***")
@example("\\* \\\\_ \\[x](https://a.example)")
def test_discord_shows_text_of_others_as_it_is_and_sees_no_markup_in_it(text: str) -> None:
    reading = read(DISCORD.text(text))
    assert reading.markup == []
    assert reading.seen.replace(WORD_JOINER, "") == clean(text).replace(WORD_JOINER, "")


@given(foreign)
@example("&gt; quote\n> quote")
@example("*a* _b_ ~c~ `d` :fire: @here <!here> <https://x|y>")
def test_slack_shows_text_of_others_as_it_is_and_no_mark_in_it_can_pair(text: str) -> None:
    written = MRKDWN.text(text)
    assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)", written)
    assert not re.search(r"(?<!⁠)[*_~`]|[*_~`](?!⁠)", written)
    assert not re.search(r":[a-z0-9_+'-]+:|@(channel|here|everyone)", written)
    assert not re.search(r"^\s*&gt;", written, re.MULTILINE)
    assert html.unescape(written).replace(WORD_JOINER, "") == clean(text).replace(WORD_JOINER, "")


@settings(deadline=None)
@given(trees)
def test_every_word_of_a_tree_is_seen_in_every_dialect(tree: list[Paragraph]) -> None:
    texts = [clean(word) for block in tree for word in words_of(block)]
    words = [squeezed(line) for text in texts for line in text.split("\n")]
    for dialect in DIALECTS:
        assert in_order(words, squeezed(seen_in(dialect, dialect.write(tree)))), dialect
    assert in_order(words, squeezed("".join(texts_in(rich_text(tree)))))


@settings(deadline=None)
@given(trees)
def test_discord_sees_the_markup_that_the_tree_has_and_no_other(tree: list[Paragraph]) -> None:
    reading = read(DISCORD.write(tree))
    meant = str(tree)
    allowed = {
        "strong": "Strong(",
        "emphasis": "Emphasis(",
        "link": "LinkNode(",
        "plain address": "LinkNode(",
        "code": "Code(",
        "item": "List(",
        "quote": "Quote(",
    }
    assert reading.kinds <= set(allowed)
    for kind in reading.kinds:
        assert allowed[kind] in meant


@settings(deadline=None)
@given(trees)
def test_slack_sees_no_link_but_those_of_the_tree(tree: list[Paragraph]) -> None:
    written = MRKDWN.write(tree)
    addresses = re.findall(r"<([^<>]*)>", written)
    assert all(address.startswith("https://") for address in addresses)
    assert len(addresses) <= str(tree).count("LinkNode(")


SAMPLE = (
    "A **bold *both*** and *slanted* word, `co_de`, [a *link*](https://a.example/x_(y)).\n\n"
    "- one\n- two\n  1. deep\n  2. deeper\n\n> quoted\n> **lines**\n\nLine  \nbreak"
)


def test_a_text_looks_as_it_should_on_discord() -> None:
    assert DISCORD.markdown(SAMPLE) == (
        "A **bold *both*⁠** and *slanted* word, `co_de`, "
        "[a *link*](https://a.example/x_%28y%29).\n\n"
        "- one\n- two\n  1. deep\n  2. deeper\n\n> quoted **lines**\n\nLine\nbreak"
    )


def test_a_text_looks_as_it_should_in_mrkdwn() -> None:
    assert MRKDWN.markdown(SAMPLE) == (
        "A *bold _both_* and _slanted_ word, `co⁠_⁠de`\u200b, "
        "<https://a.example/x_%28y%29|a link>.\n\n"
        "• one\n• two\n    1. deep\n    2. deeper\n\n> quoted *lines*\n\nLine\nbreak"
    )


def test_a_text_looks_as_it_should_without_marks() -> None:
    assert PLAIN.markdown(SAMPLE) == (
        "A bold both and slanted word, co_de, a link (https://a.example/x_%28y%29).\n\n"
        "• one\n• two\n    1. deep\n    2. deeper\n\n> quoted lines\n\nLine\nbreak"
    )


def test_a_text_looks_as_it_should_as_rich_text() -> None:
    kinds = [
        (element["type"], element.get("style"), element.get("indent"))
        for element in rich_text(parse(SAMPLE))
    ]
    assert kinds == [
        ("rich_text_section", None, None),
        ("rich_text_list", "bullet", 0),
        ("rich_text_list", "ordered", 1),
        ("rich_text_quote", None, None),
        ("rich_text_section", None, None),
    ]
    first = rich_text(parse(SAMPLE))[0]["elements"]
    assert {"type": "text", "text": "both", "style": {"bold": True, "italic": True}} in first
    assert {"type": "text", "text": "co_de", "style": {"code": True}} in first
    assert {"type": "link", "url": "https://a.example/x_%28y%29", "text": "a link"} in first


def test_a_list_goes_on_counting_after_a_list_within_it() -> None:
    elements = rich_text(parse("3. three\n   - inner\n4. four\n   > said\n\n   - one\n   1. two"))
    offsets = [(element["style"], element.get("offset")) for element in elements]
    assert offsets == [
        ("ordered", 2),
        ("bullet", None),
        ("ordered", 3),
        ("bullet", None),
        ("ordered", None),
    ]


def test_lists_and_quotes_within_a_quote_keep_their_marks() -> None:
    (quote,) = rich_text(parse("> words\n>\n> - one\n> - two\n>\n> 4. four\n>\n> > inner"))
    assert "".join(element["text"] for element in quote["elements"]) == (
        "words\n• one\n• two\n4. four\ninner"
    )


def test_ten_thousand_characters_are_all_there() -> None:
    text = everything * 200
    assert len(text) > 10_000
    assert read(DISCORD.text(text)).seen.replace(WORD_JOINER, "") == text
    assert html.unescape(MRKDWN.text(text)).replace(WORD_JOINER, "") == text
    assert PLAIN.text(text) == text


@pytest.mark.parametrize("dialect", DIALECTS, ids=["plain", "mrkdwn", "discord"])
def test_direction_controls_of_others_are_gone_and_their_letters_stay(dialect: Dialect) -> None:
    text = "a\u202eb\u2066c\u2069\u202cd\u200fשלום\u061c"
    assert dialect.text(text) == "abcd\u200fשלום\u061c"


@given(st.text())
def test_a_clean_text_can_be_encoded_and_holds_no_control_character(text: str) -> None:
    cleaned = clean(text + "\ud800\x1b\r\n\x85")
    cleaned.encode()
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", cleaned)
    assert clean(cleaned) == cleaned
    assert "\n" not in one_line(text)


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://a.example/x y", "https://a.example/x%20y"),
        ("HTTPS://A.example/", "HTTPS://A.example/"),
        ('https://a.example/<>"|()[]\\é', "https://a.example/%3C%3E%22%7C%28%29%5B%5D%5C%C3%A9"),
        ("https://a.example/%20?a=1&b=2#c", "https://a.example/%20?a=1&b=2#c"),
        ("https://a.example/100%", "https://a.example/100%25"),
        ("http://[2001:db8::1]/(x)", "http://[2001:db8::1]/%28x%29"),
        ("javascript:alert(1)", None),
        ("https://", None),
        ("https://[", None),
        ("https://user:word@a.example/", None),
        ("https://a.example/\x00", None),
        ("https://a.example/\u202e", None),
        ("", None),
    ],
)
def test_an_address_cannot_end_early_and_others_than_web_addresses_are_none(
    url: str, safe: str | None
) -> None:
    assert web_url(url) == safe


@pytest.mark.parametrize("dialect", DIALECTS, ids=["plain", "mrkdwn", "discord"])
def test_what_is_no_web_address_is_shown_as_text(dialect: Dialect) -> None:
    assert dialect.link("Title", "javascript:alert") == "Title (javascript:alert)"


def test_rich_text_shows_what_is_no_web_address_and_has_no_empty_text() -> None:
    assert link_element("Title", "javascript:alert", bold=True) == {
        "type": "text",
        "text": "Title (javascript:alert)",
        "style": {"bold": True},
    }
    (section,) = rich_text([Paragraph((Text("\x00"),))])
    assert section["elements"] == [{"type": "text", "text": " "}]
    (link,) = rich_text(parse("**[a](https://a.example)**"))[0]["elements"]
    assert link["style"] == {"bold": True}


def test_a_link_without_a_title_shows_its_address() -> None:
    url = "https://a.example/x_y"
    assert DISCORD.link("", url) == f"<{url}>"
    assert MRKDWN.link(" ", url) == f"<{url}>"
    assert PLAIN.link("", url) == url


def test_a_title_that_would_break_a_link_stands_beside_it() -> None:
    url = "https://a.example/"
    assert DISCORD.link("a [b", url) == f"a \\[b (<{url}>)"
    assert DISCORD.link("see https://b.example", url) == f"see https\\://b.example (<{url}>)"
    assert MRKDWN.link("a | b", url) == f"a | b (<{url}>)"


@given(foreign.filter(lambda text: bool(clean(text).strip())))
def test_code_on_discord_shows_its_letters(text: str) -> None:
    line = one_line(text)
    reading = read(DISCORD.code(line)) if line else read("")
    assert squeezed(reading.seen) == squeezed(line)
    assert reading.kinds <= {"code"}


def test_units_are_never_fewer_than_characters() -> None:
    assert units("aé\U0001f56f") == 4
