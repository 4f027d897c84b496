"""Rocket.Chat, through an incoming integration.

https://docs.rocket.chat/docs/integrations and the server's source
(apps/meteor/app/integrations/server/api/api.ts, read 2026-11-24).

A message is two attachments a language: the title, the body and the actions, whose buttons stand
below them, then the sources and the footer. With attachments and no text nothing unfurls.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from bot.channels.answers import (
    detail_of,
    json_object,
    read_answer,
    refusal,
    wait_of_seconds,
)
from bot.channels.base_platform import Json
from bot.channels.dialects.dialect import units
from bot.channels.dialects.rocketchat_attachments import attachments_of
from bot.channels.outcome import Delivered, Outcome, Reason, Unknown
from bot.channels.platform import Platform
from bot.channels.request import Response
from bot.channels.webhook_platform import WebhookOptions, WebhookPlatform
from bot.content.message import Message

LONGEST_TEXT = 5000
"""Message_MaxAllowedSize as it is set at first, for the text of each attachment."""


class RocketChatOptions(WebhookOptions):
    """``url`` is the integration's address, which is the secret.

    ``separate_response`` has the server say for each room whether it posted, and its id of the
    post; older servers do not know it, and answer as without.
    """

    separate_response: bool = False


class RocketChat(WebhookPlatform[RocketChatOptions]):
    """Attachments with link buttons and the colour of the day."""

    name = "rocketchat"
    called = "Rocket.Chat"
    where = "in Rocket.Chat, under Administration, Integrations, Incoming"
    options_model = RocketChatOptions
    path = re.compile(r"/hooks/[^/]+(/[^/]+){1,2}/?$")
    looks = (
        "a Rocket.Chat incoming integration (https://…/hooks/…/…); copy its Webhook URL again in "
        "one piece."
    )
    # The server's limiter as it is set at first: ten calls a minute.
    rate = 10 / 60

    def payload(self, message: Message, options: RocketChatOptions | None) -> Json:
        payload: Json = {"attachments": list(attachments_of(message))}
        if options is not None and options.separate_response:
            payload["separateResponse"] = True
        return payload

    def too_long(self, payload: Json) -> bool:
        return any(
            units(attachment.get("title", "")) + units(attachment.get("text", "")) > LONGEST_TEXT
            for attachment in payload["attachments"]
        )

    def outcome(self, response: Response, at: datetime) -> Outcome:
        answer = json_object(response)
        key = "error" if isinstance(answer.get("error"), str) else "message"
        words = answer[key] if isinstance(answer.get(key), str) else None
        if response.is_success:
            return _taken(response, answer, words)
        if response.status == 503 and answer.get("success") is False:
            # The server's own words for an integration that is switched off; without them it is a
            # proxy's answer.
            return refusal(Reason.DISABLED, response, words, gone=True)
        if response.status in (401, 404, 500) and words and _UNKNOWN_TOKEN in words:
            return refusal(Reason.GONE, response, words, gone=True)
        if response.status == 400 and words and "error-message-size-exceeded" in words:
            return refusal(Reason.TOO_LARGE, response, words)
        wait = _wait(response, words, at)
        return read_answer(response, at, gone=(410,), words=words, wait=wait)


_UNKNOWN_TOKEN = "Invalid integration id or token"  # noqa: S105 - a message


def _taken(response: Response, answer: Any, words: str | None) -> Outcome:
    """Return what a success means: only ``{"success": true}`` is one, and even then each room's
    own answer counts where it was asked for."""
    if answer.get("success") is False:
        return refusal(Reason.NOT_A_POST, response, words)
    if answer.get("success") is not True:
        return Unknown(Reason.NOT_A_POST, detail_of(response))
    rooms = answer.get("responses")
    if not isinstance(rooms, list):
        return Delivered()
    messages = [room["message"] for room in rooms if isinstance(room, dict) and "message" in room]
    ids = [message.get("_id") for message in messages if isinstance(message, dict)]
    named = [remote_id for remote_id in ids if isinstance(remote_id, str)]
    if len(messages) < len(rooms):
        return Delivered(
            next(iter(named), None), f"posted in {len(messages)} of {len(rooms)} rooms"
        )
    return Delivered(next(iter(named), None))


def _wait(response: Response, words: str | None, at: datetime) -> timedelta | None:
    """Return the wait until ``X-RateLimit-Reset``, milliseconds since 1970, or as the text says."""
    reset = response.headers.get("x-ratelimit-reset", "").strip()
    if re.fullmatch(r"\d{1,15}", reset, re.ASCII):
        return wait_of_seconds(int(reset) / 1000 - at.timestamp())
    seconds = re.search(r"must wait (\d{1,6}) seconds", words or "", re.ASCII)
    return wait_of_seconds(int(seconds[1])) if seconds else None


PLATFORM: Platform[RocketChatOptions] = RocketChat()
