from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings

from bot.channels.dialects.common_mark import ROCKETCHAT
from bot.channels.dialects.dialect import one_line
from bot.channels.fitting import CannotFitError
from bot.channels.outcome import Delivered, Outcome, Reason, Rejected, Retry, Unknown
from bot.channels.request import HttpRequest, Response
from bot.channels.rocketchat import LONGEST_TEXT, PLATFORM, RocketChatOptions
from bot.content.message import ActionText, Link, Message

from .answer_cases import Answers, Case
from .golden_files import matches_golden
from .messages import AT, ENGLISH, ENVELOPE, REAL, foreign, messages
from .seen import squeezed

URL = "https://chat.example.org/hooks/65a1b2c3d4e5f6a7b8c9d0e1/aB3dEfG7hI9jK1lM3nO5pQ7rS9"
OPTIONS = RocketChatOptions.model_validate({"url": URL})


def failure(error: str) -> str:
    return json.dumps({"success": False, "error": error})


def rooms(*answers: dict[str, Any]) -> str:
    return json.dumps({"success": True, "responses": answers})


POSTED = {"channel": "#a", "message": {"_id": "xYz1"}}
FAILED = {"channel": "#b", "error": "error-not-allowed"}
UNKNOWN_TOKEN = failure("Invalid integration id or token provided.")

CHANNEL = 'url = "http://127.0.0.1:9/hooks/a1b2c3/CANARYplatformSECRET0009"'

ANSWERS = Answers(
    gone=frozenset({410}),
    cases=(
        Case(200, '{"success":true}', Delivered()),
        Case(200, rooms(POSTED), Delivered("xYz1")),
        Case(200, rooms(FAILED, POSTED), Delivered("xYz1")),
        Case(200, "", Unknown(Reason.NOT_A_POST)),
        Case(200, failure("error-running-script"), Rejected(Reason.NOT_A_POST)),
        Case(400, failure("error-message-size-exceeded"), Rejected(Reason.TOO_LARGE)),
        Case(400, failure("invalid-channel"), Rejected(Reason.BAD_REQUEST)),
        Case(404, UNKNOWN_TOKEN, Rejected(Reason.GONE, gone=True)),
        Case(500, UNKNOWN_TOKEN, Rejected(Reason.GONE, gone=True)),
        Case(
            401,
            '{"status":"error","message":"You must be logged in to do this."}',
            Rejected(Reason.UNAUTHORISED),
        ),
        Case(503, failure("Service Unavailable"), Rejected(Reason.DISABLED, gone=True)),
        # Of a proxy, not of the server.
        Case(503, "Service Unavailable", Retry(Reason.SERVER_ERROR)),
        Case(
            429,
            failure(
                "Error, too many requests. Please slow down. You must wait 42 seconds before "
                "trying this endpoint again. [error-too-many-requests]"
            ),
            Retry(Reason.RATE_LIMITED, retry_after=timedelta(seconds=42)),
        ),
        Case(
            429,
            failure("error-too-many-requests"),
            Retry(Reason.RATE_LIMITED, retry_after=timedelta(seconds=17)),
            headers={"x-ratelimit-reset": str(int(AT.timestamp() * 1000) + 17_000)},
        ),
        Case(502, "<html>Bad gateway</html>", Unknown(Reason.GATEWAY)),
    ),
    proves=lambda status, body: re.fullmatch(rb'\{"success": ?true.*', body) is not None,
)


def sent(message: Message, options: RocketChatOptions = OPTIONS) -> HttpRequest:
    request = PLATFORM.request(message, options, ENVELOPE)
    assert isinstance(request, HttpRequest)
    return request


def attachments(message: Message) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(sent(message).body)["attachments"]
    return found


def test_a_real_message_is_what_a_person_can_read_in_the_golden_file() -> None:
    matches_golden("rocketchat", sent(REAL).shown())


@given(foreign)
def test_nothing_in_a_text_pings_and_no_backslash_stands_before_what_the_client_escapes(
    text: str,
) -> None:
    written = ROCKETCHAT.text(text)
    assert not re.search(r"@(?!\u200b|\s|$)", written)
    assert not re.search(r"(?<!\\)(\\\\)*\\[<>&]", written)


@settings(max_examples=60, deadline=None)
@given(messages)
def test_nothing_of_a_message_pings_and_no_attachment_is_too_long(message: Message) -> None:
    found = attachments(message)
    titles = [attachment["title"] for attachment in found if "title" in attachment]
    assert titles == [one_line(part.title) for part in message.parts]
    for attachment in found:
        assert not re.search(r"(?<!\S)@(all|here)\b", attachment.get("text", ""))
        assert len(attachment.get("text", "")) <= LONGEST_TEXT
        for button in attachment.get("actions", ()):
            assert button["url"].startswith("https://")


def test_buttons_stand_under_the_actions_and_sources_and_footer_after_them() -> None:
    body, end, *_ = attachments(REAL)
    assert body["title"] == ENGLISH.title
    assert body["color"] == end["color"] == "#4A6A8F"
    assert [button["text"] for button in body["actions"]] == [
        "Find a member",
        "Directorio",
        "The day",
    ]
    assert "- Write one page to your representative." in body["text"]
    assert end["text"].startswith(
        "**Sources** [A/RES/69/323](https://undocs.org/en/A/RES/69/323) ·"
    )
    assert end["text"].endswith("\n\nObservances calendar")


def test_a_link_that_is_no_button_stands_in_the_text() -> None:
    action = ActionText("act", "Do it.", (Link("", "https://a.example/"),))
    part = replace(ENGLISH, actions=(action,), actions_label="")
    body, _ = attachments(replace(REAL, parts=(part,)))
    assert "actions" not in body
    assert body["text"].endswith("- Do it. [https:\u200b//a.example/](https://a.example/)")


def test_a_bare_message_has_no_empty_attachment() -> None:
    bare = replace(ENGLISH, body="", actions=(), sources=(), footer="")
    assert attachments(replace(REAL, parts=(bare,))) == [
        {"color": "#4A6A8F", "title": ENGLISH.title}
    ]
    nothing = replace(bare, title="")
    assert attachments(replace(REAL, parts=(nothing,))) == []


def test_each_room_answers_for_itself_only_where_that_is_asked_for() -> None:
    separate = RocketChatOptions.model_validate({"url": URL, "separate_response": True})
    assert json.loads(sent(REAL, separate).body)["separateResponse"] is True
    assert "separateResponse" not in json.loads(sent(REAL).body)
    outcome: Outcome = PLATFORM.outcome(Response(200, {}, rooms(POSTED, FAILED).encode()), AT)
    assert outcome.detail == "posted in 1 of 2 rooms"


def test_what_is_too_long_is_shortened_or_refused() -> None:
    long = replace(ENGLISH, body="\n\n".join(["A paragraph of words. " * 60] * 20))
    message = replace(REAL, parts=(long,))
    assert PLATFORM.fitting_problems(message)
    assert all(len(one["text"]) <= LONGEST_TEXT for one in attachments(message))
    with pytest.raises(CannotFitError):
        sent(replace(REAL, parts=(replace(ENGLISH, body="x" * 5000),)))


@pytest.mark.parametrize(
    "url",
    ["https://chat.example.org/hooks/one", "https://chat.example.org/api/v1/chat.postMessage"],
)
def test_an_address_that_takes_no_message_is_refused_with_the_reason(url: str) -> None:
    problem = PLATFORM.address_problem(RocketChatOptions.model_validate({"url": url}), ())
    assert problem is not None
    assert "Rocket.Chat incoming integration" in problem


def test_an_address_with_or_without_a_user_is_taken() -> None:
    for url in (URL, URL.replace("/hooks/", "/hooks/x/")):
        assert PLATFORM.address_problem(RocketChatOptions.model_validate({"url": url}), ()) is None
    plain = RocketChatOptions.model_validate({"url": URL.replace("https", "http")})
    assert "https://" in (PLATFORM.address_problem(plain, ()) or "")


def test_the_address_is_shown_to_nobody() -> None:
    request = sent(REAL)
    for text in (repr(request), json.dumps(request.shown()), repr(OPTIONS)):
        assert "aB3dEf" not in text
    (webhook, rate), _ = PLATFORM.rate_keys(OPTIONS)
    assert rate == pytest.approx(1 / 6)
    assert "aB3dEf" not in webhook
    assert squeezed(" ") == ""
