"""Discord, through a channel's webhook.

https://discord.com/developers/docs/resources/webhook#execute-webhook (read 2026-11-24).
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime
from itertools import islice
from typing import Annotated
from urllib.parse import parse_qsl, urlencode

from pydantic import Field, StringConstraints, model_validator

import bot
from bot.channels.addresses import WebhookUrl, secrets_of
from bot.channels.answers import asked_wait, form_errors, words_at
from bot.channels.dialects import discord_layouts as layouts
from bot.channels.dialects.dialect import Json, title_within
from bot.channels.outcome import Outcome, Reason, Retry
from bot.channels.platform import Envelope, Retracts, Text
from bot.channels.request import HttpRequest, Response, json_request
from bot.channels.webhook_platform import WebhookOptions, WebhookPlatform
from bot.content.message import Message

LONGEST_THREAD_NAME = 100
_TOO_LARGE, _UNKNOWN_MESSAGE, _DOWN = 40005, 10008, 130000
"""JSON error codes (https://discord.com/developers/docs/topics/opcodes-and-status-codes)."""


class DiscordOptions(WebhookOptions):
    """``thread_id`` posts into a thread; ``thread_name`` begins one, in a forum channel, where
    ``{title}`` stands for the message's title. ``components`` gives link buttons.
    """

    thread_id: Annotated[Text, StringConstraints(pattern=r"^\d{1,20}$")] | None = None
    thread_name: str | None = Field(default=None, min_length=1, max_length=LONGEST_THREAD_NAME)
    components: bool = False

    @model_validator(mode="after")
    def _one_thread(self) -> DiscordOptions:
        if self.thread_id is not None and self.thread_name is not None:
            raise ValueError("thread_id and thread_name exclude each other; keep one of them")
        return self


class Discord(WebhookPlatform[DiscordOptions], Retracts[DiscordOptions, Json]):
    """One embed a language; with ``components`` one container a language, which has link buttons,
    but room for 4,000 characters instead of 6,000."""

    name = "discord"
    called = "Discord"
    where = "in Discord, in the channel's settings under Integrations, Webhooks"
    options_model = DiscordOptions
    hosts = ("discord.com", "discordapp.com", "ptb.discord.com", "canary.discord.com")
    path = re.compile(r"^/api(?:/v\d+)?/webhooks/(\d+)/([A-Za-z0-9_-]+)/?\Z")
    looks = (
        "a Discord webhook (https://{host}/api/webhooks/…/…); copy it again in one piece, without "
        "/slack or /github at its end."
    )
    # Headers say 5 in 2 s a webhook, but 30 a minute a channel is what holds
    # (https://github.com/discord/discord-api-docs/issues/1454).
    rate = 0.5
    # Without a User-Agent of this form Cloudflare may block
    # (https://discord.com/developers/docs/reference#user-agent).
    headers = {"User-Agent": f"DiscordBot (vigilia, {bot.__version__})"}  # noqa: RUF012
    # 401/50027 and 404/10015: repeats lead to a restriction of the whole machine.
    gone = (401, 404)
    post_key = "id"
    wait_key = "retry_after"
    post_name = re.compile(r"\d{1,20}", re.ASCII)

    def url_problem(self, url: WebhookUrl, trusted_hosts: Collection[str]) -> str | None:
        query_problem = (
            "The address holds a ?; leave out the ? and what follows it (a thread is named with "
            "thread_id)."
        )
        return super().url_problem(url, trusted_hosts) or (query_problem if url.query else None)

    def place(self, options: DiscordOptions) -> tuple[str, ...]:
        url = options.site
        webhook = self.path.search(url.path) if url.host in self.hosts else None
        return (webhook[1] if webhook else url.url, options.thread_id or "")

    def account(self, options: DiscordOptions) -> tuple[str, ...]:
        return self.place(options)[0], ""

    def payload(self, message: Message, options: DiscordOptions | None) -> Json:
        components = options is not None and options.components
        layout = layouts.components if components else layouts.embeds
        payload: Json = {"allowed_mentions": {"parse": []}, **layout(message)}
        if options is not None and options.thread_name is not None:
            name = options.thread_name.replace("{title}", message.title)
            payload["thread_name"] = title_within(LONGEST_THREAD_NAME, name)
        return payload

    def too_long(self, payload: Json) -> bool:
        return layouts.are_too_long(payload)

    def target(self, options: DiscordOptions, envelope: Envelope) -> str:
        components = {"with_components": "true"} if options.components else {}
        thread = {"thread_id": options.thread_id} if options.thread_id is not None else {}
        query = {**dict(parse_qsl(options.site.query)), "wait": "true", **components, **thread}
        return f"{options.site.base}?{urlencode(query)}"

    def secrets(self, url: WebhookUrl) -> tuple[str, ...]:
        """Return the token; a webhook's number is not secret. Elsewhere, all that is not known."""
        webhook = self.path.search(url.path)
        return (webhook[2],) if webhook else secrets_of(url.url)

    def documented(self, response: Response, at: datetime) -> Outcome | None:
        code = response.json.get("code") if response.status == 400 else None
        if code == _DOWN:
            pause = asked_wait(response, at, self.wait(response, at))
            return Retry(Reason.SERVER_ERROR, self.detail(response), pause)
        return self.refusal(Reason.TOO_LARGE, response) if code == _TOO_LARGE else None

    def words(self, response: Response) -> str | None:
        """Return the code and message of a JSON error, with the first error of a form's field."""
        words = words_at(response.json, ("code", "message"))
        return words and " ".join([words, *islice(form_errors(response.json.get("errors")), 1)])

    def deletion(self, post: str, options: DiscordOptions, envelope: Envelope) -> HttpRequest:
        # A post that began a thread is the thread's first message, and has its number.
        thread = post if options.thread_name is not None else options.thread_id
        query = f"?{urlencode({'thread_id': thread})}" if thread is not None else ""
        target, secrets = f"{options.site.base}/messages/{post}{query}", self.secrets(options.site)
        return json_request("DELETE", target, None, secrets, headers=self.headers)

    def was_gone(self, response: Response) -> bool:
        return response.status == 404 and response.json.get("code") == _UNKNOWN_MESSAGE

    def retracted(self, response: Response, at: datetime) -> Outcome:
        return (
            super().retracted(response, at)
            if self.was_gone(response)
            else self.outcome(response, at)
        )


PLATFORM = Discord()
