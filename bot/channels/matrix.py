"""Matrix, through a homeserver's client-server API.

https://spec.matrix.org/latest/client-server-api/#sending-events-to-a-room, #redactions and
#mroommessage-msgtypes (read 2026-11-24); the answers as Synapse 1.163.2 gave them.

A message is a notice, which no client answers or rings for; ``m.mentions`` is empty, so that
nothing in it can mention anybody. The transaction id is made from the posting's request id: the
same one on the same device gives the same event, after a restart too.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from typing import Annotated, Any
from urllib.parse import quote

from pydantic import SecretStr, StringConstraints

from bot.channels.addresses import address_problem, digest, read_address
from bot.channels.answers import json_object, read_answer, refusal, wait_of_seconds
from bot.channels.base_platform import (
    BasePlatform,
    ChannelOptions,
    Json,
    Rates,
    json_bytes,
    json_request,
    webhook_rates,
)
from bot.channels.colours import colour
from bot.channels.dialects.dialect import WORD_JOINER, one_line
from bot.channels.dialects.html import HTML
from bot.channels.local_platform import message_text
from bot.channels.outcome import Delivered, Outcome, Reason
from bot.channels.platform import Envelope, Platform
from bot.channels.request import HttpRequest, Response
from bot.channels.text_layout import action_line
from bot.content.message import Message, Part

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


class Matrix(BasePlatform[MatrixOptions, Json]):
    """A notice, with HTML and as plain text."""

    name = "matrix"
    called = "Matrix"
    where = "by signing the bot in again"
    options_model = MatrixOptions
    # Synapse forgets transaction ids after about a day.
    repeat_safe_for: timedelta | None = timedelta(hours=20)

    def address_problem(self, options: MatrixOptions, trusted_hosts: Collection[str]) -> str | None:
        problem = address_problem(options.url, trusted_hosts)
        if problem is not None:
            return problem
        if "/_matrix" in read_address(options.url).path or read_address(options.url).query:
            return "The address is more than the homeserver's: leave out /_matrix and what follows."
        return None

    def address_digest(self, options: MatrixOptions) -> str:
        token = options.access_token.get_secret_value()
        return digest(self.name, _base(options), options.room, token)

    def rate_keys(self, options: MatrixOptions) -> Rates:
        bot = digest(self.name, _base(options), options.access_token.get_secret_value())
        # A usual Synapse takes 0.2 a second, and ten at once (rc_message of its configuration).
        return webhook_rates(self.name, bot, options.url, 0.2)

    def payload(self, message: Message, options: MatrixOptions | None) -> Json:
        parts = ("".join(_part(part, colour(message.kind))) for part in message.parts)
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


def _part(part: Part, colour: int) -> Iterator[str]:
    bar = f'<span data-mx-color="#{colour:06x}">▍</span>'
    yield f"<h4>{bar}{HTML.text(one_line(part.title))}</h4>"
    yield HTML.markdown(part.body)
    if part.actions:
        yield from _label(part.actions_label)
        actions = (f"<li>{action_line(action, HTML)}</li>" for action in part.actions)
        yield f"<ul>{''.join(actions)}</ul>"
    if part.sources:
        yield from _label(part.sources_label)
        links = (HTML.link(link.title, link.url) for link in part.sources)
        yield f"<ul>{''.join(f'<li>{link}</li>' for link in links)}</ul>"
    footer = one_line(part.footer)
    if footer:
        yield f"<p><em>{HTML.text(footer)}</em></p>"


def _label(label: str) -> Iterator[str]:
    if one_line(label):
        yield f"<p><strong>{HTML.text(one_line(label))}</strong></p>"


PLATFORM: Platform[MatrixOptions] = Matrix()
