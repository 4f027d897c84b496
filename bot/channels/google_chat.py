"""Google Chat, through a space's webhook.

https://developers.google.com/workspace/chat/quickstart/webhooks and
https://developers.google.com/workspace/chat/api/reference/rest/v1/cards (read 2026-11-24).
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime
from typing import Annotated
from urllib.parse import parse_qsl, quote, urlencode

from pydantic import StringConstraints

from bot.channels.addresses import WebhookUrl, secrets_of
from bot.channels.answers import detail_of
from bot.channels.dialects.chat_card import card_of, plain_title
from bot.channels.dialects.dialect import Json, units
from bot.channels.outcome import Delivered, Outcome, Reason, Unknown
from bot.channels.platform import Envelope
from bot.channels.request import Response, json_bytes
from bot.channels.webhook_platform import WebhookOptions, WebhookPlatform
from bot.content.message import Message

HOST = "chat.googleapis.com"

LONGEST_MESSAGE = 32_000
"""Bytes, of the whole message and of its cards."""
MOST_WIDGETS = 100
LONGEST_FALLBACK = 4096

_NAME = re.compile(r'"name"\s*:\s*"(spaces/[^"]+/messages/[^"]+)"')


class GoogleChatOptions(WebhookOptions):
    """``url`` is the webhook's address, with its key and token, which are the secret.

    ``thread_key`` keeps all messages that have it in one thread; without it each begins its own.
    """

    thread_key: Annotated[str, StringConstraints(min_length=1, max_length=4000)] | None = None


class GoogleChat(WebhookPlatform[GoogleChatOptions]):
    """A card a language: a title, the body, the actions with buttons, the sources, a footer. The
    native list of sources (``elements.citedSources``) is left out: whether webhooks take it is not
    documented, and an unknown field has the whole message refused.

    ``repeat_safe_for`` stays None although each request has a ``requestId``: that a repeat gives
    the first message again is documented for "the same credentials", and not said of webhooks.
    """

    name = "google_chat"
    called = "Google Chat"
    where = "in Google Chat, in the space's menu under Apps & integrations, Webhooks"
    options_model = GoogleChatOptions
    hosts = (HOST,)
    path = re.compile(r"^/v1/spaces/[^/]+/messages\Z")
    looks = (
        "a Google Chat webhook (https://chat.googleapis.com/v1/spaces/…/messages?key=…&token=…); "
        "copy it again in one piece."
    )
    slash_matters = True
    headers = {"Content-Type": "application/json; charset=UTF-8"}  # noqa: RUF012
    # One write a second a space, shared by all apps
    # (https://developers.google.com/workspace/chat/limits).
    rate = 1.0
    gone = (401, 403, 404, 410)
    word_keys = ("error.status", "error.message")

    def url_problem(self, url: WebhookUrl, trusted_hosts: Collection[str]) -> str | None:
        query = dict(parse_qsl(url.query))
        if query.get("key") and query.get("token"):
            return super().url_problem(url, trusted_hosts)
        return f"The address is not that of {self.looks}"

    def payload(self, message: Message, options: GoogleChatOptions | None) -> Json:
        payload: Json = {
            "fallbackText": "\n".join(plain_title(part) for part in message.parts),
            "cardsV2": [
                {"cardId": f"vigilia-{index}-{part.language}", "card": card_of(part, message.kind)}
                for index, part in enumerate(message.parts)
            ],
        }
        if options is not None and options.thread_key is not None:
            payload["thread"] = {"threadKey": options.thread_key}
        return payload

    def too_long(self, payload: Json) -> bool:
        sections = [section for card in payload["cardsV2"] for section in card["card"]["sections"]]
        return (
            len(json_bytes(payload)) > LONGEST_MESSAGE
            or sum(len(section["widgets"]) for section in sections) > MOST_WIDGETS
            or units(payload["fallbackText"]) > LONGEST_FALLBACK
        )

    def target(self, options: GoogleChatOptions, envelope: Envelope) -> str:
        """Return the address with more in its query, whose own words stay as they are."""
        more = {"requestId": envelope.request_id}
        if options.thread_key is not None:
            # Without it a thread's key is ignored.
            more["messageReplyOption"] = "REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD"
        query = "&".join(filter(None, (options.site.query, urlencode(more))))
        return f"{options.site.origin}{options.site.path}?{query}"

    def secrets(self, url: WebhookUrl) -> tuple[str, ...]:
        """Return key and token, as they stand in the address and decoded; the space is public."""
        if url.host != HOST:
            return secrets_of(url.url)
        values = [value for name, value in parse_qsl(url.query) if name in ("key", "token")]
        forms = [form for value in values for form in (value, quote(value, safe=""))]
        written = [pair.partition("=")[2] for pair in url.query.split("&")]
        return tuple(dict.fromkeys([*forms, *(value for value in written if len(value) > 12)]))

    def documented(self, response: Response, at: datetime) -> Outcome | None:
        if not response.is_success:
            return None
        # Not read as JSON: an answer holds the whole message, and may have been cut.
        name = _NAME.search(response.text)
        return Delivered(name[1]) if name else Unknown(Reason.NOT_A_POST, detail_of(response))


PLATFORM = GoogleChat()
