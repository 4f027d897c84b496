"""Mattermost, through an incoming webhook.

https://developers.mattermost.com/integrate/webhooks/incoming/ and
https://developers.mattermost.com/integrate/reference/message-attachments/ (read 2026-11-24).

A message is one attachment a language. The words stand before it (``pretext``) and in its fields:
an attachment's own ``text`` is folded away behind "Show more" where it is taller than 200 pixels.
A button would have Mattermost call an address of ours, so links are links.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from pydantic import SecretStr

from bot.channels.addresses import address_problem, digest, read_address, secrets_of
from bot.channels.answers import json_object, read_answer, told, wait_of_seconds
from bot.channels.colours import colour
from bot.channels.dialects.dialect import one_line, units
from bot.channels.dialects.mattermost import MATTERMOST
from bot.channels.http_platform import (
    USER_AGENT,
    ChannelOptions,
    HttpPlatform,
    json_bytes,
    webhook_rates,
)
from bot.channels.outcome import Outcome, Reason, Rejected
from bot.channels.platform import Envelope, Platform
from bot.channels.request import HttpRequest, Response
from bot.content.message import ActionText, Message, Part

LONGEST_POST = 16_383
"""Characters; a longer text is split into several posts."""
LONGEST_FOOTER = 300

RATE = 1.0
"""Nothing is documented; the server's own limiter, where it is on, allows ten a second."""

# The ids by which the server says that no message will arrive at this address any more
# (server/channels/app/webhook.go).
_GONE = {
    "web.incoming_webhook.invalid.app_error": Reason.GONE,
    "app.channel.get.existing.app_error": Reason.GONE,
    "web.incoming_webhook.channel.app_error": Reason.GONE,
    "web.incoming_webhook.disabled.app_error": Reason.DISABLED,
    "api.post.create_post.can_not_post_to_deleted.error": Reason.ARCHIVED,
}

Json = dict[str, Any]


class MattermostOptions(ChannelOptions):
    """``url`` is the webhook's address, which is the secret.

    ``silent`` posts without notification and unread mark, on servers that know it.
    """

    url: SecretStr
    silent: bool = False


class Mattermost(HttpPlatform[MattermostOptions]):
    """An attachment a language, with the colour of the day."""

    name = "mattermost"
    options_model = MattermostOptions
    called = "Mattermost"
    where = "in Mattermost, under Integrations, Incoming Webhooks"

    def address_problem(
        self, options: MattermostOptions, trusted_hosts: Collection[str]
    ) -> str | None:
        url = options.url.get_secret_value()
        problem = address_problem(url, trusted_hosts)
        if problem is not None:
            return problem
        if not re.search(r"/hooks/[a-z0-9]{26}/?$", read_address(url).path):
            return (
                "The address is not that of a Mattermost incoming webhook "
                "(https://…/hooks/ and 26 letters and digits); copy it again in one piece."
            )
        return None

    def address_digest(self, options: MattermostOptions) -> str:
        return digest(self.name, read_address(options.url.get_secret_value()).url.rstrip("/"))

    def rate_keys(self, options: MattermostOptions) -> tuple[tuple[str, float], ...]:
        url = options.url.get_secret_value()
        return webhook_rates(self.name, self.address_digest(options), url, RATE)

    def too_long(self, message: Message, options: MattermostOptions | None) -> bool:
        attachments = _payload(message, options)["attachments"]
        return sum(
            units(text) for attachment in attachments for text in _texts(attachment)
        ) > LONGEST_POST or any(
            units(one.get("footer", "")) > LONGEST_FOOTER for one in attachments
        )

    def fitted_request(
        self, message: Message, options: MattermostOptions, envelope: Envelope
    ) -> HttpRequest:
        address = read_address(options.url.get_secret_value())
        return HttpRequest(
            method="POST",
            url=address.url,
            headers={"Content-Type": "application/json", "User-Agent": USER_AGENT},
            body=json_bytes(_payload(message, options)),
            secrets=secrets_of(address.url),
        )

    def outcome(self, response: Response, at: datetime) -> Outcome:
        answer = json_object(response)
        code, message = answer.get("id"), answer.get("message")
        said = message if isinstance(message, str) else None
        if response.status in (400, 403, 404, 501) and code in _GONE:
            return Rejected(_GONE[code], told(response, said), gone=True)
        wait = wait_of_seconds(_number(response.headers.get("x-ratelimit-reset", "")))
        return read_answer(response, at, gone=(410,), said=said, wait=wait)


def _number(value: str) -> float | None:
    return float(value) if re.fullmatch(r"\d{1,9}(\.\d+)?", value.strip(), re.ASCII) else None


def _payload(message: Message, options: MattermostOptions | None) -> Json:
    payload: Json = {"attachments": [_attachment(part, message.kind) for part in message.parts]}
    if options is not None and options.silent:
        payload["silent"] = True
    return payload


def _attachment(part: Part, kind: str) -> Json:
    title = MATTERMOST.text(one_line(part.title))
    heading = f"#### {title}" if title else ""
    attachment: Json = {
        "fallback": title,
        "color": f"#{colour(kind):06X}",
        "pretext": "\n\n".join(filter(None, (heading, MATTERMOST.markdown(part.body)))),
    }
    fields = []
    if part.actions:
        fields.append(_field(part.actions_label, "\n".join(map(_action, part.actions))))
    if part.sources:
        links = (MATTERMOST.link(link.title, link.url) for link in part.sources)
        fields.append(_field(part.sources_label, " · ".join(links)))
    if fields:
        attachment["fields"] = fields
    footer = one_line(part.footer)
    if footer:
        attachment["footer"] = footer
    return attachment


def _field(label: str, value: str) -> Json:
    # A field's title is shown letter for letter.
    return {"title": one_line(label), "value": value, "short": False}


def _action(action: ActionText) -> str:
    links = " · ".join(MATTERMOST.link(link.title, link.url) for link in action.links)
    words = MATTERMOST.text(one_line(action.text))
    return f"{MATTERMOST.bullet}{' '.join(filter(None, (words, links)))}"


def _texts(attachment: Json) -> Iterable[str]:
    yield from (attachment["pretext"], attachment.get("footer", ""))
    for field in attachment.get("fields", ()):
        yield from (field["title"], field["value"])


PLATFORM: Platform[MattermostOptions] = Mattermost()
