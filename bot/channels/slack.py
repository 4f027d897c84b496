"""Slack, through an incoming webhook.

https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks and
https://docs.slack.dev/reference/block-kit/blocks (read 2026-11-24).

The body is ``rich_text``: the one block in which text is shown as it is, lists are lists, and
nothing can be escaped wrongly. There is no colour: it takes an attachment, which Slack calls
legacy, sets narrower, and folds away behind "Show more".
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime

from bot.channels.addresses import WebhookUrl
from bot.channels.dialects.dialect import Json, units
from bot.channels.dialects.slack_blocks import blocks_are_too_long, blocks_of, fallback_of
from bot.channels.outcome import Outcome, Reason
from bot.channels.request import Response
from bot.channels.webhook_platform import WebhookOptions, WebhookPlatform
from bot.content.message import Message

LONGEST_TEXT = 40_000

# The bodies by which Slack says that no message will arrive at this address any more
# (https://docs.slack.dev/changelog/2016-05-17-changes-to-errors-for-incoming-webhooks). An archived
# channel may come back; until somebody brings it back, nothing arrives.
_GONE = {
    "no_service": Reason.GONE,
    "no_team": Reason.GONE,
    "channel_not_found": Reason.GONE,
    "channel_is_archived": Reason.ARCHIVED,
    "invalid_token": Reason.UNAUTHORISED,
    "team_disabled": Reason.DISABLED,
}


class Slack(WebhookPlatform[WebhookOptions]):
    """Block Kit: a header, the body, the actions, the sources and a footer for each language."""

    name = "slack"
    called = "Slack"
    where = "at https://api.slack.com/apps, in your app under Incoming Webhooks"
    options_model = WebhookOptions
    hosts = ("hooks.slack.com", "hooks.slack-gov.com")
    path = re.compile(r"^/services(/[A-Za-z0-9]+){3}/?\Z")
    looks = (
        "a Slack incoming webhook (https://{host}/services/T…/B…/…); copy it again in one piece."
    )
    # About one message a second a channel (https://docs.slack.dev/apis/web-api/rate-limits).
    rate = 1.0
    gone = (404, 410)

    def url_problem(self, url: WebhookUrl, trusted_hosts: Collection[str]) -> str | None:
        if url.path.startswith(("/triggers/", "/workflows/")):
            return (
                "The address starts a Slack workflow, which takes a few named values and no "
                "message; make an incoming webhook (its address has /services/) and use that."
            )
        return super().url_problem(url, trusted_hosts)

    def payload(self, message: Message, options: WebhookOptions | None) -> Json:
        return {
            "text": "\n\n".join(fallback_of(part) for part in message.parts),
            "blocks": blocks_of(message.parts),
            "unfurl_links": False,
            "unfurl_media": False,
        }

    def too_long(self, payload: Json) -> bool:
        return blocks_are_too_long(payload["blocks"]) or units(payload["text"]) > LONGEST_TEXT

    def documented(self, response: Response, at: datetime) -> Outcome | None:
        code = response.text.strip()
        if 400 <= response.status <= 499 and code in _GONE:
            return self.refusal(_GONE[code], response, gone=True)
        return None


PLATFORM = Slack()
