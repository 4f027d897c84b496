"""ntfy: a notification on phones and desks, for whoever follows a topic.

https://docs.ntfy.sh/publish/#publish-as-json and #limitations (read 2026-11-24); the error codes
from https://github.com/binwiederhier/ntfy/blob/main/server/errors.go.

The words go as plain text, which every client shows alike. ntfy has no colours and no footer of its
own; the first three links of the actions are its buttons.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Annotated

from pydantic import Field, SecretStr

from bot.channels.addresses import read_address
from bot.channels.answers import asked_wait, detail_of, json_object, read_answer, refusal
from bot.channels.base_platform import ChannelOptions, Json, json_bytes
from bot.channels.dialects.dialect import one_line, web_url
from bot.channels.dialects.plain import PLAIN
from bot.channels.outcome import Delivered, Outcome, Reason, Retry
from bot.channels.platform import Envelope, Platform
from bot.channels.request import HttpRequest, Response
from bot.channels.server_platform import ServerPlatform, json_request
from bot.channels.text_layout import button_links, text_of_part
from bot.content.message import Message

LONGEST_MESSAGE = 4_095
"""Bytes: the server's ``message-size-limit`` is 4,096, and a message of exactly that many is made
an attachment already (util/peek.go: ``LimitReached: read == limit``)."""
LONGEST_BODY = 8_192
"""Bytes of JSON: twice that limit, past which the answer is 41303."""
MOST_ACTIONS = 3

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


class Ntfy(ServerPlatform[NtfyOptions, Json]):
    """One notification: a title, plain text, up to three buttons."""

    name = "ntfy"
    called = "ntfy"
    where = "in ntfy, under Settings, Access tokens"
    options_model = NtfyOptions

    too_much = (
        "The address is more than the server's: write the topic under `topic`, and leave "
        "it out of `url`."
    )
    # 60 at once, then one in five seconds (https://docs.ntfy.sh/publish/#limitations).
    rate = 0.2

    def server(self, options: NtfyOptions) -> str:
        return options.url

    def account(self, options: NtfyOptions) -> tuple[str, ...]:
        """Return the visitor: a signed-in user, or the machine."""
        return read_address(options.url).origin, _token(options)

    def place(self, options: NtfyOptions) -> tuple[str, ...]:
        origin = read_address(options.url).origin
        return origin, options.topic.get_secret_value(), _token(options)

    def options_problem(self, options: NtfyOptions) -> str | None:
        if _TOPIC.fullmatch(options.topic.get_secret_value()):
            return None
        return "`topic` may have letters, digits, - and _, and at most 64 of them."

    def payload(self, message: Message, options: NtfyOptions | None) -> Json:
        """Return the notification without its topic, the longest of which is reckoned with."""
        links = button_links(*message.parts)
        buttons = links[:MOST_ACTIONS]
        # The first language's title is the notification's own.
        texts = (
            text_of_part(part, PLAIN, titled=index > 0, buttons=buttons, sources_in_a_row=False)
            for index, part in enumerate(message.parts)
        )
        payload: Json = {"title": one_line(message.title), "message": "\n\n\n".join(texts)}
        if links:
            payload["click"] = web_url(links[0].url)
            payload["actions"] = [
                {"action": "view", "label": one_line(link.title), "url": web_url(link.url)}
                for link in buttons
            ]
        return payload

    def too_long(self, payload: Json) -> bool:
        body = json_bytes({"topic": "x" * 64, **payload})
        return len(payload["message"].encode()) > LONGEST_MESSAGE or len(body) > LONGEST_BODY

    def assembled(self, payload: Json, options: NtfyOptions, envelope: Envelope) -> HttpRequest:
        token = _token(options)
        words = {key: payload[key] for key in ("title", "message")}
        priority = {} if options.priority == 3 else {"priority": options.priority}
        body = {"topic": options.topic.get_secret_value(), **words, **priority, **payload}
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        url = f"{read_address(options.url).origin}/"
        request = json_request("POST", url, body, (token,), headers=headers)
        return replace(request, secret_fields=("topic",))

    def outcome(self, response: Response, at: datetime) -> Outcome:
        answer = json_object(response)
        code, error = answer.get("code"), answer.get("error")
        words = f"{code} {error}" if isinstance(error, str) else None
        remote_id = answer.get("id")
        if response.is_success and isinstance(remote_id, str):
            return Delivered(remote_id)
        if response.status == 429 and code == _DAILY_QUOTA:
            wait = asked_wait(response, at, _until_tomorrow(at))
            return Retry(Reason.QUOTA, detail_of(response, words), wait)
        if response.status in (400, 413) and code in _TOO_LARGE:
            return refusal(Reason.TOO_LARGE, response, words)
        return read_answer(response, at, words=words)


def _until_tomorrow(at: datetime) -> timedelta:
    """Return the wait to midnight UTC, when a quota begins anew (``visitor-stats-reset-time``)."""
    tomorrow = at.astimezone(UTC).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), UTC) - at


def _token(options: NtfyOptions) -> str:
    return options.token.get_secret_value() if options.token else ""


PLATFORM: Platform[NtfyOptions] = Ntfy()
