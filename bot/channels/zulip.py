"""Zulip, through its API, as a bot.

https://zulip.com/api/send-message, https://zulip.com/api/delete-message and
https://zulip.com/api/rest-error-handling (read 2026-11-24).
"""

from __future__ import annotations

import base64
import re
from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode

from pydantic import SecretStr, StringConstraints

from bot.channels.answers import read_answer
from bot.channels.dialects.dialect import title_within, units
from bot.channels.dialects.zulip import ZULIP
from bot.channels.layout import text_of
from bot.channels.outcome import Delivered, Outcome, Reason
from bot.channels.platform import Envelope, Retracts
from bot.channels.request import USER_AGENT, HttpRequest, Response
from bot.channels.server_platform import ServerOptions, ServerPlatform
from bot.content.message import Message

LONGEST_TOPIC = 60
LONGEST_CONTENT = 10_000
"""Characters; a longer text is cut with a mark, and not refused."""

# The codes by which Zulip says that no message will arrive there any more.
_GONE = {
    "STREAM_DOES_NOT_EXIST": Reason.GONE,
    "CHANNEL_DOES_NOT_EXIST": Reason.GONE,
    "INVALID_API_KEY": Reason.UNAUTHORISED,
    "UNAUTHORIZED": Reason.UNAUTHORISED,
    "USER_DEACTIVATED": Reason.DISABLED,
    "REALM_DEACTIVATED": Reason.DISABLED,
}

Form = dict[str, str]
Name = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_TOPIC)]


class ZulipOptions(ServerOptions):
    """``url`` is the organisation's address, ``email`` and ``api_key`` the bot's. ``topic`` may
    hold ``{title}``, the message's title."""

    email: str
    api_key: SecretStr
    stream: Name
    topic: Name = "{title}"

    @property
    def credentials(self) -> str:
        pair = f"{self.email}:{self.api_key.get_secret_value()}"
        return base64.b64encode(pair.encode()).decode()


class Zulip(ServerPlatform[ZulipOptions, Form], Retracts[ZulipOptions, Form]):
    """One text in a topic of a channel (a stream, as the API has it); no colours, no buttons."""

    name = "zulip"
    called = "Zulip"
    where = "in Zulip, under Personal settings, Bots"
    options_model = ZulipOptions
    too_much = (
        "The address is more than that of the organisation: leave out what follows the "
        "host, as in https://our-group.zulipchat.com."
    )
    # 200 requests a minute a user (https://zulip.com/api/rest-error-handling#rate-limit-exceeded).
    rate = 3.0
    gone = (401,)
    word_keys = ("code", "msg")
    wait_key = "retry-after"
    post_name = re.compile(r"\d{1,20}", re.ASCII)

    def account(self, options: ZulipOptions) -> tuple[str, ...]:
        return options.site.origin, options.email

    def place(self, options: ZulipOptions) -> tuple[str, ...]:
        return options.site.origin, options.stream, options.topic, options.credentials

    def options_problem(self, options: ZulipOptions) -> str | None:
        if re.fullmatch(r"[^\s:@]+@[^\s:@]+", options.email):
            return None
        return "`email` is not the address of a bot, such as vigilia-bot@our-group.zulipchat.com."

    def payload(self, message: Message, options: ZulipOptions | None) -> Form:
        topic = (options.topic if options else "{title}").replace("{title}", message.title)
        return {
            "topic": title_within(LONGEST_TOPIC, topic) or "Vigilia",
            "content": text_of(message, ZULIP, "\n\n---\n\n"),
        }

    def too_long(self, payload: Form) -> bool:
        return units(payload["content"]) > LONGEST_CONTENT

    def assembled(self, payload: Form, options: ZulipOptions, envelope: Envelope) -> HttpRequest:
        form = {"type": "stream", "to": options.stream, **payload}
        return _request("POST", "", options, form)

    def documented(self, response: Response, at: datetime) -> Outcome | None:
        number, code = response.json.get("id"), str(response.json.get("code"))
        if response.is_success and response.json.get("result") == "success":
            return Delivered(str(number) if isinstance(number, int) else None)
        if 400 <= response.status <= 499 and code in _GONE:
            return self.refusal(_GONE[code], response, gone=True)
        return None

    def deletion(self, post: str, options: ZulipOptions, envelope: Envelope) -> HttpRequest:
        return _request("DELETE", f"/{post}", options, {})

    def retracted(self, response: Response, at: datetime) -> Outcome:
        """Return what it means; of a message that is gone it speaks in the server's language."""
        return read_answer(response, at, words=self.words(response))


def _request(method: str, path: str, options: ZulipOptions, form: Form) -> HttpRequest:
    url = f"{options.site.origin}/api/v1/messages{path}"
    headers = {
        "Content-Type": "application/x-www-form-urlencoded",
        "Authorization": f"Basic {options.credentials}",
        "User-Agent": USER_AGENT,
    }
    return HttpRequest(method, url, headers, urlencode(form).encode(), (options.credentials,))


PLATFORM = Zulip()
