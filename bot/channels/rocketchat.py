"""Rocket.Chat, through an incoming integration.

https://docs.rocket.chat/docs/integrations and the server's source
(apps/meteor/app/integrations/server/api/api.ts, read 2026-11-24).

A message is two attachments a language: the title, the body and the actions, whose buttons stand
below them, then the sources and the footer. With attachments and no text nothing unfurls.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from pydantic import SecretStr

from bot.channels.addresses import address_problem, digest, read_address, secrets_of
from bot.channels.answers import json_object, read_answer, told, wait_of_seconds
from bot.channels.colours import colour
from bot.channels.dialects.dialect import one_line, units, web_url
from bot.channels.dialects.rocketchat import ROCKETCHAT
from bot.channels.http_platform import (
    USER_AGENT,
    ChannelOptions,
    HttpPlatform,
    json_bytes,
    webhook_rates,
)
from bot.channels.outcome import Delivered, Outcome, Reason, Rejected, Unknown
from bot.channels.platform import Envelope, Platform
from bot.channels.request import HttpRequest, Response
from bot.content.message import Link, Message, Part

LONGEST_TEXT = 5000
"""Message_MaxAllowedSize as it is set at first, for the text of each attachment."""

# The server's limiter as it is set at first: ten calls a minute.
RATE = 10 / 60

Json = dict[str, Any]


class RocketChatOptions(ChannelOptions):
    """``url`` is the integration's address, which is the secret.

    ``separate_response`` has the server say for each room whether it posted, and its id of the
    post; older servers do not know it, and answer as without.
    """

    url: SecretStr
    separate_response: bool = False


class RocketChat(HttpPlatform[RocketChatOptions]):
    """Attachments with link buttons and the colour of the day."""

    name = "rocketchat"
    options_model = RocketChatOptions
    called = "Rocket.Chat"
    where = "in Rocket.Chat, under Administration, Integrations, Incoming"

    def address_problem(
        self, options: RocketChatOptions, trusted_hosts: Collection[str]
    ) -> str | None:
        url = options.url.get_secret_value()
        problem = address_problem(url, trusted_hosts)
        if problem is not None:
            return problem
        if not re.search(r"/hooks/[^/]+(/[^/]+){1,2}/?$", read_address(url).path):
            return (
                "The address is not that of a Rocket.Chat incoming integration "
                "(https://…/hooks/…/…); copy its Webhook URL again in one piece."
            )
        return None

    def address_digest(self, options: RocketChatOptions) -> str:
        return digest(self.name, read_address(options.url.get_secret_value()).url.rstrip("/"))

    def rate_keys(self, options: RocketChatOptions) -> tuple[tuple[str, float], ...]:
        url = options.url.get_secret_value()
        return webhook_rates(self.name, self.address_digest(options), url, RATE)

    def too_long(self, message: Message, options: RocketChatOptions | None) -> bool:
        return any(
            units(attachment.get("title", "")) + units(attachment.get("text", "")) > LONGEST_TEXT
            for attachment in _attachments(message)
        )

    def fitted_request(
        self, message: Message, options: RocketChatOptions, envelope: Envelope
    ) -> HttpRequest:
        address = read_address(options.url.get_secret_value())
        payload: Json = {"attachments": list(_attachments(message))}
        if options.separate_response:
            payload["separateResponse"] = True
        return HttpRequest(
            method="POST",
            url=address.url,
            headers={"Content-Type": "application/json", "User-Agent": USER_AGENT},
            body=json_bytes(payload),
            secrets=secrets_of(address.url),
        )

    def outcome(self, response: Response, at: datetime) -> Outcome:
        answer = json_object(response)
        said = _said(answer)
        if 200 <= response.status <= 299:
            return _taken(response, answer, said)
        refused = answer.get("success") is False
        if response.status == 503 and refused:
            # The server's own words for an integration that is switched off; without them it is a
            # proxy's answer.
            return Rejected(Reason.DISABLED, told(response, said), gone=True)
        if response.status in (401, 404, 500) and said and _UNKNOWN_TOKEN in said:
            return Rejected(Reason.GONE, told(response, said), gone=True)
        if response.status == 400 and said and "error-message-size-exceeded" in said:
            return Rejected(Reason.TOO_LARGE, told(response, said))
        return read_answer(response, at, gone=(410,), said=said, wait=_wait(response, said, at))


_UNKNOWN_TOKEN = "Invalid integration id or token"  # noqa: S105 - a message


def _taken(response: Response, answer: Any, said: str | None) -> Outcome:
    """Reads a success: only ``{"success": true}`` is one, and even then each room's own answer
    counts where it was asked for."""
    if answer.get("success") is False:
        return Rejected(Reason.NOT_A_POST, told(response, said))
    if answer.get("success") is not True:
        return Unknown(Reason.NOT_A_POST, told(response))
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


def _said(answer: Any) -> str | None:
    for key in ("error", "message"):
        if isinstance(answer.get(key), str):
            return str(answer[key])
    return None


def _wait(response: Response, said: str | None, at: datetime) -> timedelta | None:
    """Gives the wait until ``X-RateLimit-Reset``, milliseconds since 1970, or as the text says."""
    reset = response.headers.get("x-ratelimit-reset", "").strip()
    if re.fullmatch(r"\d{1,15}", reset, re.ASCII):
        return wait_of_seconds(int(reset) / 1000 - at.timestamp())
    seconds = re.search(r"must wait (\d{1,6}) seconds", said or "", re.ASCII)
    return wait_of_seconds(int(seconds[1])) if seconds else None


def _attachments(message: Message) -> Iterator[Json]:
    shade = f"#{colour(message.kind):06X}"
    for part in message.parts:
        for attachment in (_body(part), _end(part)):
            if attachment:
                yield {"color": shade, **attachment}


def _body(part: Part) -> Json:
    buttons = [
        link
        for action in part.actions
        for link in action.links
        if web_url(link.url) and one_line(link.title)
    ]
    texts = (ROCKETCHAT.markdown(part.body), _actions(part, buttons))
    attachment: Json = {
        # Shown letter for letter.
        "title": one_line(part.title),
        "text": "\n\n".join(filter(None, texts)),
    }
    filled = {key: value for key, value in attachment.items() if value}
    if buttons:
        filled["actions"] = [
            {"type": "button", "text": one_line(link.title), "url": web_url(link.url)}
            for link in buttons
        ]
    return filled


def _actions(part: Part, buttons: Collection[Link]) -> str:
    lines = []
    for action in part.actions:
        words = [ROCKETCHAT.text(one_line(action.text))]
        words += [ROCKETCHAT.link(li.title, li.url) for li in action.links if li not in buttons]
        lines.append(f"{ROCKETCHAT.bullet}{' '.join(filter(None, words))}")
    return "\n".join([*_label(part.actions_label), *lines]) if lines else ""


def _end(part: Part) -> Json:
    sources = [ROCKETCHAT.link(link.title, link.url) for link in part.sources]
    row = " ".join([*_label(part.sources_label), " · ".join(sources)]) if sources else ""
    footer = ROCKETCHAT.text(one_line(part.footer))
    text = "\n\n".join(filter(None, (row, footer)))
    return {"text": text} if text else {}


def _label(label: str) -> Iterable[str]:
    words = ROCKETCHAT.text(one_line(label))
    return [ROCKETCHAT.strong(words)] if words else []


PLATFORM: Platform[RocketChatOptions] = RocketChat()
