"""Mattermost, through an incoming webhook.

https://developers.mattermost.com/integrate/webhooks/incoming/ and
https://developers.mattermost.com/integrate/reference/message-attachments/ (read 2026-11-24).
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from bot.channels.answers import wait_of_seconds
from bot.channels.dialects.attachments import mattermost_attachments
from bot.channels.dialects.dialect import Json, units
from bot.channels.outcome import Outcome, Reason
from bot.channels.request import Response
from bot.channels.webhook_platform import WebhookOptions, WebhookPlatform
from bot.content.message import Message

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
    """An attachment a language, with the colour of the day. A button would have Mattermost call an
    address of ours, so links are links."""

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
        payload: Json = {"attachments": mattermost_attachments(message)}
        if options is not None and options.silent:
            payload["silent"] = True
        return payload

    def too_long(self, payload: Json) -> bool:
        attachments = payload["attachments"]
        footers = [units(attachment.get("footer", "")) for attachment in attachments]
        fields = [field for attachment in attachments for field in attachment.get("fields", ())]
        texts = [attachment["pretext"] for attachment in attachments]
        texts += [field[key] for field in fields for key in ("title", "value")]
        return sum(map(units, texts)) + sum(footers) > LONGEST_POST or max(footers) > LONGEST_FOOTER

    def documented(self, response: Response, at: datetime) -> Outcome | None:
        code = str(response.json.get("id"))
        if response.status in (400, 403, 404, 501) and code in _GONE:
            return self.refusal(_GONE[code], response, gone=True)
        return None

    def wait(self, response: Response, at: datetime) -> timedelta | None:
        reset = response.headers.get("x-ratelimit-reset", "").strip()
        seconds = float(reset) if re.fullmatch(r"\d{1,9}(\.\d+)?", reset, re.ASCII) else None
        return wait_of_seconds(seconds)


PLATFORM = Mattermost()
