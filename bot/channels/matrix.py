"""Matrix, through a homeserver's client-server API.

https://spec.matrix.org/latest/client-server-api/#sending-events-to-a-room, #redactions and
#mroommessage-msgtypes (read 2026-11-24); the answers as Synapse 1.163.2 gave them.

A message is a notice, which no client answers or rings for; ``m.mentions`` is empty, so that
nothing in it can mention anybody. The transaction id is made from the posting's request id: the
same one on the same device gives the same event, after a restart too.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Annotated, Any
from urllib.parse import quote

from pydantic import SecretStr, StringConstraints

from bot.channels.addresses import read_address
from bot.channels.answers import json_object, read_answer, refusal, wait_of_seconds
from bot.channels.base_platform import ChannelOptions, Json, json_bytes
from bot.channels.colours import colour
from bot.channels.dialects.dialect import WORD_JOINER
from bot.channels.dialects.matrix_html import notice_of
from bot.channels.local_platform import message_text
from bot.channels.outcome import Delivered, Outcome, Reason
from bot.channels.platform import Envelope, Platform
from bot.channels.request import HttpRequest, Response
from bot.channels.server_platform import ServerPlatform, json_request
from bot.content.message import Message

LONGEST_CONTENT = 60_000
"""Bytes of JSON: an event may have 65,536 with what the server adds; 60,000 passed, 65,000 not."""

# By the ids of rooms since version 12 there is no server after a colon.
RoomId = Annotated[str, StringConstraints(pattern=r"^![^\s/]{1,254}$")]

_PING = re.compile(r"(?<![\w/])@(?=room\b)", re.IGNORECASE)


class MatrixOptions(ChannelOptions):
    """``url`` is the homeserver's address, ``access_token`` the bot's, of one device that stays;
    ``room`` the room's id, which begins with ``!``."""

    url: str
    access_token: SecretStr
    room: RoomId


class Matrix(ServerPlatform[MatrixOptions, Json]):
    """A notice, with HTML and as plain text."""

    name = "matrix"
    called = "Matrix"
    where = "by signing the bot in again"
    options_model = MatrixOptions
    # A usual Synapse takes 0.2 a second, and ten at once (rc_message of its configuration).
    rate = 0.2
    # Synapse forgets transaction ids after about a day.
    repeat_safe_for: timedelta | None = timedelta(hours=20)

    def server(self, options: MatrixOptions) -> str:
        return options.url

    def account(self, options: MatrixOptions) -> tuple[str, ...]:
        return _base(options), options.access_token.get_secret_value()

    def place(self, options: MatrixOptions) -> tuple[str, ...]:
        return _base(options), options.room, options.access_token.get_secret_value()

    def options_problem(self, options: MatrixOptions) -> str | None:
        if "/_matrix" in read_address(options.url).path or read_address(options.url).query:
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
        path = f"send/m.room.message/{quote(envelope.request_id, safe='')}"
        return _request(options, path, payload)

    def outcome(self, response: Response, at: datetime) -> Outcome:
        answer = json_object(response)
        event_id = answer.get("event_id")
        if response.is_success and isinstance(event_id, str):
            return Delivered(event_id)
        if response.status == 413 or answer.get("errcode") == "M_TOO_LARGE":
            return refusal(Reason.TOO_LARGE, response, _words(answer))
        return _read(response, at)

    def retraction(
        self, remote_id: str, options: MatrixOptions, envelope: Envelope
    ) -> HttpRequest | None:
        if not re.fullmatch(r"\$\S{1,254}", remote_id):
            return None
        event_id, transaction = (quote(p, safe="") for p in (remote_id, envelope.request_id))
        return _request(options, f"redact/{event_id}/{transaction}", {})

    def retracted(self, response: Response, at: datetime) -> Outcome:
        return _read(response, at)


def _base(options: MatrixOptions) -> str:
    address = read_address(options.url)
    return f"{address.origin}{address.path.rstrip('/')}"


def _request(options: MatrixOptions, path: str, content: Json) -> HttpRequest:
    token = options.access_token.get_secret_value()
    url = f"{_base(options)}/_matrix/client/v3/rooms/{quote(options.room, safe='')}/{path}"
    return json_request("PUT", url, content, (token,), token=token)


def _read(response: Response, at: datetime) -> Outcome:
    answer = json_object(response)
    milliseconds = answer.get("retry_after_ms")
    seconds = milliseconds / 1000 if isinstance(milliseconds, int | float) else None
    # 401: the token was revoked, or its device signed out.
    wait = wait_of_seconds(seconds)
    return read_answer(response, at, gone=(401,), words=_words(answer), wait=wait)


def _words(answer: Any) -> str | None:
    code, error = answer.get("errcode"), answer.get("error")
    if not isinstance(code, str):
        return None
    return f"{code} {error}" if isinstance(error, str) else code


PLATFORM: Platform[MatrixOptions] = Matrix()
