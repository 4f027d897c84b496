"""Telegram, as a bot in a group or channel.

https://core.telegram.org/bots/api#sendmessage, #deletemessage and #making-requests (read
2026-11-24).
"""

from __future__ import annotations

import html
import re
from datetime import datetime
from typing import Annotated

from pydantic import Field, SecretStr, StringConstraints

from bot.channels.dialects.dialect import Json, units
from bot.channels.dialects.telegram import text_and_rows
from bot.channels.outcome import Delivered, Outcome, Reason, Rejected, Unknown
from bot.channels.platform import ChannelOptions, Envelope, Retracts, Text
from bot.channels.request import HttpRequest, Response, json_request
from bot.channels.server_platform import ServerPlatform
from bot.content.message import Message

LONGEST_TEXT = 4096
"""UTF-16 units after the entities have been parsed."""
MOST_BUTTONS = 100


class TelegramOptions(ChannelOptions):
    """``token`` is the bot's, ``chat_id`` where it posts: a number, or ``@name`` of a public one.

    ``thread_id`` is a topic of a forum; ``silent`` posts without a sound; ``server`` is a Bot API
    server of one's own.
    """

    token: SecretStr
    chat_id: Annotated[Text, StringConstraints(pattern=r"^(-?\d{1,20}|@\w{3,64})$")]
    thread_id: Annotated[int, Field(ge=1, strict=True)] | None = None
    silent: bool = False
    server: str = "https://api.telegram.org"

    @property
    def address(self) -> str:
        return self.server


class Telegram(ServerPlatform[TelegramOptions, Json], Retracts[TelegramOptions, Json]):
    """One text in Telegram's HTML, its actions' links as buttons below it."""

    name = "telegram"
    called = "Telegram"
    where = "with @BotFather in Telegram"
    options_model = TelegramOptions
    hosts = ("api.telegram.org",)
    # 20 messages a minute a group, and 30 a second in all
    # (https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this).
    rate = 1 / 3
    gone = (401, 403, 404)
    word_keys = ("description",)
    wait_key = "parameters.retry_after"
    post_name = re.compile(r"-?\d{1,20}/\d{1,20}", re.ASCII)

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
        return text_and_rows(message)

    def too_long(self, payload: Json) -> bool:
        seen = html.unescape(re.sub(r"<[^>]*>", "", payload["text"]))
        return units(seen) > LONGEST_TEXT or len(payload["rows"]) > MOST_BUTTONS

    def assembled(self, payload: Json, options: TelegramOptions, envelope: Envelope) -> HttpRequest:
        body = {
            "chat_id": options.chat_id,
            "text": payload["text"],
            "parse_mode": "HTML",
            "link_preview_options": {"is_disabled": True},
            "disable_notification": options.silent,
            "message_thread_id": options.thread_id,
            "reply_markup": {"inline_keyboard": payload["rows"]} if payload["rows"] else None,
        }
        return _request(options, "sendMessage", {k: v for k, v in body.items() if v is not None})

    def documented(self, response: Response, at: datetime) -> Outcome | None:
        match response.status, response.json:
            case 400, {"parameters": {"migrate_to_chat_id": int(chat)}}:
                moved = (
                    "HTTP 400: the group has become a supergroup, which has another number. Write "
                    f'chat_id = "{chat}" into config/channels.toml.'
                )
                return Rejected(Reason.GONE, moved, gone=True)
            case 400, {"description": str(words)} if "chat not found" in words:
                return self.refusal(Reason.GONE, response, gone=True)
            case _, {"ok": False} if response.is_success:
                return Unknown(Reason.NOT_A_POST, self.detail(response))
            case (
                _,
                {"ok": True, "result": {"chat": {"id": int(chat)}, "message_id": int(number)}},
            ) if response.is_success:
                # A message's number is its chat's own.
                return Delivered(f"{chat}/{number}")
        return None

    def deletion(self, post: str, options: TelegramOptions, envelope: Envelope) -> HttpRequest:
        chat, _, message = post.partition("/")
        return _request(options, "deleteMessage", {"chat_id": chat, "message_id": int(message)})

    def was_gone(self, response: Response) -> bool:
        words = self.words(response) or ""
        return response.status == 400 and "message to delete not found" in words


def _request(options: TelegramOptions, method: str, payload: Json) -> HttpRequest:
    token = options.token.get_secret_value()
    url = f"{options.site.base}/bot{token}/{method}"
    return json_request("POST", url, payload, (token, token.partition(":")[2]))


PLATFORM = Telegram()
