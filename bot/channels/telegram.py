"""Telegram, as a bot in a group or channel.

https://core.telegram.org/bots/api#sendmessage, #deletemessage and #making-requests (read
2026-11-24).

A message is one text in Telegram's HTML, its actions' links as buttons below it.
"""

from __future__ import annotations

import html
import re
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, StringConstraints

from bot.channels.addresses import read_address
from bot.channels.answers import (
    detail_of,
    json_object,
    read_answer,
    refusal,
    strings_of,
    wait_of_seconds,
)
from bot.channels.base_platform import ChannelOptions, Json, Text
from bot.channels.dialects.dialect import one_line, units, web_url
from bot.channels.dialects.telegram import TELEGRAM
from bot.channels.outcome import Delivered, Outcome, Reason, Rejected, Unknown
from bot.channels.platform import Envelope, Platform
from bot.channels.request import HttpRequest, Response
from bot.channels.server_platform import ServerPlatform, json_request
from bot.channels.text_layout import button_links, text_of_part
from bot.content.message import Link, Message

LONGEST_TEXT = 4096
"""UTF-16 units after the entities have been parsed."""
MOST_BUTTONS = 100
LONGEST_LABEL = 64

_SEPARATOR = "\n\n⸻\n\n"


ChatId = Annotated[Text, StringConstraints(pattern=r"^(-?\d{1,20}|@\w{3,64})$")]


class TelegramOptions(ChannelOptions):
    """``token`` is the bot's, ``chat_id`` where it posts: a number, or ``@name`` of a public one.

    ``thread_id`` is a topic of a forum; ``silent`` posts without a sound; ``server`` is a Bot API
    server of one's own.
    """

    token: SecretStr
    chat_id: ChatId
    thread_id: Annotated[int, Field(ge=1, strict=True)] | None = None
    silent: bool = False
    server: str = "https://api.telegram.org"


class Telegram(ServerPlatform[TelegramOptions, Json]):
    """One text, with link buttons."""

    name = "telegram"
    called = "Telegram"
    where = "with @BotFather in Telegram"
    options_model = TelegramOptions

    hosts = ("api.telegram.org",)
    # 20 messages a minute a group, and 30 a second in all
    # (https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this).
    rate = 1 / 3

    def server(self, options: TelegramOptions) -> str:
        return options.server

    def account(self, options: TelegramOptions) -> tuple[str, ...]:
        return options.token.get_secret_value(), options.chat_id.lower()

    def place(self, options: TelegramOptions) -> tuple[str, ...]:
        return (*self.account(options), str(options.thread_id or ""))

    def options_problem(self, options: TelegramOptions) -> str | None:
        if re.fullmatch(r"\d{3,20}:[A-Za-z0-9_-]{20,}", options.token.get_secret_value()):
            return None
        return (
            "`token` is not that of a Telegram bot (digits, a colon, letters and digits); copy "
            "it again from @BotFather in one piece."
        )

    def payload(self, message: Message, options: TelegramOptions | None) -> Json:
        """Return what is the message's; where it goes to is added to the request."""
        links = dict.fromkeys(filter(_fits_a_button, button_links(*message.parts)))
        texts = (text_of_part(part, TELEGRAM, buttons=links) for part in message.parts)
        rows = [[{"text": one_line(link.title), "url": web_url(link.url)}] for link in links]
        return {"text": _SEPARATOR.join(texts), "rows": rows}

    def too_long(self, payload: Json) -> bool:
        seen = html.unescape(re.sub(r"<[^>]*>", "", payload["text"]))
        return units(seen) > LONGEST_TEXT or len(payload["rows"]) > MOST_BUTTONS

    def assembled(self, payload: Json, options: TelegramOptions, envelope: Envelope) -> HttpRequest:
        body: Json = {
            "chat_id": options.chat_id,
            "text": payload["text"],
            "parse_mode": "HTML",
            "link_preview_options": {"is_disabled": True},
            "disable_notification": options.silent,
        }
        if options.thread_id is not None:
            body["message_thread_id"] = options.thread_id
        if payload["rows"]:
            body["reply_markup"] = {"inline_keyboard": payload["rows"]}
        return _request(options, "sendMessage", body)

    def outcome(self, response: Response, at: datetime) -> Outcome:
        answer = json_object(response)
        words = strings_of(answer, "description")
        if response.is_success and answer.get("ok") is True:
            return Delivered(_remote_id(answer.get("result")))
        if response.is_success and answer.get("ok") is False:
            return Unknown(Reason.NOT_A_POST, detail_of(response, words))
        moved = _parameters(answer).get("migrate_to_chat_id")
        if response.status == 400 and isinstance(moved, int):
            return Rejected(Reason.GONE, _moved(moved), gone=True)
        if response.status == 400 and "chat not found" in (words or ""):
            return refusal(Reason.GONE, response, words, gone=True)
        return _read(response, at)

    def retraction(
        self, remote_id: str, options: TelegramOptions, envelope: Envelope
    ) -> HttpRequest | None:
        name = re.fullmatch(r"(-?\d{1,20})/(\d{1,20})", remote_id, re.ASCII)
        if name is None:
            return None
        payload = {"chat_id": name[1], "message_id": int(name[2])}
        return _request(options, "deleteMessage", payload)

    def retracted(self, response: Response, at: datetime) -> Outcome:
        words = strings_of(json_object(response), "description") or ""
        if response.status == 400 and "message to delete not found" in words:
            return Delivered(detail="It was gone already.")
        return _read(response, at)


def _request(options: TelegramOptions, method: str, payload: Json) -> HttpRequest:
    token, server = options.token.get_secret_value(), read_address(options.server)
    url = f"{server.origin}{server.path.rstrip('/')}/bot{token}/{method}"
    return json_request("POST", url, payload, (token, token.partition(":")[2]))


def _read(response: Response, at: datetime) -> Outcome:
    answer = json_object(response)
    wait = wait_of_seconds(_parameters(answer).get("retry_after"))
    words = strings_of(answer, "description")
    return read_answer(response, at, gone=(401, 403, 404), words=words, wait=wait)


def _parameters(answer: Any) -> dict[str, Any]:
    parameters = answer.get("parameters")
    return parameters if isinstance(parameters, dict) else {}


def _moved(chat_id: int) -> str:
    return (
        "HTTP 400: the group has become a supergroup, which has another number. Write "
        f'chat_id = "{chat_id}" into config/channels.toml.'
    )


def _remote_id(result: Any) -> str | None:
    """Return ``chat/message``: a message's number is its chat's own."""
    if not isinstance(result, dict) or not isinstance(result.get("chat"), dict):
        return None
    chat, message = result["chat"].get("id"), result.get("message_id")
    return f"{chat}/{message}" if isinstance(chat, int) and isinstance(message, int) else None


def _fits_a_button(link: Link) -> bool:
    """Return whether a button may lead there: a bad address has the whole message refused."""
    host = urlsplit(web_url(link.url) or "").hostname or ""
    short = units(one_line(link.title)) <= LONGEST_LABEL
    return short and re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", host) is not None


PLATFORM: Platform[TelegramOptions] = Telegram()
