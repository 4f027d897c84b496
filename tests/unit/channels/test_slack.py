from __future__ import annotations

import html
import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from pydantic import ValidationError
from slack_sdk.models.blocks import Block

from bot.channels.dialects.dialect import clean, units
from bot.channels.dialects.slack_blocks import LONGEST_BLOCKS, MOST_BLOCKS
from bot.channels.fitting import CannotFitError
from bot.channels.outcome import Delivered, Reason, Rejected, Retry, Unknown
from bot.channels.request import HttpRequest
from bot.channels.slack import PLATFORM
from bot.channels.webhook_platform import WebhookOptions
from bot.content.message import Link, Message

from .answer_cases import Answers, Case
from .golden_files import matches_golden
from .messages import ENGLISH, ENVELOPE, REAL, messages
from .seen import squeezed

URL = "https://hooks.slack.com/services/T0001A2B3/B0001A2B3/xYz123abcDEF456ghi789JKL"
OPTIONS = WebhookOptions.model_validate({"url": URL})

CHANNEL = 'url = "http://127.0.0.1:9/services/T0/B0/CANARYplatformSECRET0009"'

ANSWERS = Answers(
    gone=frozenset({404, 410}),
    cases=(
        Case(200, "ok", Delivered()),
        Case(400, "invalid_payload", Rejected(Reason.BAD_REQUEST)),
        Case(400, "invalid_blocks", Rejected(Reason.BAD_REQUEST)),
        Case(400, "no_text", Rejected(Reason.BAD_REQUEST)),
        Case(403, "action_prohibited", Rejected(Reason.FORBIDDEN)),
        Case(403, "posting_to_general_channel_denied", Rejected(Reason.FORBIDDEN)),
        Case(403, "invalid_token", Rejected(Reason.UNAUTHORISED, gone=True)),
        Case(403, "team_disabled", Rejected(Reason.DISABLED, gone=True)),
        Case(404, "no_service", Rejected(Reason.GONE, gone=True)),
        Case(404, "no_team\n", Rejected(Reason.GONE, gone=True)),
        Case(404, "channel_not_found", Rejected(Reason.GONE, gone=True)),
        Case(410, "channel_is_archived", Rejected(Reason.ARCHIVED, gone=True)),
        Case(429, "rate_limited", Retry(Reason.RATE_LIMITED)),
        Case(500, "rollup_error", Retry(Reason.SERVER_ERROR)),
        Case(502, "<html>Bad gateway</html>", Unknown(Reason.GATEWAY)),
        # A code that says "gone" says it only where the request was refused.
        Case(500, "no_service", Retry(Reason.SERVER_ERROR)),
    ),
)


def sent(message: Message) -> HttpRequest:
    request = PLATFORM.request(message, OPTIONS, ENVELOPE)
    assert isinstance(request, HttpRequest)
    return request


def payload(message: Message) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(sent(message).body)
    return body


def texts(value: Any) -> list[str]:
    """Every text in the blocks as a reader sees it, in order."""
    if isinstance(value, list):
        return [text for inner in value for text in texts(inner)]
    if not isinstance(value, dict):
        return []
    if value.get("type") == "mrkdwn":
        return [html.unescape(re.sub(r"<[^|>]*\|([^>]*)>", r"\1", value["text"]))]
    if isinstance(value.get("text"), str):
        return [value["text"]]
    return [text for inner in value.values() for text in texts(inner)]


def test_a_real_message_is_what_a_person_can_read_in_the_golden_file() -> None:
    matches_golden("slack", sent(REAL).shown())


@settings(max_examples=60, deadline=None)
@given(messages)
def test_slacks_own_models_take_every_block_and_know_every_field(message: Message) -> None:
    blocks = payload(message)["blocks"]
    parsed = Block.parse_all(blocks)
    assert [block.to_dict() for block in parsed] == blocks
    for block in parsed:
        block.validate_json()


@settings(max_examples=60, deadline=None)
@given(messages)
def test_no_limit_of_slack_is_passed_and_nothing_that_was_not_left_out_is_lost(
    message: Message,
) -> None:
    body = payload(message)
    assert len(body["blocks"]) <= MOST_BLOCKS
    assert sum(units(text) for text in texts(body["blocks"])) <= LONGEST_BLOCKS
    assert body["text"]
    assert body["unfurl_links"] is False
    assert body["unfurl_media"] is False
    seen = squeezed("".join(texts(body["blocks"])))
    for part in message.parts:
        for text in (part.title, part.footer, *(action.text for action in part.actions)):
            assert squeezed(clean(text)) in seen


@settings(max_examples=60, deadline=None)
@given(messages)
def test_nothing_in_a_mrkdwn_text_is_a_mention_or_a_link_of_others(message: Message) -> None:
    body = payload(message)
    written = [body["text"]] + [
        element["text"]
        for block in body["blocks"]
        if block["type"] == "context"
        for element in block["elements"]
        if element["type"] == "mrkdwn"
    ]
    for text in written:
        for inside in re.findall(r"<([^>]*)>", text):
            assert re.match(r"https?://", inside)
        assert ">" not in re.sub(r"<[^<>]*>", "", re.sub(r"^(> )+", "", text, flags=re.MULTILINE))


def test_text_of_others_is_shown_as_it_is_in_the_body() -> None:
    body = r"<!channel> \*not bold\* :fire: @everyone & \<script\>"
    block = payload(replace(REAL, parts=(replace(ENGLISH, body=body),)))["blocks"][1]
    assert block["elements"][0]["elements"] == [
        {"type": "text", "text": "<!channel> *not bold* :fire: @everyone & <script>"}
    ]


def test_a_title_longer_than_a_header_is_bold_text_and_whole() -> None:
    title = "A long title " * 20
    first = payload(replace(REAL, parts=(replace(ENGLISH, title=title),)))["blocks"][0]
    assert first["type"] == "rich_text"
    (text,) = first["elements"][0]["elements"]
    assert text == {"type": "text", "text": title.strip(), "style": {"bold": True}}


def test_languages_are_parted_by_a_divider() -> None:
    kinds = [block["type"] for block in payload(REAL)["blocks"]]
    assert kinds.count("divider") == 1
    assert kinds.count("header") == 2


def test_many_sources_take_more_than_one_text_and_are_all_there() -> None:
    links = tuple(Link(f"Source {n} " + "x" * 600, f"https://a.example/{n}") for n in range(8))
    context = payload(replace(REAL, parts=(replace(ENGLISH, sources=links),)))["blocks"][-2]
    assert len(context["elements"]) > 1
    assert all(units(element["text"]) <= 3000 for element in context["elements"])
    assert all(f"Source {n}" in str(context) for n in range(8))


def test_a_message_without_actions_sources_labels_or_footer_has_no_empty_block() -> None:
    bare = replace(ENGLISH, title=" ", body="", actions=(), sources=(), footer="", actions_label="")
    assert payload(
        replace(REAL, parts=(bare, replace(ENGLISH, actions_label="", sources_label="")))
    )
    assert PLATFORM.fitting_problems(replace(REAL, parts=(bare,))) == ()


def test_what_is_too_long_is_shortened_and_said_beforehand() -> None:
    long = replace(ENGLISH, body="\n\n".join(["A paragraph of words. " * 60] * 12))
    message = replace(REAL, parts=(long,))
    (sentence,) = PLATFORM.fitting_problems(message)
    assert sentence.startswith("The text in 'en' loses its last")
    assert sum(units(text) for text in texts(payload(message)["blocks"])) <= LONGEST_BLOCKS


@pytest.mark.parametrize(
    "part",
    [
        replace(ENGLISH, body="x" * 12_000),
        replace(ENGLISH, sources=(Link("t" * 3001, "https://a.example/"),)),
        replace(ENGLISH, sources=(Link("t", "https://a.example/" + "x" * 3000),)),
        replace(ENGLISH, footer="x" * 3001),
    ],
    ids=["first paragraph", "title of a source", "address of a source", "footer"],
)
def test_what_cannot_be_shortened_is_refused_with_a_sentence(part: Any) -> None:
    message = replace(REAL, parts=(part,))
    (sentence,) = PLATFORM.fitting_problems(message)
    assert "too long" in sentence
    with pytest.raises(CannotFitError, match="too long"):
        PLATFORM.request(message, OPTIONS, ENVELOPE)


def test_the_request_shows_no_secret() -> None:
    request = sent(REAL)
    for text in (repr(request), json.dumps(request.shown()), repr(OPTIONS)):
        assert "xYz123" not in text
        assert "T0001A2B3" not in text
    assert request.url == URL
    assert request.masked(f"refused: {URL[23:]}") == "refused: /***"


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("https://hooks.slack.com/triggers/T1/2/x", "workflow"),
        ("https://hooks.slack.com/workflows/T1/A1/2/x", "workflow"),
        ("https://hooks.slack.com/services/T1/B1", "not that of a Slack incoming webhook"),
        ("https://slack.com/services/T1/B1/x", "hooks.slack.com or hooks.slack-gov.com"),
        ("http://hooks.slack.com/services/T1/B1/x", "https://"),
    ],
)
def test_an_address_that_takes_no_message_is_refused_with_the_reason(
    url: str, sentence: str
) -> None:
    options = WebhookOptions.model_validate({"url": url})
    problem = PLATFORM.address_problem(options, ())
    assert problem is not None
    assert sentence in problem
    assert "T1" not in problem


@pytest.mark.parametrize("url", [URL, f"{URL}/", "https://hooks.slack-gov.com/services/T1/B1/x"])
def test_a_webhooks_address_is_taken(url: str) -> None:
    assert PLATFORM.address_problem(WebhookOptions.model_validate({"url": url}), ()) is None


def test_a_trusted_host_may_have_any_path_but_slacks_own_may_not() -> None:
    own = WebhookOptions.model_validate({"url": "http://127.0.0.1:8080/triggers/x"})
    assert PLATFORM.address_problem(own, ("127.0.0.1:8080",)) is None
    trigger = WebhookOptions.model_validate({"url": "https://hooks.slack.com/triggers/x"})
    assert PLATFORM.address_problem(trigger, ("hooks.slack.com",)) is not None


def test_the_same_address_has_the_same_digest_and_buckets_without_the_secret() -> None:
    other = WebhookOptions.model_validate({"url": URL.replace("T0001", "T0002")})
    same = WebhookOptions.model_validate({"url": f"{URL}/"})
    assert PLATFORM.address_digest(OPTIONS) == PLATFORM.address_digest(same)
    assert PLATFORM.address_digest(OPTIONS) != PLATFORM.address_digest(other)
    (webhook, rate), (host, _) = PLATFORM.rate_keys(OPTIONS)
    assert rate == 1.0
    assert host == "host:hooks.slack.com"
    assert "xYz" not in webhook


def test_an_unknown_option_is_refused_without_showing_a_secret() -> None:
    with pytest.raises(ValidationError) as refused:
        WebhookOptions.model_validate({"url": 5, "channel": "secret-value"})
    assert "secret-value" not in str(refused.value)
