"""Matrix, through a homeserver's client-server API.

https://spec.matrix.org/latest/client-server-api/#sending-events-to-a-room, #redactions and
#mroommessage-msgtypes (read 2026-11-24); the answers as Synapse 1.163.2 gave them.

A message is a notice, which no client answers or rings for; ``m.mentions`` is empty, so that
nothing in it can mention anybody. The transaction id is made from the posting's request id: the
same one on the same device gives the same event, after a restart too.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Annotated
from urllib.parse import quote

from pydantic import SecretStr, StringConstraints

from bot.channels.addresses import WebhookUrl
from bot.channels.dialects.dialect import WORD_JOINER, Json
from bot.channels.dialects.html import notice_of
from bot.channels.layout import colour
from bot.channels.local_platform import message_text
from bot.channels.outcome import Outcome, Reason
from bot.channels.platform import Envelope, Retracts
from bot.channels.request import HttpRequest, Response, json_bytes, json_request
from bot.channels.server_platform import ServerOptions, ServerPlatform
from bot.content.message import Message

LONGEST_CONTENT = 60_000
"""Bytes of JSON: an event may have 65,536 with what the server adds; 60,000 passed, 65,000 not."""

_PING = re.compile(r"(?<![\w/])@(?=room\b)", re.IGNORECASE)


class MatrixOptions(ServerOptions):
    """``url`` is the homeserver's address, ``access_token`` the bot's, of one device that stays;
    ``room`` the room's id, which begins with ``!``."""

    access_token: SecretStr
    # By the ids of rooms since version 12 there is no server after a colon.
    room: Annotated[str, StringConstraints(pattern=r"^![^\s/]{1,254}$")]


class Matrix(ServerPlatform[MatrixOptions, Json], Retracts[MatrixOptions, Json]):
    """A notice, with HTML and as plain text."""

    name = "matrix"
    called = "Matrix"
    where = "by signing the bot in again"
    options_model = MatrixOptions
    # A usual Synapse takes 0.2 a second, and ten at once (rc_message of its configuration).
    rate = 0.2
    # Synapse forgets transaction ids after about a day.
    repeat_safe_for = timedelta(hours=20)
    gone = (401,)  # the token was revoked, or its device signed out
    post_key = "event_id"
    word_keys = ("errcode", "error")
    wait_key, wait_unit_s = "retry_after_ms", 0.001
    post_name = re.compile(r"\$\S{1,254}")

    def account(self, options: MatrixOptions) -> tuple[str, ...]:
        return options.site.base, options.access_token.get_secret_value()

    def place(self, options: MatrixOptions) -> tuple[str, ...]:
        return options.site.base, options.room, options.access_token.get_secret_value()

    def url_problem(self, url: WebhookUrl, trusted_hosts: Collection[str]) -> str | None:
        if "/_matrix" in url.path or url.query:
            return "The address is more than the homeserver's: leave out /_matrix and what follows."
        return None

    def payload(self, message: Message, options: MatrixOptions | None) -> Json:
        parts = ("".join(notice_of(part, colour(message.kind))) for part in message.parts)
        return {
            "msgtype": "m.notice",
            "body": _PING.sub(f"@{WORD_JOINER}", message_text(message)),
            "format": "org.matrix.custom.html",
            "formatted_body": "<hr>".join(parts),
            "m.mentions": {},
        }

    def too_long(self, payload: Json) -> bool:
        return len(json_bytes(payload)) > LONGEST_CONTENT

    def assembled(self, payload: Json, options: MatrixOptions, envelope: Envelope) -> HttpRequest:
        transaction = quote(envelope.request_id, safe="")
        return _request(options, f"send/m.room.message/{transaction}", payload)

    def documented(self, response: Response, at: datetime) -> Outcome | None:
        too_large = not response.is_success and response.json.get("errcode") == "M_TOO_LARGE"
        return self.refusal(Reason.TOO_LARGE, response) if too_large else None

    def deletion(self, post: str, options: MatrixOptions, envelope: Envelope) -> HttpRequest:
        event_id, transaction = (quote(name, safe="") for name in (post, envelope.request_id))
        return _request(options, f"redact/{event_id}/{transaction}", {})


def _request(options: MatrixOptions, path: str, content: Json) -> HttpRequest:
    token = options.access_token.get_secret_value()
    url = f"{options.site.base}/_matrix/client/v3/rooms/{quote(options.room, safe='')}/{path}"
    return json_request("PUT", url, content, (token,), token=token)


PLATFORM = Matrix()
