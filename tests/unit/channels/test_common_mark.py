"""Mattermost's and Rocket.Chat's Markdown, read by markdown-it-py: what reads as plain text to
CommonMark with tables and strikethrough is plain there."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import pytest
from hypothesis import example, given, settings
from markdown_it import MarkdownIt
from markdown_it.token import Token

from bot.channels.dialects.common_mark import (
    MATTERMOST,
    ROCKETCHAT,
    UNSEEN_SPACE,
    CommonMark,
    broken,
)
from bot.channels.dialects.dialect import clean
from bot.content.markdown import Paragraph

from .messages import foreign
from .seen import squeezed
from .test_dialects import in_order, trees, words_of

DIALECTS = {"mattermost": MATTERMOST, "rocketchat": ROCKETCHAT}
READER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])

PLAIN = {"paragraph_open", "paragraph_close", "inline", "text", "softbreak", "text_special"}


def read(dialect: CommonMark, written: str) -> list[Token]:
    """Reads as the platform does: Rocket.Chat's client escapes before it reads the Markdown."""
    return list(
        flat(READER.parse(html.escape(written, quote=False) if dialect is ROCKETCHAT else written))
    )


def flat(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from flat(token.children or [])


def seen(tokens: list[Token]) -> str:
    return squeezed(
        "".join(token.content for token in tokens if token.type in ("text", "code_inline"))
    )


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS.keys())
@given(text=foreign)
@example(text="    code\n\n\ttoo")
@example(text="a\n===\nb\n---\n| a | b |\n|---|---|\n")
@example(text="1) one\n2. two\n+ three\n[x]: https://a.example\n> said\n# head\n~~~\n```")
@example(text="<b>x</b> <https://a.example> <!-- x --> &lt; &amp; &#42; <!channel>")
@example(text="![x](https://a.example/p.png) https://a.example www.a.example a@b.example")
def test_text_of_others_is_nothing_but_text(dialect: CommonMark, text: str) -> None:
    tokens = read(dialect, dialect.text(text))
    assert {token.type for token in tokens} <= PLAIN
    assert seen(tokens) == squeezed(clean(text))


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS.keys())
@settings(deadline=None)
@given(tree=trees)
def test_every_word_of_a_tree_is_seen_and_no_link_of_others(
    dialect: CommonMark, tree: list[Paragraph]
) -> None:
    tokens = read(dialect, dialect.write(tree))
    texts = [clean(word) for block in tree for word in words_of(block)]
    words = [squeezed(line) for text in texts for line in text.split("\n")]
    # What stands around a mark that does not pair is seen beside the words.
    assert in_order(words, seen(tokens)) or in_order(
        [re.sub("[*_`]", "", word) for word in words], re.sub("[*_`]", "", seen(tokens))
    )
    links = [token for token in tokens if token.type == "link_open"]
    assert len(links) <= str(tree).count("LinkNode(")
    assert not [token for token in tokens if token.type in ("image", "html_inline", "html_block")]


SAMPLE = (
    "A **bold *both*** and *slanted* word, `code`, `co<de`, [a *link*](https://a.example/x_(y)).\n\n"
    "- one\n- two\n  1. deep\n\n> quoted\n\nLine  \nbreak"
)


def test_a_text_looks_as_it_should_on_mattermost() -> None:
    assert MATTERMOST.markdown(SAMPLE) == (
        "A **bold *both*\u200b** and *slanted* word, `code`, co<\u200bde, "
        "[a *link*](https://a.example/x_%28y%29).\n\n"
        "- one\n- two\n    1. deep\n\n> quoted\n\nLine  \nbreak"
    )


def test_a_text_looks_as_it_should_on_rocketchat() -> None:
    assert ROCKETCHAT.markdown(SAMPLE) == (
        "A **bold _both_\u200b** and _slanted_ word, `code`, co<de, "
        "[a _link_](https://a.example/x_%28y%29).\n\n"
        "- one\n- two\n    1. deep\n\n» quoted\n\nLine  \nbreak"
    )


def test_what_pings_or_becomes_a_link_by_itself_is_broken() -> None:
    assert broken("@all a@b #tag :fire: https://a.example www.a.example").count(UNSEEN_SPACE) == 6
    assert broken("at 9:00 : a # b @ c") == "at 9:00 : a # b @ c"
