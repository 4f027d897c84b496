"""Rocket.Chat, through an incoming integration.

https://docs.rocket.chat/docs/integrations and the server's source
(apps/meteor/app/integrations/server/api/api.ts, read 2026-11-24).
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from bot.channels.answers import detail_of, wait_of_seconds, words_at
from bot.channels.dialects.attachments import rocketchat_attachments
from bot.channels.dialects.dialect import Json, units
from bot.channels.outcome import Delivered, Outcome, Reason, Unknown
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
    """Two attachments a language: the title, the body and the actions, whose buttons stand below
    them, then the sources and the footer. With attachments and no text nothing unfurls."""

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
    gone = (410,)

    def payload(self, message: Message, options: RocketChatOptions | None) -> Json:
        payload: Json = {"attachments": list(rocketchat_attachments(message))}
        if options is not None and options.separate_response:
            payload["separateResponse"] = True
        return payload

    def too_long(self, payload: Json) -> bool:
        return any(
            units(attachment.get("title", "")) + units(attachment.get("text", "")) > LONGEST_TEXT
            for attachment in payload["attachments"]
        )

    def words(self, response: Response) -> str | None:
        return words_at(response.json, ["error"]) or words_at(response.json, ["message"])

    def documented(self, response: Response, at: datetime) -> Outcome | None:
        words = self.words(response) or ""
        if response.is_success:
            return self._taken(response)
        if response.status == 503 and response.json.get("success") is False:
            # The server's own words for an integration that is switched off; without them it is a
            # proxy's answer.
            return self.refusal(Reason.DISABLED, response, gone=True)
        if response.status in (401, 404, 500) and "Invalid integration id or token" in words:
            return self.refusal(Reason.GONE, response, gone=True)
        if response.status == 400 and "error-message-size-exceeded" in words:
            return self.refusal(Reason.TOO_LARGE, response)
        return None

    def _taken(self, response: Response) -> Outcome:
        """Return what a success means: only ``{"success": true}`` is one, and even then each room's
        own answer counts where it was asked for."""
        if response.json.get("success") is False:
            return self.refusal(Reason.NOT_A_POST, response)
        if response.json.get("success") is not True:
            return Unknown(Reason.NOT_A_POST, detail_of(response))
        rooms = response.json.get("responses")
        rooms = rooms if isinstance(rooms, list) else []
        messages = [
            room["message"] for room in rooms if isinstance(room, dict) and "message" in room
        ]
        ids = (message.get("_id") for message in messages if isinstance(message, dict))
        missed = (
            f"posted in {len(messages)} of {len(rooms)} rooms" if len(messages) < len(rooms) else ""
        )
        return Delivered(next((post for post in ids if isinstance(post, str)), None), missed)

    def wait(self, response: Response, at: datetime) -> timedelta | None:
        """Return the wait until ``X-RateLimit-Reset``, milliseconds since 1970, or as the text
        says."""
        reset = response.headers.get("x-ratelimit-reset", "").strip()
        if re.fullmatch(r"\d{1,15}", reset, re.ASCII):
            return wait_of_seconds(int(reset) / 1000 - at.timestamp())
        words = self.words(response) or ""
        seconds = re.search(r"must wait (\d{1,6}) seconds", words, re.ASCII)
        return wait_of_seconds(int(seconds[1])) if seconds else None


PLATFORM = RocketChat()
