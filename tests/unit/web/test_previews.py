"""How a message looks: drawn from the very payload, with nothing of it as markup."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from bot.channels.discord import DiscordOptions
from bot.channels.platform import Envelope
from bot.channels.registry import PLATFORMS
from bot.channels.webhook_platform import WebhookOptions
from bot.content.message import ActionText, Link, Message, Part
from bot.web.markup import html, link_html
from bot.web.previews import draw_preview
from bot.web.previews.plain import plain
from tests.page import NOW
from tests.unit.web.browsing import words

ENVELOPE = Envelope("key", "vg_1", NOW)
SLACK = WebhookOptions(
    url=SecretStr("https://hooks.slack.com/services/T0/B0/a-token-of-some-length")
)
DISCORD = DiscordOptions(url=SecretStr("https://discord.com/api/webhooks/1/a-token-of-some-length"))
COMPONENTS = DISCORD.model_copy(update={"components": True})

BODY = """On **9 December** we *remember*.

- one
- two
    1. inner

> quoted

Line with `code` and [a link](https://example.org/a?b=1&c=2)."""


def message(title: str = "A day", body: str = BODY, text: str = "Write a page.") -> Message:
    return Message(
        "day",
        ("a-day",),
        date(2026, 12, 9),
        (
            Part(
                "en",
                title,
                body,
                (ActionText("a", text, (Link("How", "https://example.org/how"),)),),
                (
                    Link("A source", "https://example.org/s"),
                    Link("Another", "https://example.org/t"),
                ),
                "One thing you can do",
                "Sources",
                "Vigilia",
            ),
        ),
    )


def draw(name: str, options: Any, said: Message) -> str:
    request = PLATFORMS[name].request(said, options, ENVELOPE)
    return str(draw_preview(name, request.shown(), said))


LOCAL = PLATFORMS["inbox"].options_model()
CASES = [
    ("slack", SLACK),
    ("discord", DISCORD),
    ("discord", COMPONENTS),
    ("inbox", LOCAL),
    ("console", LOCAL),
]


@pytest.mark.parametrize(("name", "options"), CASES)
def test_all_that_is_said_is_seen(name: str, options: Any) -> None:
    seen = words(draw(name, options, message()))
    for said in (
        "A day",
        "9 December",
        "remember",
        "one",
        "inner",
        "quoted",
        "code",
        "a link",
        "Write a page.",
        "How",
        "One thing you can do",
        "A source",
        "Another",
        "Vigilia",
    ):
        assert said in seen, said
    assert "**" not in seen and "\\" not in seen


@pytest.mark.parametrize(("name", "options"), CASES[:3])
def test_marks_and_links_are_drawn(name: str, options: Any) -> None:
    seen = draw(name, options, message())
    assert "<strong>9 December</strong>" in seen and "<em>remember</em>" in seen
    assert "<li>one</li>" in seen and "<code>code</code>" in seen and "<blockquote>" in seen
    assert 'href="https://example.org/a?b=1&amp;c=2"' in seen
    assert 'href="https://example.org/how"' in seen
    assert 'href="https://example.org/s"' in seen and ">Another</a>" in seen


hostile = st.text(
    st.sampled_from("<>&\"'*_~`|[]()!@#:/-\\ ab\n\u2060é"), min_size=1, max_size=60
).filter(lambda text: bool(text.strip()))


@pytest.mark.parametrize(("name", "options"), CASES)
@given(title=hostile, text=hostile, body=hostile)
def test_nothing_of_a_text_becomes_markup_of_the_page(
    name: str, options: Any, title: str, text: str, body: str
) -> None:
    wicked = "<script>alert(1)</script><img src=x onerror=y>"
    seen = draw(name, options, message(title + wicked, body + wicked, text + wicked))
    assert "<script" not in seen and "<img" not in seen
    assert "javascript:" not in seen.replace("&", "")


def test_an_address_that_is_none_of_the_webs_is_no_link() -> None:
    assert str(link_html("A title", "javascript:alert(1)")) == "A title"
    assert "<a" not in str(html("[x](javascript:alert(1))"))
    assert str(link_html("", "https://example.org/")).endswith(">https://example.org/</a>")


def test_a_platform_without_a_look_of_its_own_is_shown_in_plain_words() -> None:
    drawn = draw_preview("no-such-platform", {"json": {}}, message())
    assert drawn == plain({}, message())
    assert "Write a page." in words(str(drawn))


def test_a_title_that_is_too_long_for_its_place_is_still_seen() -> None:
    long = "A long name of a day " * 15
    for name, options in CASES[:3]:
        assert long.strip() in words(draw(name, options, message(long)))
