"""The operator who is asked to approve words gets them, and the first to give way is them."""

from __future__ import annotations

from datetime import date

from pydantic import SecretStr

from bot.channels.fitting import fit
from bot.channels.platform import Envelope
from bot.channels.slack import PLATFORM
from bot.channels.webhook_platform import WebhookOptions
from bot.content.markdown import parse, plain
from bot.content.message import ActionText, Link, Message, Part
from bot.content.operator_words import Group, titled_link, words_to_read
from bot.project.load import load_project
from tests.page import NOW
from tests.unit.project_files import ROOT

LINK = Link("A [source]", "https://example.org/a (b)")
PART = Part(
    "en",
    "A *day*",
    "First.\n\n- one\n- two\n\nLast.",
    (ActionText("a", "Write.", (LINK,)),),
    (LINK,),
    "To do",
    "Sources",
)
GROUP = Group("approval", ("one", "other"), parts=(PART, PART))


def told(*groups: Group) -> Message:
    writer = load_project(ROOT / "config", environ={}).writer
    page = "https://vigilia.example.org"
    return writer.operator_message(groups, ["en", "fr"], date(2026, 12, 1), page)


def test_the_words_are_there_once_whole_and_as_they_are() -> None:
    seen = plain(parse(words_to_read([GROUP])))
    for said in ("A *day*", "First.", "one\ntwo", "Last.", "To do", "Write.", "A [source]"):
        assert said in seen
    assert seen.count("First.") == 1
    first, last = told(GROUP).parts
    assert "First." not in first.body and "First." in last.body


def test_where_nothing_is_to_be_read_nothing_is_added() -> None:
    first, last = told(Group("failed", ("one",))).parts
    assert first.body.endswith("[Open the page](https://vigilia.example.org)")
    assert last.body.endswith("[Ouvrir la page](https://vigilia.example.org)")


def test_what_is_too_long_for_the_platform_loses_the_words_and_keeps_the_way_to_them() -> None:
    parts = tuple(
        Part("en", f"Day {number}", "\n\n".join(f"{number} {n} words." * 40 for n in range(9)))
        for number in range(20)
    )
    message = told(Group("approval", ("one",), parts=parts))
    fitted, left_out = fit(
        message,
        lambda shorter: shorter,
        lambda shorter: len(PLATFORM.fitting_problems(shorter, None)) > 0,
    )
    assert left_out and "Ouvrir la page" in fitted.parts[1].body
    assert "Day 0" in fitted.parts[1].body and "Day 19" not in fitted.parts[1].body
    options = WebhookOptions(
        url=SecretStr("https://hooks.slack.com/services/T0/B0/a-token-of-ours")
    )
    assert PLATFORM.request(message, options, Envelope("operator", "vg_1", NOW))


def test_a_link_cannot_break_out_of_its_place() -> None:
    seen = titled_link("a](b) <c>", "https://example.org/>) x")
    assert plain(parse(seen)) == "a](b) <c>"
