from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings

from bot.channels.dialects.chat_card import LONGEST_HEADER
from bot.channels.dialects.dialect import clean, one_line
from bot.channels.dialects.html import CARD_HTML
from bot.channels.fitting import CannotFitError
from bot.channels.google_chat import LONGEST_MESSAGE, PLATFORM, GoogleChatOptions
from bot.channels.outcome import Delivered, Reason, Rejected, Retry, Unknown
from bot.channels.request import HttpRequest
from bot.content.message import ActionText, Link, Message

from .answer_cases import Answers, Case
from .golden_files import matches_golden
from .messages import ENGLISH, ENVELOPE, REAL, foreign, messages
from .seen import squeezed

URL = (
    "https://chat.googleapis.com/v1/spaces/AAQA1b2C3d/messages"
    "?key=AIzaSyB1c2D3e4F5g6H7i8&token=aB3-dE_fG7hI9jK1lM3nO5%3D"
)
OPTIONS = GoogleChatOptions.model_validate({"url": URL})
NAME = "spaces/AAQA1b2C3d/messages/xYz.1"


def error(code: int, status: str) -> str:
    return json.dumps({"error": {"code": code, "message": "Words.", "status": status}})


CHANNEL = 'url = "http://127.0.0.1:9/v1/spaces/AA/messages?key=k&token=CANARYplatformSECRET0009"'

ANSWERS = Answers(
    gone=frozenset({401, 403, 404, 410}),
    cases=(
        Case(200, json.dumps({"name": NAME, "thread": {"name": "t"}}), Delivered(NAME)),
        Case(200, f'{{\n  "name": "{NAME}",\n  "cardsV2": [ cut', Delivered(NAME)),
        Case(200, "{}", Unknown(Reason.NOT_A_POST)),
        Case(400, error(400, "INVALID_ARGUMENT"), Rejected(Reason.BAD_REQUEST)),
        Case(401, error(401, "UNAUTHENTICATED"), Rejected(Reason.UNAUTHORISED, gone=True)),
        Case(403, error(403, "PERMISSION_DENIED"), Rejected(Reason.FORBIDDEN, gone=True)),
        Case(404, error(404, "NOT_FOUND"), Rejected(Reason.GONE, gone=True)),
        Case(429, error(429, "RESOURCE_EXHAUSTED"), Retry(Reason.RATE_LIMITED)),
        Case(503, error(503, "UNAVAILABLE"), Retry(Reason.SERVER_ERROR)),
        Case(500, error(500, "INTERNAL"), Retry(Reason.SERVER_ERROR)),
    ),
    proves=lambda status, body: re.search(b'"name"\\s*:\\s*"spaces/', body) is not None,
)


class Reader(HTMLParser):
    """What a reader sees of a card's HTML, and its tags."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen = ""
        self.tags: list[str] = []
        self.links: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        self.seen += data


def sent(message: Message, options: GoogleChatOptions = OPTIONS) -> HttpRequest:
    request = PLATFORM.request(message, options, ENVELOPE)
    assert isinstance(request, HttpRequest)
    return request


def payload(message: Message, options: GoogleChatOptions = OPTIONS) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(sent(message, options).body)
    return body


def widgets(card: dict[str, Any]) -> list[dict[str, Any]]:
    return [widget for section in card["card"]["sections"] for widget in section["widgets"]]


def paragraphs(card: dict[str, Any]) -> str:
    texts = (
        widget["textParagraph"]["text"] for widget in widgets(card) if "textParagraph" in widget
    )
    return "<br>".join(texts)


def buttons(card: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        button
        for widget in widgets(card)
        for button in widget.get("buttonList", {}).get("buttons", ())
    ]


def test_a_real_message_is_what_a_person_can_read_in_the_golden_file() -> None:
    matches_golden("google_chat", sent(REAL).shown())


@given(foreign)
def test_text_of_others_is_shown_as_it_is_and_holds_no_tag(text: str) -> None:
    reader = Reader(CARD_HTML.text(text))
    assert reader.tags == []
    assert reader.seen == clean(text)


@settings(max_examples=60, deadline=None)
@given(messages)
def test_every_word_of_a_message_is_seen_and_no_tag_is_of_others(message: Message) -> None:
    body = payload(message)
    assert len(body["cardsV2"]) == len(message.parts)
    assert not re.search(r"<(users/|https?:)", body["fallbackText"])
    for part, card in zip(message.parts, body["cardsV2"], strict=True):
        reader = Reader(paragraphs(card))
        seen = squeezed(card["card"].get("header", {}).get("title", "") + reader.seen)
        assert set(reader.tags) <= {"a", "b", "br", "font", "i"}
        assert all(link.startswith("https://") for link in reader.links)
        for text in (part.title, part.footer, *(action.text for action in part.actions)):
            assert squeezed(one_line(text)) in seen
    assert len(sent(message).body) <= LONGEST_MESSAGE


def test_a_long_title_is_bold_text_since_a_header_would_cut_it() -> None:
    short, long = payload(REAL)["cardsV2"][1], payload(REAL)["cardsV2"][0]
    assert short["card"]["header"] == {"title": REAL.parts[1].title}
    assert len(ENGLISH.title) > LONGEST_HEADER
    assert "header" not in long["card"]
    assert paragraphs(long).startswith(f"<b>{ENGLISH.title}</b><br><br>")


def test_links_of_actions_are_buttons_in_the_colour_of_the_day() -> None:
    first, *others = buttons(payload(REAL)["cardsV2"][0])
    assert first["text"] == "Find a member"
    assert first["onClick"] == {"openLink": {"url": "https://www.ourcommons.ca/members/en"}}
    assert first["color"] == {"red": 0.29, "green": 0.416, "blue": 0.561, "alpha": 1}
    assert len(others) == 2


def test_a_link_that_is_no_button_stands_in_the_text() -> None:
    action = ActionText("act", "Do it.", (Link("", "https://a.example/"),))
    message = replace(REAL, parts=(replace(ENGLISH, actions=(action,)),))
    card = payload(message)["cardsV2"][0]
    assert buttons(card) == []
    assert 'Do it. <a href="https://a.example/">https://a.example/</a>' in paragraphs(card)


def test_a_bare_message_has_only_what_it_has() -> None:
    bare = replace(
        ENGLISH, title="Short", body="", actions=(), sources=(), footer="", sources_label=""
    )
    unlabelled = replace(ENGLISH, actions_label="", sources_label="", footer="")
    first, second = payload(replace(REAL, parts=(bare, unlabelled)))["cardsV2"]
    assert first["card"] == {"header": {"title": "Short"}, "sections": []}
    assert "<b></b>" not in paragraphs(second)


def test_a_body_looks_as_it_should() -> None:
    assert CARD_HTML.markdown(
        "A **bold *both*** `co<de` [a](https://a.example/?a=1&b=2).\n\n- one\n  - deep\n\n> said"
    ) == (
        "A <b>bold <i>both</i></b> co&lt;de "
        '<a href="https://a.example/?a=1&amp;b=2">a</a>.<br><br>'
        "• one<br>\u00a0\u00a0\u00a0\u00a0• deep<br><br>│ said"
    )


def test_each_request_has_its_id_and_a_thread_only_where_one_is_asked_for() -> None:
    query = parse_qs(urlsplit(sent(REAL).url).query)
    assert query["requestId"] == [ENVELOPE.request_id]
    assert "messageReplyOption" not in query
    assert sent(REAL).url.startswith(URL)
    threaded = GoogleChatOptions.model_validate({"url": URL, "thread_key": "days"})
    query = parse_qs(urlsplit(sent(REAL, threaded).url).query)
    assert query["messageReplyOption"] == ["REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD"]
    assert payload(REAL, threaded)["thread"] == {"threadKey": "days"}
    assert PLATFORM.repeat_safe_for is None


def test_what_is_too_long_is_shortened_or_refused() -> None:
    long = replace(ENGLISH, body="\n\n".join(["Dix mots à noter. " * 60] * 40))
    message = replace(REAL, parts=(long,))
    assert PLATFORM.fitting_problems(message)
    assert len(sent(message).body) <= LONGEST_MESSAGE
    with pytest.raises(CannotFitError):
        sent(replace(REAL, parts=(replace(ENGLISH, body="x" * 32_000),)))
    with pytest.raises(CannotFitError):
        sent(replace(REAL, parts=(replace(ENGLISH, title="x" * 4097),)))
    with pytest.raises(CannotFitError):
        sent(replace(REAL, parts=(ENGLISH,) * 30))


def test_the_request_shows_neither_key_nor_token() -> None:
    request = sent(REAL)
    for text in (repr(request), json.dumps(request.shown()), repr(OPTIONS)):
        assert "AIza" not in text
        assert "aB3-dE" not in text
    own = GoogleChatOptions.model_validate({"url": "http://127.0.0.1:9/secret-path-of-mine"})
    assert "secret-path" not in json.dumps(sent(REAL, own).shown())


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        (URL.partition("&")[0], "not that of a Google Chat webhook"),
        (URL.replace("/messages", ""), "not that of a Google Chat webhook"),
        (URL.replace("googleapis", "example"), "chat.googleapis.com"),
    ],
)
def test_an_address_that_takes_no_message_is_refused_with_the_reason(
    url: str, sentence: str
) -> None:
    problem = PLATFORM.address_problem(GoogleChatOptions.model_validate({"url": url}), ())
    assert problem is not None
    assert sentence in problem
    assert "AIza" not in problem


def test_a_webhooks_address_is_taken_and_a_trusted_host_may_have_any_path() -> None:
    assert PLATFORM.address_problem(OPTIONS, ()) is None
    own = GoogleChatOptions.model_validate({"url": "http://127.0.0.1:8080/x"})
    assert PLATFORM.address_problem(own, ("127.0.0.1",)) is None
    (webhook, rate), _ = PLATFORM.rate_keys(OPTIONS)
    assert rate == 1.0
    assert "AIza" not in webhook
