from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from pydantic import ValidationError

from bot.channels.dialects.dialect import clean, units
from bot.channels.discord import PLATFORM, Discord, DiscordOptions
from bot.channels.fitting import CannotFitError
from bot.channels.outcome import Delivered, Reason, Rejected, Retry, Unknown
from bot.channels.request import HttpRequest, Response
from bot.content.message import ActionText, Link, Message

from .answer_cases import Answers, Case
from .discord_reader import read
from .golden_files import matches_golden
from .messages import ENGLISH, ENVELOPE, REAL, messages
from .seen import squeezed

URL = "https://discord.com/api/webhooks/123456789012345678/aB3-dE_fG7hIjK"
OPTIONS = DiscordOptions.model_validate({"url": URL})
COMPONENTS = DiscordOptions.model_validate({"url": URL, "components": True})

_FORM = {
    "code": 50035,
    "message": "Invalid Form Body",
    "errors": {"embeds": {"0": {"title": {"_errors": [{"code": "X", "message": "Too long"}]}}}},
}

CHANNEL = 'url = "http://127.0.0.1:9/api/webhooks/12/CANARYplatformSECRET0009"'

ANSWERS = Answers(
    gone=frozenset({401, 404}),
    cases=(
        Case(200, '{"id": "1315", "type": 0}', Delivered("1315")),
        Case(200, '{"type": 0}', Delivered()),
        Case(204, "", Delivered()),
        Case(400, json.dumps(_FORM), Rejected(Reason.BAD_REQUEST)),
        Case(400, '{"code": 220001, "message": "Forum"}', Rejected(Reason.BAD_REQUEST)),
        Case(400, '{"code": 130000, "message": "Overloaded"}', Retry(Reason.SERVER_ERROR)),
        Case(400, '{"code": 40005, "message": "Too large"}', Rejected(Reason.TOO_LARGE)),
        Case(
            401,
            '{"code": 50027, "message": "Invalid Webhook Token"}',
            Rejected(Reason.UNAUTHORISED, gone=True),
        ),
        Case(403, "<!DOCTYPE html>error code: 1020", Rejected(Reason.FORBIDDEN)),
        Case(
            404, '{"code": 10015, "message": "Unknown Webhook"}', Rejected(Reason.GONE, gone=True)
        ),
        Case(413, '{"code": 40005, "message": "Too large"}', Rejected(Reason.TOO_LARGE)),
        Case(
            429,
            '{"message": "You are being rate limited.", "retry_after": 0.64, "global": false}',
            Retry(Reason.RATE_LIMITED, retry_after=timedelta(seconds=1)),
            {"retry-after": "1"},
        ),
        Case(
            429,
            '{"retry_after": 43.5}',
            Retry(Reason.RATE_LIMITED, retry_after=timedelta(seconds=43.5)),
        ),
        Case(
            429,
            "<!DOCTYPE html>error code: 1015",
            Retry(Reason.RATE_LIMITED, retry_after=timedelta(seconds=600)),
            {"retry-after": "600"},
        ),
        Case(520, "<!DOCTYPE html>", Unknown(Reason.GATEWAY)),
    ),
)


def sent(message: Message, options: DiscordOptions = OPTIONS) -> HttpRequest:
    request = PLATFORM.request(message, options, ENVELOPE)
    assert isinstance(request, HttpRequest)
    return request


def payload(message: Message, options: DiscordOptions = OPTIONS) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(sent(message, options).body)
    return body


def leaves(components: list[dict[str, Any]]) -> list[dict[str, Any]]:
    flat = []
    for component in components:
        flat += [component, *leaves(component.get("components", []))]
    return flat


def test_a_real_message_is_what_a_person_can_read_in_the_golden_files() -> None:
    matches_golden("discord", sent(REAL).shown())
    matches_golden("discord-components", sent(REAL, COMPONENTS).shown())


@settings(max_examples=60, deadline=None)
@given(messages)
def test_embeds_keep_every_limit_and_all_that_was_not_left_out(message: Message) -> None:
    body = payload(message)
    assert body["allowed_mentions"] == {"parse": []}
    assert len(body["embeds"]) == len(message.parts) <= 10
    total = 0
    for part, embed in zip(message.parts, body["embeds"], strict=True):
        assert "url" not in embed
        texts = [
            embed.get("title", ""),
            embed["description"],
            embed.get("footer", {}).get("text", ""),
        ]
        assert units(texts[0]) <= 256
        assert units(texts[1]) <= 4096
        total += sum(map(units, texts))
        seen = squeezed(texts[0] + read(texts[1]).seen + texts[2])
        for text in (part.title, part.footer, *(action.text for action in part.actions)):
            assert squeezed(clean(text)) in seen
    assert total <= 6000


@settings(max_examples=60, deadline=None)
@given(messages)
def test_components_keep_every_limit_and_all_that_was_not_left_out(message: Message) -> None:
    body = payload(message, COMPONENTS)
    assert body["flags"] == 32768
    assert "embeds" not in body
    assert body["allowed_mentions"] == {"parse": []}
    flat = leaves(body["components"])
    assert len(flat) <= 40
    texts = [component.get("content", component.get("label", "")) for component in flat]
    assert sum(map(units, texts)) <= 4000
    for component in flat:
        match component["type"]:
            case 1:
                assert 1 <= len(component["components"]) <= 5
            case 2:
                assert component["style"] == 5
                assert 1 <= units(component["label"]) <= 80
                assert len(component["url"]) <= 512
            case 10:
                assert component["content"]
            case kind:
                assert kind == 17
    seen = squeezed("".join(read(text).seen for text in texts))
    for part in message.parts:
        for text in (part.title, part.footer, *(action.text for action in part.actions)):
            assert squeezed(clean(text)) in seen


@settings(max_examples=60, deadline=None)
@given(messages)
def test_nothing_that_others_wrote_is_a_mention_or_an_address(message: Message) -> None:
    written = [embed["description"] for embed in payload(message)["embeds"]]
    written += [
        c["content"] for c in leaves(payload(message, COMPONENTS)["components"]) if "content" in c
    ]
    for text in written:
        kinds = read(text).kinds
        assert not kinds & {"mention", "emoji", "timestamp", "bare address", "spoiler", "underline"}


def test_a_title_that_is_too_long_or_would_be_read_as_markdown_goes_into_the_description() -> None:
    for title in ("A *starred* title", "Long title " * 30):
        embed = payload(replace(REAL, parts=(replace(ENGLISH, title=title),)))["embeds"][0]
        assert "title" not in embed
        reading = read(embed["description"])
        assert reading.seen.startswith(" ".join(title.split()))
        assert reading.markup[0][0] == "strong"


def test_links_that_are_no_buttons_stand_in_the_text() -> None:
    links = (
        Link("A label far too long for a button, " * 3, "https://a.example/1"),
        Link("Long address", "https://a.example/" + "x" * 500),
        Link("", "https://a.example/3"),
        Link("No address", "gopher://a.example"),
    )
    actions = (
        ActionText("a", "Do this.", links),
        ActionText("b", "And", (Link("Go", "https://b.example"),)),
    )
    body = payload(replace(REAL, parts=(replace(ENGLISH, actions=actions),)), COMPONENTS)
    buttons = [component for component in leaves(body["components"]) if component["type"] == 2]
    assert [button["label"] for button in buttons] == ["Go"]
    assert "<https://a.example/3>" in str(body)
    assert "gopher" in str(body)


def test_a_part_with_a_body_alone_has_no_empty_piece() -> None:
    bare = replace(ENGLISH, actions=(), sources=(), footer="", actions_label="", sources_label="")
    message = replace(REAL, parts=(bare,))
    (embed,) = payload(message)["embeds"]
    assert set(embed) == {"title", "color", "description"}
    assert [c["type"] for c in leaves(payload(message, COMPONENTS)["components"])] == [17, 10, 10]


def test_a_thread_is_named_or_numbered_in_the_request() -> None:
    numbered = DiscordOptions.model_validate({"url": URL, "thread_id": 42})
    assert sent(REAL, numbered).url.endswith("?wait=true&thread_id=42")
    named = DiscordOptions.model_validate({"url": URL, "thread_name": "Remembrance: {title}"})
    name = payload(REAL, named)["thread_name"]
    assert name.startswith("Remembrance: International Day of Commemoration")
    assert units(name) <= 100
    assert name.endswith("…")
    fixed = DiscordOptions.model_validate({"url": URL, "thread_name": "Remembrance"})
    assert payload(REAL, fixed)["thread_name"] == "Remembrance"
    long_word = replace(REAL, parts=(replace(ENGLISH, title="x" * 300),))
    assert units(payload(long_word, named)["thread_name"]) <= 100


def test_the_request_asks_for_the_message_and_says_who_it_is() -> None:
    request = sent(REAL, COMPONENTS)
    assert request.url == f"{URL}?wait=true&with_components=true"
    assert request.headers["User-Agent"].startswith("DiscordBot (vigilia, ")
    for text in (repr(request), json.dumps(request.shown()), repr(OPTIONS)):
        assert "aB3" not in text
    assert request.shown()["url"].startswith(
        "https://discord.com/api/webhooks/123456789012345678/***?"
    )


def test_a_trusted_host_keeps_its_path_and_query_and_its_secrets_are_masked() -> None:
    own = DiscordOptions.model_validate({"url": "http://127.0.0.1:8080/fake/discord-hook?a=1"})
    assert PLATFORM.address_problem(own, ("127.0.0.1",)) is None
    request = sent(REAL, own)
    assert request.url == "http://127.0.0.1:8080/fake/discord-hook?a=1&wait=true"
    assert "discord-hook" not in json.dumps(request.shown())


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        (f"{URL}/slack", "/slack"),
        (f"{URL}?thread_id=4", "thread_id"),
        ("https://discord.com/api/webhooks/1", "copy it again"),
        ("https://discord.com/channels/1/2", "copy it again"),
        ("https://discord.gg/abc", "discord.com, discordapp.com"),
        (URL.replace("https", "http"), "https://"),
    ],
)
def test_an_address_that_is_no_webhook_is_refused_with_the_reason(url: str, sentence: str) -> None:
    problem = PLATFORM.address_problem(DiscordOptions.model_validate({"url": url}), ())
    assert problem is not None
    assert sentence in problem
    assert "aB3" not in problem


@pytest.mark.parametrize(
    "host", ["discord.com", "discordapp.com", "ptb.discord.com", "canary.discord.com"]
)
@pytest.mark.parametrize("version", ["", "/v10"])
def test_the_same_webhook_is_the_same_place_on_every_host_and_version(
    host: str, version: str
) -> None:
    url = URL.replace("discord.com", host).replace("/webhooks", f"{version}/webhooks")
    options = DiscordOptions.model_validate({"url": url})
    assert PLATFORM.address_problem(options, ()) is None
    assert PLATFORM.address_digest(options) == PLATFORM.address_digest(OPTIONS)


def test_two_threads_are_two_places_with_one_webhooks_limit() -> None:
    one, two = (DiscordOptions.model_validate({"url": URL, "thread_id": n}) for n in (1, 2))
    assert PLATFORM.address_digest(one) != PLATFORM.address_digest(two)
    assert PLATFORM.rate_keys(one) == PLATFORM.rate_keys(two)


def test_the_limits_of_components_are_lower_and_said_beforehand() -> None:
    part = replace(ENGLISH, body="\n\n".join(["Some words here. " * 20] * 5))
    message = replace(REAL, parts=(part, replace(part, language="fr")))
    assert PLATFORM.fitting_problems(message, OPTIONS) == ()
    assert PLATFORM.fitting_problems(message) == ()
    assert "The text in 'fr' loses its last" in PLATFORM.fitting_problems(message, COMPONENTS)[-1]


@pytest.mark.parametrize(
    "message",
    [
        replace(REAL, parts=(ENGLISH,) * 11),
        replace(REAL, parts=(replace(ENGLISH, body="x" * 4000),)),
        replace(REAL, parts=(replace(ENGLISH, footer="x" * 4001),)),
        replace(REAL, parts=(replace(ENGLISH, body="x" * 2500),) * 2),
    ],
    ids=["eleven languages", "first paragraph", "footer", "two languages"],
)
def test_what_cannot_be_shortened_is_refused(message: Message) -> None:
    with pytest.raises(CannotFitError):
        PLATFORM.request(message, OPTIONS, ENVELOPE)
    with pytest.raises(CannotFitError):
        PLATFORM.request(message, COMPONENTS, ENVELOPE)


def test_what_discord_says_is_told_with_the_field() -> None:
    outcome = PLATFORM.outcome(ANSWERS.cases[3].response, ENVELOPE.at)
    assert outcome.detail == "HTTP 400: 50035 Invalid Form Body (embeds.0.title: Too long)"


def test_two_ways_to_name_a_thread_are_refused() -> None:
    with pytest.raises(ValidationError, match="exclude each other") as refused:
        DiscordOptions.model_validate({"url": URL, "thread_id": "1", "thread_name": "x"})
    assert "aB3" not in str(refused.value)
    with pytest.raises(ValidationError):
        DiscordOptions.model_validate({"url": URL, "thread_id": "abc"})
    with pytest.raises(ValidationError):
        DiscordOptions.model_validate({"url": URL, "thread_id": True})


def test_a_message_is_deleted_through_its_webhook_and_within_its_thread() -> None:
    discord = Discord()
    request = discord.retraction("1315", OPTIONS, ENVELOPE)
    assert request is not None
    assert (request.method, request.url) == ("DELETE", f"{URL}/messages/1315")
    assert set(request.shown()) == {"method", "url", "headers"}
    assert "aB3" not in json.dumps(request.shown())
    threaded = DiscordOptions.model_validate({"url": URL, "thread_id": "42"})
    request = discord.retraction("1315", threaded, ENVELOPE)
    assert request is not None
    assert request.url == f"{URL}/messages/1315?thread_id=42"
    assert discord.retraction("../1315", OPTIONS, ENVELOPE) is None
    gone = Response(404, {}, b'{"code": 10008, "message": "Unknown Message"}')
    assert isinstance(discord.retracted(gone, ENVELOPE.at), Delivered)
    assert isinstance(discord.retracted(Response(404, {}, b"{}"), ENVELOPE.at), Rejected)
