"""Mattermost, through an incoming webhook.

https://developers.mattermost.com/integrate/webhooks/incoming/ and
https://developers.mattermost.com/integrate/reference/message-attachments/ (read 2026-11-24).

A message is one attachment a language. The words stand before it (``pretext``) and in its fields:
an attachment's own ``text`` is folded away behind "Show more" where it is taller than 200 pixels.
A button would have Mattermost call an address of ours, so links are links.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

from bot.channels.answers import wait_of_seconds
from bot.channels.dialects.common_mark import MATTERMOST
from bot.channels.dialects.dialect import Json, one_line, units
from bot.channels.layout import action_line, colour
from bot.channels.outcome import Outcome, Reason
from bot.channels.request import Response
from bot.channels.webhook_platform import WebhookOptions, WebhookPlatform
from bot.content.message import Message, Part

LONGEST_POST = 16_383
"""Characters; a longer text is split into several posts."""
LONGEST_FOOTER = 300

# The ids by which the server says that no message will arrive at this address any more
# (server/channels/app/webhook.go).
_GONE = {
    "web.incoming_webhook.invalid.app_error": Reason.GONE,
    "app.channel.get.existing.app_error": Reason.GONE,
    "web.incoming_webhook.channel.app_error": Reason.GONE,
    "web.incoming_webhook.disabled.app_error": Reason.DISABLED,
    "api.post.create_post.can_not_post_to_deleted.error": Reason.ARCHIVED,
}


class MattermostOptions(WebhookOptions):
    """``url`` is the webhook's address, which is the secret.

    ``silent`` posts without notification and unread mark, on servers that know it.
    """

    silent: bool = False


class Mattermost(WebhookPlatform[MattermostOptions]):
    """An attachment a language, with the colour of the day."""

    name = "mattermost"
    called = "Mattermost"
    where = "in Mattermost, under Integrations, Incoming Webhooks"
    options_model = MattermostOptions
    path = re.compile(r"/hooks/[a-z0-9]{26}/?$")
    looks = (
        "a Mattermost incoming webhook (https://…/hooks/ and 26 letters and digits); copy it again "
        "in one piece."
    )
    # Nothing is documented; the server's own limiter, where it is on, allows ten a second.
    rate = 1.0
    gone = (410,)
    word_keys = ("message",)

    def payload(self, message: Message, options: MattermostOptions | None) -> Json:
        payload: Json = {"attachments": [_attachment(part, message.kind) for part in message.parts]}
        if options is not None and options.silent:
            payload["silent"] = True
        return payload

    def too_long(self, payload: Json) -> bool:
        attachments = payload["attachments"]
        length = sum(units(text) for attachment in attachments for text in _texts(attachment))
        footers = (attachment.get("footer", "") for attachment in attachments)
        return length > LONGEST_POST or any(units(footer) > LONGEST_FOOTER for footer in footers)

    def documented(self, response: Response, at: datetime) -> Outcome | None:
        code = response.json.get("id")
        if response.status in (400, 403, 404, 501) and code in _GONE:
            return self.refusal(_GONE[code], response, gone=True)
        return None

    def wait(self, response: Response, at: datetime) -> timedelta | None:
        reset = response.headers.get("x-ratelimit-reset", "").strip()
        seconds = float(reset) if re.fullmatch(r"\d{1,9}(\.\d+)?", reset, re.ASCII) else None
        return wait_of_seconds(seconds)


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
        actions = (
            f"{MATTERMOST.bullet}{action_line(action, MATTERMOST)}" for action in part.actions
        )
        fields.append(_field(part.actions_label, "\n".join(actions)))
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


def _texts(attachment: Json) -> Iterable[str]:
    yield from (attachment["pretext"], attachment.get("footer", ""))
    for field in attachment.get("fields", ()):
        yield from (field["title"], field["value"])


PLATFORM = Mattermost()
