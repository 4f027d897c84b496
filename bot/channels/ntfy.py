"""ntfy: a notification on phones and desks, for whoever follows a topic.

https://docs.ntfy.sh/publish/#publish-as-json and #limitations (read 2026-11-24); the error codes
from https://github.com/binwiederhier/ntfy/blob/main/server/errors.go.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from typing import Annotated

from pydantic import Field, SecretStr

from bot.channels.answers import asked_wait
from bot.channels.dialects.dialect import Json, one_line, web_url
from bot.channels.dialects.plain import PLAIN
from bot.channels.layout import button_links, text_of
from bot.channels.outcome import Outcome, Reason, Retry
from bot.channels.platform import Envelope
from bot.channels.request import HttpRequest, Response, json_bytes, json_request
from bot.channels.server_platform import ServerOptions, ServerPlatform
from bot.content.message import Message

LONGEST_MESSAGE = 4_095
"""Bytes: the server's ``message-size-limit`` is 4,096, and a message of exactly that many is made
an attachment already (util/peek.go: ``LimitReached: read == limit``)."""
LONGEST_BODY = 8_192
"""Bytes of JSON: twice that limit, past which the answer is 41303."""
MOST_ACTIONS = 3

_DAILY_QUOTA = 42908
_TOO_LARGE = (41301, 41303)


class NtfyOptions(ServerOptions):
    """``topic`` is as good as a password on a public server; ``token`` signs in where the server
    asks for it. ``priority`` is 1 to 5, 3 the usual one."""

    url: str = "https://ntfy.sh"
    topic: SecretStr
    token: SecretStr | None = None
    priority: Annotated[int, Field(ge=1, le=5, strict=True)] = 3

    @property
    def token_text(self) -> str:
        return self.token.get_secret_value() if self.token else ""


class Ntfy(ServerPlatform[NtfyOptions, Json]):
    """One notification: a title, plain text, which every client shows alike, and the first three
    links of the actions as buttons. ntfy has no colours."""

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
    post_key = "id"
    word_keys = ("code", "error")

    def account(self, options: NtfyOptions) -> tuple[str, ...]:
        """Return the visitor: a signed-in user, or the machine."""
        return options.site.origin, options.token_text

    def place(self, options: NtfyOptions) -> tuple[str, ...]:
        return options.site.origin, options.topic.get_secret_value(), options.token_text

    def options_problem(self, options: NtfyOptions) -> str | None:
        if re.fullmatch(r"[-_A-Za-z0-9]{1,64}", options.topic.get_secret_value()):
            return None
        return "`topic` may have letters, digits, - and _, and at most 64 of them."

    def payload(self, message: Message, options: NtfyOptions | None) -> Json:
        """Return the notification without its topic, the longest of which is reckoned with."""
        links = button_links(*message.parts)
        buttons = links[:MOST_ACTIONS]
        text = text_of(
            message, PLAIN, "\n\n\n", titled=False, buttons=buttons, sources_in_a_row=False
        )
        payload: Json = {"title": one_line(message.title), "message": text}
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
        token, url = options.token_text, f"{options.site.origin}/"
        words = {key: payload[key] for key in ("title", "message")}
        priority = {} if options.priority == 3 else {"priority": options.priority}
        body = {"topic": options.topic.get_secret_value(), **words, **priority, **payload}
        return json_request("POST", url, body, (token,), token=token, secret_fields=("topic",))

    def documented(self, response: Response, at: datetime) -> Outcome | None:
        code = response.json.get("code")
        if response.status == 429 and code == _DAILY_QUOTA:
            wait = asked_wait(response, at, _until_tomorrow(at))
            return Retry(Reason.QUOTA, self.detail(response), wait)
        if response.status in (400, 413) and code in _TOO_LARGE:
            return self.refusal(Reason.TOO_LARGE, response)
        return None


def _until_tomorrow(at: datetime) -> timedelta:
    """Return the wait to midnight UTC, when a quota begins anew (``visitor-stats-reset-time``)."""
    tomorrow = at.astimezone(UTC).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), UTC) - at


PLATFORM = Ntfy()
