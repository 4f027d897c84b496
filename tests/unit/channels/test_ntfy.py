from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from pydantic import ValidationError

from bot.channels.dialects.dialect import clean
from bot.channels.fitting import CannotFitError
from bot.channels.ntfy import PLATFORM, NtfyOptions
from bot.channels.outcome import Delivered, Reason, Rejected, Retry
from bot.channels.request import HttpRequest
from bot.content.markdown import parse, plain
from bot.content.message import Message

from .answer_cases import Answers, Case
from .golden_files import matches_golden
from .messages import AT, ENGLISH, ENVELOPE, FRENCH, REAL, messages
from .seen import squeezed
from .shipped import shipped_messages

Json = dict[str, Any]

TOPIC = "remember-4f2a9c"
TOKEN = "tk_AgQdq7mVBoFD37zQVN29RhuMzNIz2"
OPTIONS = NtfyOptions.model_validate({"topic": TOPIC})
SIGNED_IN = NtfyOptions.model_validate(
    {"url": "https://push.example.org", "topic": TOPIC, "token": TOKEN, "priority": 2}
)


def error(code: int, status: int) -> str:
    return json.dumps({"code": code, "http": status, "error": "it says why", "link": "https://x"})


CHANNEL = """
url = "http://127.0.0.1:9"
topic = "CANARYplatformSECRET0009"
"""

ANSWERS = Answers(
    cases=(
        Case(
            200,
            '{"id": "sPs71M8A2T", "time": 1, "event": "message", "topic": "x"}',
            Delivered("sPs71M8A2T"),
        ),
        Case(400, error(40014, 400), Rejected(Reason.BAD_REQUEST)),
        Case(401, error(40101, 401), Rejected(Reason.UNAUTHORISED)),
        Case(403, error(40301, 403), Rejected(Reason.FORBIDDEN)),
        Case(413, error(41301, 413), Rejected(Reason.TOO_LARGE)),
        Case(413, error(41303, 413), Rejected(Reason.TOO_LARGE)),
        Case(429, error(42901, 429), Retry(Reason.RATE_LIMITED)),
        Case(429, error(42908, 429), Retry(Reason.QUOTA, retry_after=timedelta(hours=10))),
        Case(500, error(50001, 500), Retry(Reason.SERVER_ERROR)),
        Case(507, error(50701, 507), Retry(Reason.SERVER_ERROR)),
    )
)


def sent(message: Message, options: NtfyOptions = OPTIONS) -> HttpRequest:
    request = PLATFORM.request(message, options, ENVELOPE)
    assert isinstance(request, HttpRequest)
    return request


def payload(message: Message, options: NtfyOptions = OPTIONS) -> Json:
    body: Json = json.loads(sent(message, options).body)
    return body


class Server:
    """Publishes as ntfy's server does (server/server.go, util/peek.go, read 2026-11-24)."""

    limit = 4096

    def takes(self, body: bytes) -> tuple[str, str]:
        """Gives what kind of thing a body becomes, and its text."""
        assert len(body) <= 2 * self.limit, "41303"
        published = json.loads(body)
        assert len(published.get("actions", [])) <= 3
        peeked = published["message"].encode()[: self.limit]
        kind = "attachment" if len(peeked) == self.limit else "message"
        return kind, published["message"].strip()


def test_a_real_message_is_what_a_person_can_read_in_the_golden_file() -> None:
    matches_golden("ntfy", sent(REAL).shown())


@settings(max_examples=60, deadline=None)
@given(messages)
def test_whatever_anybody_wrote_is_a_message_and_no_attachment(message: Message) -> None:
    body = payload(message)
    kind, text = Server().takes(sent(message).body)
    assert kind == "message"
    seen = squeezed(body["title"] + text)
    for part in message.parts:
        for piece in (part.title, part.footer, *(action.text for action in part.actions)):
            assert squeezed(clean(piece)) in seen


def test_every_message_that_ships_is_a_message_and_no_attachment() -> None:
    for message in shipped_messages():
        try:
            kind, text = Server().takes(sent(message).body)
        except CannotFitError:
            assert len(message.parts) == 3  # all languages together are too much for some days
            continue
        assert kind == "message"
        for part in message.parts:
            assert squeezed(plain(parse(part.body)[:1])) in squeezed(text)
        if len(message.parts) == 1:
            assert PLATFORM.fitting_problems(message) == ()


@pytest.mark.parametrize("letter", ["e", "é", "\U0001f56f"])
def test_bytes_are_counted_and_one_less_than_the_limit_is_the_most(letter: str) -> None:
    bare = replace(ENGLISH, actions=(), sources=(), footer="")
    size = len(letter.encode())

    def of(count: int) -> Message:
        return replace(REAL, parts=(replace(bare, body=letter * count),))

    assert Server().takes(sent(of(4095 // size)).body)[0] == "message"
    with pytest.raises(CannotFitError):
        sent(of(4095 // size + 1))


def test_the_json_as_a_whole_is_within_its_limit_too() -> None:
    long = replace(ENGLISH, title="A title " * 700, body="Words. " * 400)
    with pytest.raises(CannotFitError):
        sent(replace(REAL, parts=(long,)))


def test_the_first_links_are_buttons_and_the_others_stand_in_the_text() -> None:
    body = payload(REAL)
    assert [action["label"] for action in body["actions"]] == [
        "Find a member",
        "Directorio",
        "The day",
    ]
    assert body["click"] == body["actions"][0]["url"]
    assert "https://www.un.org/fr/observances/genocide-prevention-day" in body["message"]
    assert "https://www.ourcommons.ca" not in body["message"]
    assert body["message"].index(FRENCH.title) > 0
    assert ENGLISH.title not in body["message"]
    silent = replace(REAL, parts=(replace(ENGLISH, actions=()),))
    assert not {"actions", "click"} & set(payload(silent))


def test_topic_and_token_are_seen_nowhere() -> None:
    assert sent(REAL).url == "https://ntfy.sh/"
    assert "Authorization" not in sent(REAL).headers
    request = sent(REAL, SIGNED_IN)
    assert request.url == "https://push.example.org/"
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"
    assert (payload(REAL, SIGNED_IN)["priority"], payload(REAL)["topic"]) == (2, TOPIC)
    for text in (repr(request), json.dumps(request.shown()), repr(SIGNED_IN)):
        assert TOPIC not in text
        assert TOKEN not in text


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"url": "https://ntfy.sh/our-topic"}, "write the topic under `topic`"),
        ({"url": "http://ntfy.sh"}, "https://"),
        ({"topic": "two words"}, "`topic` may have letters"),
    ],
)
def test_an_address_that_is_none_is_refused_with_the_reason(
    changed: dict[str, str], sentence: str
) -> None:
    options = NtfyOptions.model_validate({"topic": TOPIC, **changed})
    problem = PLATFORM.address_problem(options, ())
    assert problem is not None
    assert sentence in problem
    assert "words" not in problem
    assert PLATFORM.address_problem(OPTIONS, ()) is None


def test_a_priority_is_one_of_five() -> None:
    for priority in (0, 6, True):
        with pytest.raises(ValidationError):
            NtfyOptions.model_validate({"topic": TOPIC, "priority": priority})


def test_two_topics_are_two_places_with_one_visitors_limit() -> None:
    other = NtfyOptions.model_validate({"topic": "other"})
    assert PLATFORM.address_digest(other) != PLATFORM.address_digest(OPTIONS)
    assert PLATFORM.rate_keys(other) == PLATFORM.rate_keys(OPTIONS)


def test_what_ntfy_says_is_told_with_its_code() -> None:
    outcome = PLATFORM.outcome(ANSWERS.cases[1].response, AT)
    assert outcome.detail == "HTTP 400: 40014 it says why"
