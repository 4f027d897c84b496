"""A payload is built once: to be measured, to be shown and to be sent."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest

from bot.channels.channel import Channel
from bot.channels.registry import PLATFORMS
from bot.content.message import Link
from bot.planning import Posting
from bot.web.routes.posting import pictured
from tests.every_platform import PLATFORM_CHANNELS, channel_on

from .messages import AT, ENGLISH, ENVELOPE, REAL

FITTING = replace(REAL, parts=(replace(ENGLISH, title="A day", body="One sentence."),))


def options_on(name: str) -> Any:
    table = tomllib.loads(PLATFORM_CHANNELS)["channels"][channel_on(name)]
    model = PLATFORMS[name].options_model
    return model.model_validate({key: table[key] for key in model.model_fields if key in table})


@pytest.mark.parametrize("name", PLATFORMS)
def test_a_message_that_fits_at_once_is_one_payload_a_request(name: str) -> None:
    platform: Any = PLATFORMS[name]
    with patch.object(platform, "payload", wraps=platform.payload) as built:
        platform.request(FITTING, options_on(name), ENVELOPE)
    assert built.call_count == 1


@pytest.mark.parametrize("name", PLATFORMS)
def test_the_request_and_what_it_leaves_out_are_of_one_payload(name: str) -> None:
    platform: Any = PLATFORMS[name]
    options = options_on(name)
    with patch.object(platform, "payload", wraps=platform.payload) as built:
        request, losses = platform.fitted_request(FITTING, options, ENVELOPE)
    assert built.call_count == 1
    assert request == platform.request(FITTING, options, ENVELOPE)
    assert losses == platform.fitting_problems(FITTING, options)


@pytest.mark.parametrize("name", PLATFORMS)
def test_the_page_of_a_posting_builds_its_payload_once(name: str) -> None:
    platform: Any = PLATFORMS[name]
    channel = Channel(channel_on(name), platform, options_on(name), ("en",), ZoneInfo("UTC"))
    key = f"a-day/2026-12-09/0/{channel.name}/en"
    posting = Posting(key, ("a-day",), AT.date(), 0, channel.name, ("en",), AT, AT)
    with patch.object(platform, "payload", wraps=platform.payload) as built:
        picture = pictured(channel, FITTING, posting)
    assert built.call_count == 1
    assert picture.request and picture.left_out == platform.fitting_problems(
        FITTING, channel.options
    )


def test_what_is_sent_of_a_message_that_is_too_long_is_what_was_measured() -> None:
    platform: Any = PLATFORMS["slack"]
    sources = tuple(Link(f"Source {n}", f"https://a.example/{n}") for n in range(3000))
    long = replace(REAL, parts=(replace(ENGLISH, sources=sources),))
    payloads = []

    def too_long(payload: Any) -> bool:
        payloads.append(payload)
        return bool(type(platform).too_long(platform, payload))

    with (
        patch.object(platform, "too_long", too_long),
        patch.object(platform, "payload", wraps=platform.payload) as built,
        patch.object(platform, "assembled", wraps=platform.assembled) as sent,
    ):
        _, losses = platform.fitted_request(long, options_on("slack"), ENVELOPE)
    assert losses and "loses its last" in losses[0]
    assert built.call_count == len(payloads)
    assert any(sent.call_args.args[0] is payload for payload in payloads)
