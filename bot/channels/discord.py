"""Discord, through a channel's webhook.

https://discord.com/developers/docs/resources/webhook#execute-webhook (read 2026-11-24).

A message is one embed a language; with ``components = true`` it is one container a language, which
has link buttons, but room for 4,000 characters instead of 6,000.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlencode

from pydantic import StringConstraints, model_validator

import bot
from bot.channels.addresses import WebhookUrl, read_address, secrets_of
from bot.channels.answers import (
    asked_wait,
    detail_of,
    json_object,
    read_answer,
    refusal,
    wait_of_seconds,
)
from bot.channels.base_platform import Json, Rates, Text
from bot.channels.dialects import discord_layouts as layouts
from bot.channels.dialects.dialect import title_within
from bot.channels.outcome import Delivered, Outcome, Reason, Retry
from bot.channels.platform import Envelope, Platform
from bot.channels.request import HttpRequest, Response
from bot.channels.webhook_platform import WebhookOptions, WebhookPlatform
from bot.content.message import Message

_WEBHOOK = re.compile(r"^/api(?:/v\d+)?/webhooks/(\d+)/([A-Za-z0-9_-]+)/?\Z")

IS_COMPONENTS_V2 = 1 << 15
LONGEST_THREAD_NAME = 100

_TOO_LARGE = 40005
_UNKNOWN_MESSAGE = 10008
_DOWN = 130000
"""JSON error codes (https://discord.com/developers/docs/topics/opcodes-and-status-codes)."""


Snowflake = Annotated[Text, StringConstraints(pattern=r"^\d{1,20}$")]
ThreadName = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_THREAD_NAME)]


class DiscordOptions(WebhookOptions):
    """``url`` is the webhook's address, which is the secret.

    ``thread_id`` posts into a thread; ``thread_name`` begins one, in a forum channel, where
    ``{title}`` stands for the message's title. ``components`` gives link buttons.
    """

    thread_id: Snowflake | None = None
    thread_name: ThreadName | None = None
    components: bool = False

    @model_validator(mode="after")
    def _one_thread(self) -> DiscordOptions:
        if self.thread_id is not None and self.thread_name is not None:
            raise ValueError("thread_id and thread_name exclude each other; keep one of them")
        return self


class Discord(WebhookPlatform[DiscordOptions]):
    """Embeds, or containers of components."""

    name = "discord"
    called = "Discord"
    where = "in Discord, in the channel's settings under Integrations, Webhooks"
    options_model = DiscordOptions
    hosts = ("discord.com", "discordapp.com", "ptb.discord.com", "canary.discord.com")
    path = _WEBHOOK
    looks = (
        "a Discord webhook (https://{host}/api/webhooks/…/…); copy it again in one piece, without "
        "/slack or /github at its end."
    )
    # Headers say 5 in 2 s a webhook, but 30 a minute a channel is what holds
    # (https://github.com/discord/discord-api-docs/issues/1454).
    rate = 0.5
    # Without a User-Agent of this form Cloudflare may block
    # (https://discord.com/developers/docs/reference#user-agent).
    user_agent = f"DiscordBot (vigilia, {bot.__version__})"

    def url_problem(self, url: WebhookUrl, trusted_hosts: Collection[str]) -> str | None:
        problem = super().url_problem(url, trusted_hosts)
        if problem is None and url.query:
            return (
                "The address holds a ?; leave out the ? and what follows it (a thread is named "
                "with thread_id)."
            )
        return problem

    def place(self, url: WebhookUrl, options: DiscordOptions) -> tuple[str, ...]:
        webhook = _WEBHOOK.search(url.path)
        is_discord = webhook and url.host in self.hosts
        return (webhook[1] if webhook and is_discord else url.url, options.thread_id or "")

    def rate_keys(self, options: DiscordOptions) -> Rates:
        return super().rate_keys(DiscordOptions(url=options.url))

    def payload(self, message: Message, options: DiscordOptions | None) -> Json:
        payload: Json = {"allowed_mentions": {"parse": []}}
        if options is not None and options.components:
            payload |= {"flags": IS_COMPONENTS_V2, "components": layouts.containers(message)}
        else:
            payload["embeds"] = layouts.embeds(message)
        if options is not None and options.thread_name is not None:
            name = options.thread_name.replace("{title}", message.title)
            payload["thread_name"] = title_within(LONGEST_THREAD_NAME, name)
        return payload

    def too_long(self, payload: Json) -> bool:
        if "components" in payload:
            return layouts.containers_are_too_long(payload["components"])
        return layouts.embeds_are_too_long(payload["embeds"])

    def target(self, url: WebhookUrl, options: DiscordOptions, envelope: Envelope) -> str:
        query = dict(parse_qsl(url.query)) | {"wait": "true"}
        if options.components:
            query["with_components"] = "true"
        if options.thread_id is not None:
            query["thread_id"] = options.thread_id
        return f"{url.origin}{url.path.rstrip('/')}?{urlencode(query)}"

    def secrets(self, url: WebhookUrl) -> tuple[str, ...]:
        """Return the token; a webhook's number is not secret. Elsewhere, all that is not known."""
        webhook = _WEBHOOK.search(url.path)
        return (webhook[2],) if webhook else secrets_of(url.url)

    def outcome(self, response: Response, at: datetime) -> Outcome:
        answer = json_object(response)
        words = _words(answer)
        wait = wait_of_seconds(answer.get("retry_after"))
        if response.is_success and answer:
            remote_id = answer.get("id")
            return Delivered(remote_id if isinstance(remote_id, str) else None)
        if response.status == 400 and answer.get("code") == _DOWN:
            pause = asked_wait(response, at, wait)
            return Retry(Reason.SERVER_ERROR, detail_of(response, words), pause)
        if response.status == 400 and answer.get("code") == _TOO_LARGE:
            return refusal(Reason.TOO_LARGE, response, words)
        # 401/50027 and 404/10015: repeats lead to a restriction of the whole machine.
        return read_answer(response, at, gone=(401, 404), words=words, wait=wait)

    def retraction(
        self, remote_id: str, options: DiscordOptions, envelope: Envelope
    ) -> HttpRequest | None:
        if not re.fullmatch(r"\d{1,20}", remote_id, re.ASCII):
            return None
        url = read_address(options.url.get_secret_value())
        # A post that began a thread is the thread's first message, and has its number.
        thread = remote_id if options.thread_name is not None else options.thread_id
        query = f"?{urlencode({'thread_id': thread})}" if thread is not None else ""
        target = f"{url.origin}{url.path.rstrip('/')}/messages/{remote_id}{query}"
        return HttpRequest("DELETE", target, self.headers, b"", self.secrets(url))

    def retracted(self, response: Response, at: datetime) -> Outcome:
        if response.status == 404 and json_object(response).get("code") == _UNKNOWN_MESSAGE:
            return Delivered(detail="It was gone already.")
        return self.outcome(response, at)


def _words(answer: Any) -> str | None:
    """Return the code and message of a JSON error, with the first error of a form's field."""
    message = answer.get("message")
    if not isinstance(message, str):
        return None
    code = answer.get("code")
    first = next(_field_errors(answer.get("errors")), "")
    return " ".join(str(piece) for piece in (code, message, first) if piece)


def _field_errors(errors: Any, path: str = "") -> Iterator[str]:
    if not isinstance(errors, dict):
        return
    for key, inner in errors.items():
        if key == "_errors" and isinstance(inner, list):
            for error in inner:
                if isinstance(error, dict):
                    yield f"({path}: {error.get('message', error.get('code', ''))})"
        else:
            yield from _field_errors(inner, f"{path}.{key}" if path else str(key))


PLATFORM: Platform[DiscordOptions] = Discord()
