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

from pydantic import BeforeValidator, SecretStr, StringConstraints, model_validator

import bot
from bot.channels.addresses import Address, address_problem, digest, read_address, secrets_of
from bot.channels.answers import asked_wait, json_object, read_answer, told, wait_of_seconds
from bot.channels.dialects.dialect import one_line, units
from bot.channels.discord_layouts import (
    containers,
    containers_are_too_long,
    embeds,
    embeds_are_too_long,
)
from bot.channels.http_platform import ChannelOptions, HttpPlatform, json_bytes, webhook_rates
from bot.channels.outcome import Delivered, Outcome, Reason, Rejected, Retry
from bot.channels.platform import Envelope, Platform
from bot.channels.request import HttpRequest, Response
from bot.content.message import Message

HOSTS = ("discord.com", "discordapp.com", "ptb.discord.com", "canary.discord.com")
_WEBHOOK = re.compile(r"/api(?:/v\d+)?/webhooks/(\d+)/([A-Za-z0-9_-]+)/?")

# Without a User-Agent of this form Cloudflare may block
# (https://discord.com/developers/docs/reference#user-agent).
USER_AGENT = f"DiscordBot (vigilia, {bot.__version__})"

IS_COMPONENTS_V2 = 1 << 15
LONGEST_THREAD_NAME = 100

# Headers say 5 in 2 s a webhook, but 30 a minute a channel is what holds
# (https://github.com/discord/discord-api-docs/issues/1454).
RATE = 0.5

_TOO_LARGE = 40005
_UNKNOWN_MESSAGE = 10008
_DOWN = 130000
"""JSON error codes (https://discord.com/developers/docs/topics/opcodes-and-status-codes)."""


def _as_text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Snowflake = Annotated[str, BeforeValidator(_as_text), StringConstraints(pattern=r"^\d{1,20}$")]
ThreadName = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_THREAD_NAME)]


class DiscordOptions(ChannelOptions):
    """``url`` is the webhook's address, which is the secret.

    ``thread_id`` posts into a thread; ``thread_name`` begins one, in a forum channel, where
    ``{title}`` stands for the message's title. ``components`` gives link buttons.
    """

    url: SecretStr
    thread_id: Snowflake | None = None
    thread_name: ThreadName | None = None
    components: bool = False

    @model_validator(mode="after")
    def _one_thread(self) -> DiscordOptions:
        if self.thread_id is not None and self.thread_name is not None:
            raise ValueError("thread_id and thread_name exclude each other; keep one of them")
        return self


class Discord(HttpPlatform[DiscordOptions]):
    """Embeds, or containers of components."""

    name = "discord"
    options_model = DiscordOptions
    called = "Discord"
    where = "in Discord, in the channel's settings under Integrations, Webhooks"

    def address_problem(
        self, options: DiscordOptions, trusted_hosts: Collection[str]
    ) -> str | None:
        url = options.url.get_secret_value()
        problem = address_problem(url, trusted_hosts, hosts=HOSTS)
        if problem is not None:
            return problem
        address = read_address(url)
        if address.host not in HOSTS:
            return None
        if _WEBHOOK.fullmatch(address.path) is None:
            return (
                "The address is not that of a Discord webhook "
                f"(https://{address.host}/api/webhooks/…/…); copy it again in one piece, without "
                "/slack or /github at its end."
            )
        if address.query:
            return (
                "The address holds a ?; leave out the ? and what follows it (a thread is named "
                "with thread_id)."
            )
        return None

    def address_digest(self, options: DiscordOptions) -> str:
        address = read_address(options.url.get_secret_value())
        webhook = _WEBHOOK.fullmatch(address.path)
        place = webhook[1] if webhook and address.host in HOSTS else address.url
        return digest(self.name, place, options.thread_id or "")

    def rate_keys(self, options: DiscordOptions) -> tuple[tuple[str, float], ...]:
        url = options.url.get_secret_value()
        whole_webhook = DiscordOptions(url=options.url)
        return webhook_rates(self.name, self.address_digest(whole_webhook), url, RATE)

    def too_long(self, message: Message, options: DiscordOptions | None) -> bool:
        if options is not None and options.components:
            return containers_are_too_long(containers(message))
        return embeds_are_too_long(embeds(message))

    def fitted_request(
        self, message: Message, options: DiscordOptions, envelope: Envelope
    ) -> HttpRequest:
        address = read_address(options.url.get_secret_value())
        payload: dict[str, Any] = {"allowed_mentions": {"parse": []}}
        if options.components:
            payload |= {"flags": IS_COMPONENTS_V2, "components": containers(message)}
        else:
            payload["embeds"] = embeds(message)
        if options.thread_name is not None:
            payload["thread_name"] = _thread_name(options.thread_name, message.title)
        return HttpRequest(
            method="POST",
            url=_with_query(address, options),
            headers={"Content-Type": "application/json", "User-Agent": USER_AGENT},
            body=json_bytes(payload),
            secrets=_secrets(address),
        )

    def outcome(self, response: Response, at: datetime) -> Outcome:
        answer = json_object(response)
        said = _said(answer)
        wait = wait_of_seconds(answer.get("retry_after"))
        if 200 <= response.status <= 299 and answer:
            remote_id = answer.get("id")
            return Delivered(remote_id if isinstance(remote_id, str) else None)
        if response.status == 400 and answer.get("code") == _DOWN:
            return Retry(Reason.SERVER_ERROR, told(response, said), asked_wait(response, at, wait))
        if response.status == 400 and answer.get("code") == _TOO_LARGE:
            return Rejected(Reason.TOO_LARGE, told(response, said))
        # 401/50027 and 404/10015: repeats lead to a restriction of the whole machine.
        return read_answer(response, at, gone=(401, 404), said=said, wait=wait)

    def retraction(
        self, remote_id: str, options: DiscordOptions, envelope: Envelope
    ) -> HttpRequest | None:
        if not re.fullmatch(r"\d{1,20}", remote_id, re.ASCII):
            return None
        address = read_address(options.url.get_secret_value())
        # A post that began a thread is the thread's first message, and has its number.
        thread = remote_id if options.thread_name is not None else options.thread_id
        query = f"?{urlencode({'thread_id': thread})}" if thread is not None else ""
        return HttpRequest(
            method="DELETE",
            url=f"{address.origin}{address.path.rstrip('/')}/messages/{remote_id}{query}",
            headers={"Content-Type": "application/json", "User-Agent": USER_AGENT},
            body=b"",
            secrets=_secrets(address),
        )

    def retracted(self, response: Response, at: datetime) -> Outcome:
        if response.status == 404 and json_object(response).get("code") == _UNKNOWN_MESSAGE:
            return Delivered(detail="It was gone already.")
        return self.outcome(response, at)


def _said(answer: Any) -> str | None:
    """Gives the code and message of a JSON error, with the first error of a form's field."""
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


def _with_query(address: Address, options: DiscordOptions) -> str:
    query = dict(parse_qsl(address.query)) | {"wait": "true"}
    if options.components:
        query["with_components"] = "true"
    if options.thread_id is not None:
        query["thread_id"] = options.thread_id
    return f"{address.origin}{address.path.rstrip('/')}?{urlencode(query)}"


def _secrets(address: Address) -> tuple[str, ...]:
    """The token; a webhook's number is not secret. On a trusted host, all that is not known."""
    webhook = _WEBHOOK.fullmatch(address.path)
    return (webhook[2],) if webhook else secrets_of(address.url)


def _thread_name(pattern: str, title: str) -> str:
    name = one_line(pattern.replace("{title}", title))
    if units(name) <= LONGEST_THREAD_NAME:
        return name
    while units(name) >= LONGEST_THREAD_NAME:
        name = name.rpartition(" ")[0] or name[:-1]
    return f"{name}…"


PLATFORM: Platform[DiscordOptions] = Discord()
