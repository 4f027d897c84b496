"""What other people's code says of the payloads: of every message that ships, each day in each
language with each of its stories, and of messages with whatever anybody could have written."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any

import pytest
from google.apps.chat_v1.types import Message as ChatMessage
from google.protobuf import json_format
from hypothesis import HealthCheck, Phase, given, settings
from jsonschema_rs import Draft6Validator
from slack_sdk.models.blocks import Block
from standardwebhooks import Webhook as Verifier

from bot.channels.dialects.dialect import clean, one_line
from bot.channels.dialects.discord import DISCORD
from bot.channels.fitting import CannotFitError
from bot.channels.platform import Envelope
from bot.channels.registry import PLATFORMS
from bot.channels.request import HttpRequest
from bot.content.markdown import parse, plain
from bot.content.message import Message, Part

from .judges import Judges
from .messages import ENVELOPE, foreign, messages
from .seen import squeezed
from .shipped import LANGUAGES, shipped_messages

Json = dict[str, Any]

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
CHANNELS: dict[str, tuple[str, Json]] = {
    "slack": ("slack", {"url": "https://hooks.slack.com/services/T1/B1/x"}),
    "discord": ("discord", {"url": "https://discord.com/api/webhooks/1/x"}),
    "discord with buttons": (
        "discord",
        {"url": "https://discord.com/api/webhooks/1/x", "components": True},
    ),
    "teams": ("teams", {"url": "https://x.logic.azure.com/workflows/1?sig=x"}),
    "google_chat": (
        "google_chat",
        {"url": "https://chat.googleapis.com/v1/spaces/A/messages?key=k&token=t"},
    ),
    "google_chat in a thread": (
        "google_chat",
        {
            "url": "https://chat.googleapis.com/v1/spaces/A/messages?key=k&token=t",
            "thread_key": "days",
        },
    ),
    "webhook": ("webhook", {"url": "https://a.example/", "secret": SECRET}),
}

by_hypothesis = settings(
    max_examples=60,
    deadline=None,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
rendered_by_hypothesis = settings(by_hypothesis, max_examples=25)


def sent(channel: str, message: Message, envelope: Envelope = ENVELOPE) -> HttpRequest:
    name, options = CHANNELS[channel]
    platform = PLATFORMS[name]
    request = platform.request(message, platform.options_model.model_validate(options), envelope)
    assert isinstance(request, HttpRequest)
    return request


def payload(channel: str, message: Message) -> Json:
    body: Json = json.loads(sent(channel, message).body)
    return body


def card(message: Message) -> Json:
    (attachment,) = payload("teams", message)["attachments"]
    content: Json = attachment["content"]
    return content


def for_each(check: Callable[[Message], None]) -> None:
    assert len(shipped_messages()) > 300
    for message in shipped_messages():
        check(message)


def words(part: Part) -> list[str]:
    """What a reader must see of a part whatever had to be left out, as it is compared."""
    first, *_ = [*parse(part.body), None]
    texts = [
        part.title,
        *((plain([first]),) if first else ()),
        *(action.text for action in part.actions),
        part.footer,
    ]
    return [squeezed(one_line(text)) for text in texts]


def missing(message: Message, seen: str) -> list[str]:
    found = squeezed(seen)
    return [text for part in message.parts for text in words(part) if text not in found]


# Slack: its own models refuse what is too long, and give back only the fields that they know.


def slack_takes(message: Message) -> None:
    blocks = payload("slack", message)["blocks"]
    parsed = Block.parse_all(blocks)
    assert [block.to_dict() for block in parsed] == blocks
    for block in parsed:
        block.validate_json()


def test_slacks_models_take_every_message_that_ships() -> None:
    for_each(slack_takes)


@rendered_by_hypothesis
@given(messages)
def test_a_renderer_of_block_kit_shows_every_word_and_no_link_of_others(
    judged: Judges, message: Message
) -> None:
    # Its reading of mrkdwn and of headers is its own: only the structured text is shown to it.
    blocks = [b for b in payload("slack", message)["blocks"] if b["type"] == "rich_text"]
    verdict = judged("slack", blocks)
    for part in message.parts:
        assert [text for text in words(part)[1:-1] if text not in squeezed(verdict["seen"])] == []
    assert set(verdict["links"]) <= set(found_in(blocks, "url"))


# Discord: the request schema of its own specification, and a reader of its Markdown.


@pytest.mark.parametrize("channel", ["discord", "discord with buttons"])
def test_discords_specification_takes_every_message_that_ships(
    judged: Judges, channel: str
) -> None:
    def takes(message: Message) -> None:
        try:
            body = payload(channel, message)
        except CannotFitError:
            # Three languages in 4,000 characters: `check` says so, and to send each by itself.
            assert (channel, message.languages) == ("discord with buttons", LANGUAGES)
        else:
            assert judged("discord", body)["problems"] == []

    for_each(takes)


@by_hypothesis
@given(messages)
def test_discords_specification_takes_whatever_anybody_wrote(
    judged: Judges, message: Message
) -> None:
    for channel in ("discord", "discord with buttons"):
        assert judged("discord", payload(channel, message))["problems"] == []


@by_hypothesis
@given(foreign)
def test_text_of_others_is_nothing_but_text_to_a_reader_of_discords_markdown(
    judged: Judges, text: str
) -> None:
    verdict = judged("discordMarkdown", DISCORD.text(text))
    assert set(verdict["kinds"]) <= {"br", "twemoji"}
    assert squeezed(verdict["seen"]) == squeezed(clean(text))


@by_hypothesis
@given(messages)
def test_a_reader_of_discords_markdown_sees_every_word_of_a_message(
    judged: Judges, message: Message
) -> None:
    embeds = payload("discord", message)["embeds"]
    seen = "".join(
        embed.get("title", "")
        + judged("discordMarkdown", embed["description"])["seen"]
        + embed.get("footer", {}).get("text", "")
        for embed in embeds
    )
    assert missing(message, seen) == []


# Teams: Microsoft's schema, which is strict, and Microsoft's renderer.


@cache
def card_schema() -> Draft6Validator:
    """Microsoft's schema, in a validator in Rust: the one in Python takes 80 ms a card."""
    schema = files("adaptive_cards").joinpath("schemas/schema-1.5.json").read_text("utf-8")
    return Draft6Validator(json.loads(schema))


def card_problems(judged: Judges, content: Json, *, render: bool) -> Json:
    """Gives the renderer's verdict, what the schema says added to its problems."""
    assert (content["type"], content["version"]) == ("AdaptiveCard", "1.4")
    assert content["msteams"] == {"width": "Full"}  # no entities: nothing can ping
    bare = {key: value for key, value in content.items() if key != "msteams"}
    verdict = judged("teams", {"card": content, "render": render})
    verdict["problems"] += [error.message for error in card_schema().iter_errors(bare)]
    return verdict


def test_the_schema_of_adaptive_cards_would_say_what_is_wrong(judged: Judges) -> None:
    wrong = {"type": "AdaptiveCard", "version": "1.4", "msteams": {"width": "Full"}, "boby": []}
    assert card_problems(judged, wrong, render=False)["problems"]


def test_microsofts_schema_and_renderer_take_every_message_that_ships(judged: Judges) -> None:
    def takes(message: Message) -> None:
        request = sent("teams", message)
        assert len(request.body) <= 20_000
        once = message.languages == ("fr",) and not message.lead_days
        verdict = card_problems(judged, card(message), render=once)
        assert verdict["problems"] == []
        assert not once or missing(message, verdict["seen"]) == []

    for_each(takes)


@rendered_by_hypothesis
@given(messages)
def test_microsofts_renderer_shows_every_word_and_no_link_of_others(
    judged: Judges, message: Message
) -> None:
    content = card(message)
    verdict = card_problems(judged, content, render=True)
    assert verdict["problems"] == []
    assert missing(message, verdict["seen"]) == []
    assert set(verdict["links"]) <= set(found_in(content, "url"))


# Google Chat: the message of its own API, which knows all fields and enums.


def google_chat_takes(message: Message) -> None:
    for channel in ("google_chat", "google_chat in a thread"):
        json_format.ParseDict(payload(channel, message), ChatMessage.pb(ChatMessage()))


def test_googles_own_message_takes_every_message_that_ships() -> None:
    for_each(google_chat_takes)


@by_hypothesis
@given(messages)
def test_googles_own_message_takes_whatever_anybody_wrote(message: Message) -> None:
    google_chat_takes(message)


def test_googles_own_message_refuses_a_field_that_it_does_not_know() -> None:
    with pytest.raises(json_format.ParseError):
        json_format.ParseDict({"cardV2": []}, ChatMessage.pb(ChatMessage()))


# Webhooks: the library that receivers verify with.


def webhook_verifies(message: Message) -> None:
    now = datetime.now(UTC)  # what a receiver compares the time with
    request = sent("webhook", message, Envelope("a/key", "vg_1", now))
    said = Verifier(SECRET).verify(request.body, dict(request.headers))
    assert said["data"]["date"] == message.date.isoformat()


def test_a_receivers_library_verifies_every_message_that_ships() -> None:
    for_each(webhook_verifies)


@by_hypothesis
@given(messages)
def test_a_receivers_library_verifies_whatever_anybody_wrote(message: Message) -> None:
    webhook_verifies(message)


def test_every_day_ships_in_every_language() -> None:
    languages = {message.languages for message in shipped_messages()}
    assert {(code,) for code in LANGUAGES} < languages
    assert LANGUAGES in languages


def found_in(value: Any, key: str) -> list[str]:
    """Gives what stands at ``key`` anywhere in a payload."""
    if isinstance(value, list):
        return [found for inner in value for found in found_in(inner, key)]
    if not isinstance(value, dict):
        return []
    here = [value[key]] if isinstance(value.get(key), str) else []
    return [*here, *(found for inner in value.values() for found in found_in(inner, key))]
