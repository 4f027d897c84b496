"""The page's own words: all there in French and Spanish, and nothing secret among them."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from jinja2.ext import babel_extract

import bot.web
from bot.channels.outcome import Delivered, Outcome, Reason, Rejected, Retry, Unknown
from bot.channels.registry import PLATFORMS
from bot.delivery.approval import Standing
from bot.ledger.rows import OutcomeName, State
from bot.web import labels
from bot.web.dates import wait
from bot.web.decisions import CHOICES
from bot.web.i18n import LANGUAGES, LOCALES, _, catalogue, chosen, ngettext, speak
from tests.page import CANARIES, Stage
from tests.unit.web.browsing import Browser, browsing

WEB = Path(bot.web.__file__).parent
OTHERS = [code for code in LANGUAGES if code != "en"]


def said() -> set[str]:
    """Gives every text that the page marks for translation, plurals by their first form."""
    marked: list[Any] = []
    for path in WEB.rglob("*.py"):
        keywords = {"_": None, "N_": None, "ngettext": (1, 2)}
        source = io.BytesIO(path.read_bytes())
        marked += [found[1] for found in extract("python", source, keywords=keywords)]
    for path in (WEB / "templates").glob("*.html"):
        source = io.BytesIO(path.read_bytes())
        marked += [found[2] for found in babel_extract(source, ("_", "ngettext"), (), {})]
    return {text if isinstance(text, str) else text[0] for text in marked if text}


def test_texts_are_found_to_be_translated() -> None:
    assert {"Coming", "{n} posting failed", "Approve", "delivered", "The exact request"} <= said()


@pytest.mark.parametrize("code", OTHERS)
def test_every_text_is_translated_and_none_is_left_over(code: str) -> None:
    names = {platform.called for platform in PLATFORMS.values()}
    assert said() <= set(catalogue(code)) <= said() | names
    assert {"E-mail", "Webhook", "Inbox", "Terminal"} <= set(catalogue(code)) & names


@pytest.mark.parametrize("code", OTHERS)
def test_translations_keep_the_placeholders_and_are_finished(code: str) -> None:
    with (LOCALES / code / "LC_MESSAGES" / "web.po").open("rb") as stream:
        messages = [message for message in read_po(stream, locale=code) if message.id]
    for message in messages:
        assert not message.fuzzy, message.id
        sources = [message.id] if isinstance(message.id, str) else list(message.id)
        forms = [message.string] if isinstance(message.string, str) else list(message.string)
        assert all(forms), message.id
        wanted = set(re.findall(r"\{\w+\}", " ".join(sources)))
        for form in forms:
            assert set(re.findall(r"\{\w+\}", form)) == wanted, message.id
            assert "'" not in form, f"{form}: a typographic apostrophe"
            assert "!" not in form


def test_french_spaces_its_colons_and_nothing_else() -> None:
    for text in catalogue("fr").values():
        for form in (text,) if isinstance(text, str) else text:
            assert not re.search(r"(?<!\u00a0):(?!//)", form), form
            assert not re.search(r"\s[;?]", form), form


def test_the_sources_are_typographic_too() -> None:
    assert not [text for text in said() if re.search(r"\w'\w", text)]


def test_everything_that_can_be_has_a_name() -> None:
    assert set(labels.STATES) == set(State)
    assert set(labels.STANDINGS) == set(Standing)
    assert set(labels.ATTEMPTED) == {None, *get_args(OutcomeName)}
    assert set(labels.REASONS) >= set(Reason)
    assert all(choice.happens for choice in CHOICES.values())


@pytest.mark.parametrize(
    ("accept", "asked", "language"),
    [
        ("fr-CA,fr;q=0.9,en;q=0.8", None, "fr"),
        ("de, es;q=0.5, en;q=0.3", None, "es"),
        ("de", None, "en"),
        ("", None, "en"),
        ("en;q=0.2,fr;q=x,es;q=0.4", None, "es"),
        ("fr", "es", "es"),
        ("fr", "tlh", "fr"),
    ],
)
def test_the_browser_chooses_the_language(accept: str, asked: str | None, language: str) -> None:
    assert chosen(accept, asked) == language


@pytest.fixture
def language() -> Iterator[None]:
    yield
    speak("en")


@pytest.mark.parametrize(
    ("code", "number", "form"),
    [
        ("en", 0, "days"),
        ("en", 1, "day"),
        ("fr", 0, "jour"),
        ("fr", 2, "jours"),
        ("es", 0, "días"),
        ("es", 1, "día"),
        ("tlh", 1, "day"),
    ],
)
def test_numbers_take_the_form_of_their_language(
    language: None, code: str, number: int, form: str
) -> None:
    speak(code)
    assert ngettext("{n} day", "{n} days", number).split()[-1] == form


def test_lengths_of_time_are_told_as_people_tell_them(language: None) -> None:
    speak("en")
    assert wait(timedelta(days=15, hours=3)) == "in 15 days"
    assert wait(timedelta(hours=47)) == "in 47 hours"
    assert wait(timedelta(minutes=-61)) == "61 minutes ago"
    assert wait(timedelta(seconds=1)) == "in 1 second"
    speak("fr")
    assert wait(timedelta(days=1200)) == "dans 1\u00a0200\u00a0jours"
    assert _("Coming") == "À venir"


def test_no_page_and_no_header_holds_a_secret(locked: Stage, visitor: Browser) -> None:
    secrets = [value.removeprefix("whsec_") for value in CANARIES.values()]
    token = CANARIES["VIGILIA_WEB_TOKEN"]
    visitor.send("/login", {"secret": token, "name": "Ana"}, of="/login")
    seen: set[str] = set()
    waiting = ["/", "/nothing", *(f"/posting/{key}" for key in locked.keys.values())]
    while waiting:
        path = waiting.pop()
        shape = re.sub(r"\d{4}-\d\d-\d\d|year=\d+|[?&]key=[^&]*", "", path)
        if shape in seen or len(seen) > 150:
            continue
        seen.add(shape)
        answer = visitor.client.get(path)
        whole = answer.text + str(answer.headers)
        for secret in secrets:
            assert secret not in whole, path
        waiting += [
            link.replace("&amp;", "&")
            for link in re.findall(r'href="(/[^"#]*)', answer.text)
            if not link.startswith(("/language", "/static"))
        ]
    assert len(seen) > 60


def test_a_secret_that_got_into_a_text_is_masked_all_the_same(stage: Stage) -> None:
    row = stage.ledger.delivery(stage.keys["failed"])
    assert row is not None
    stage.ledger.retry(row.key, row.due_at, stage.clock.now(), "Ana", CANARIES["OTTAWA"])
    with browsing(stage.site) as browser:
        page = browser.get(f"/posting/{row.key}").text
    assert CANARIES["OTTAWA"] not in page
    assert "***" in page


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        (Delivered(), "The test message arrived in team."),
        (Retry(Reason.RATE_LIMITED), "team did not take the test message. The platform asks"),
        (Rejected(Reason.GONE), "team refused the test message. The webhook was removed."),
        (Unknown(Reason.NO_ANSWER), "It is not known whether team has the test message."),
    ],
)
def test_what_a_test_came_to_is_told_in_a_sentence(outcome: Outcome, said: str) -> None:
    assert labels.test_text("team", outcome).startswith(said)
