"""ntfy: a notification on phones and desks, for whoever follows a topic.

https://docs.ntfy.sh/publish/#publish-as-json and #limitations (read 2026-11-24); the error codes
from https://github.com/binwiederhier/ntfy/blob/main/server/errors.go.

The words go as plain text, which every client shows alike. ntfy has no colours and no footer of its
own; the first three links of the actions are its buttons.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Annotated, Any

from pydantic import Field, SecretStr

from bot.channels.addresses import address_problem, digest, read_address
from bot.channels.answers import asked_wait, json_object, read_answer, told
from bot.channels.dialects.dialect import one_line, web_url
from bot.channels.dialects.plain import PLAIN
from bot.channels.http_platform import (
    USER_AGENT,
    ChannelOptions,
    HttpPlatform,
    json_bytes,
    webhook_rates,
)
from bot.channels.outcome import Delivered, Outcome, Reason, Rejected, Retry
from bot.channels.platform import Envelope, Platform
from bot.channels.request import HttpRequest, Response
from bot.channels.text_layout import text_of_part
from bot.content.message import Link, Message

LONGEST_MESSAGE = 4_095
"""Bytes: the server's ``message-size-limit`` is 4,096, and a message of exactly that many is made
an attachment already (util/peek.go: ``LimitReached: read == limit``)."""
LONGEST_BODY = 8_192
"""Bytes of JSON: twice that limit, past which the answer is 41303."""
MOST_ACTIONS = 3

# 60 at once, then one in five seconds (https://docs.ntfy.sh/publish/#limitations).
RATE = 0.2

_DAILY_QUOTA = 42908
_TOO_LARGE = (41301, 41303)

_TOPIC = re.compile(r"[-_A-Za-z0-9]{1,64}")

Priority = Annotated[int, Field(ge=1, le=5, strict=True)]


class NtfyOptions(ChannelOptions):
    """``topic`` is as good as a password on a public server; ``token`` signs in where the server
    asks for it. ``priority`` is 1 to 5, 3 the usual one."""

    url: str = "https://ntfy.sh"
    topic: SecretStr
    token: SecretStr | None = None
    priority: Priority = 3


class Ntfy(HttpPlatform[NtfyOptions]):
    """One notification: a title, plain text, up to three buttons."""

    name = "ntfy"
    options_model = NtfyOptions
    called = "ntfy"
    where = "in ntfy, under Settings, Access tokens"

    def address_problem(self, options: NtfyOptions, trusted_hosts: Collection[str]) -> str | None:
        problem = address_problem(options.url, trusted_hosts)
        if problem is not None:
            return problem
        if read_address(options.url).path.strip("/") or read_address(options.url).query:
            return (
                "The address is more than the server's: write the topic under `topic`, and leave "
                "it out of `url`."
            )
        if not _TOPIC.fullmatch(options.topic.get_secret_value()):
            return "`topic` may have letters, digits, - and _, and at most 64 of them."
        return None

    def address_digest(self, options: NtfyOptions) -> str:
        origin = read_address(options.url).origin
        return digest(self.name, origin, options.topic.get_secret_value(), _token(options))

    def rate_keys(self, options: NtfyOptions) -> tuple[tuple[str, float], ...]:
        # The limit is the visitor's: of a signed-in user, or of the machine.
        visitor = digest(self.name, read_address(options.url).origin, _token(options))
        return webhook_rates(self.name, visitor, options.url, RATE)

    def too_long(self, message: Message, options: NtfyOptions | None) -> bool:
        payload = _payload(message, "x" * 64, 3)
        text: str = payload["message"]
        return len(text.encode()) > LONGEST_MESSAGE or len(json_bytes(payload)) > LONGEST_BODY

    def fitted_request(
        self, message: Message, options: NtfyOptions, envelope: Envelope
    ) -> HttpRequest:
        topic, token = options.topic.get_secret_value(), _token(options)
        headers = {"Content-Type": "application/json", "User-Agent": USER_AGENT}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        return HttpRequest(
            method="POST",
            url=f"{read_address(options.url).origin}/",
            headers=headers,
            body=json_bytes(_payload(message, topic, options.priority)),
            secrets=(token,),
            secret_fields=("topic",),
        )

    def outcome(self, response: Response, at: datetime) -> Outcome:
        answer = json_object(response)
        code, error = answer.get("code"), answer.get("error")
        said = f"{code} {error}" if isinstance(error, str) else None
        remote_id = answer.get("id")
        if 200 <= response.status <= 299 and isinstance(remote_id, str):
            return Delivered(remote_id)
        if response.status == 429 and code == _DAILY_QUOTA:
            wait = asked_wait(response, at, _until_tomorrow(at))
            return Retry(Reason.QUOTA, told(response, said), wait)
        if response.status in (400, 413) and code in _TOO_LARGE:
            return Rejected(Reason.TOO_LARGE, told(response, said))
        return read_answer(response, at, said=said)


def _until_tomorrow(at: datetime) -> timedelta:
    """The quota is a day's, and begins anew at midnight UTC (``visitor-stats-reset-time``)."""
    tomorrow = at.astimezone(UTC).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), UTC) - at


def _token(options: NtfyOptions) -> str:
    return options.token.get_secret_value() if options.token else ""


def _payload(message: Message, topic: str, priority: int) -> dict[str, Any]:
    links = list(_links(message))
    buttons = links[:MOST_ACTIONS]
    payload: dict[str, Any] = {
        "topic": topic,
        "title": one_line(message.title),
        "message": "\n\n\n".join(_texts(message, buttons)),
    }
    if priority != 3:
        payload["priority"] = priority
    if links:
        payload["click"] = web_url(links[0].url)
        payload["actions"] = [
            {"action": "view", "label": one_line(link.title), "url": web_url(link.url)}
            for link in buttons
        ]
    return payload


def _texts(message: Message, buttons: Collection[Link]) -> Iterator[str]:
    """Gives the words of each language; the first one's title is the notification's own."""
    for index, part in enumerate(message.parts):
        yield text_of_part(part, PLAIN, titled=index > 0, buttons=buttons, sources_in_a_row=False)


def _links(message: Message) -> Iterator[Link]:
    """Gives the actions' links, those of the first language first."""
    for part in message.parts:
        for action in part.actions:
            for link in action.links:
                if web_url(link.url) is not None and one_line(link.title):
                    yield link


PLATFORM: Platform[NtfyOptions] = Ntfy()
