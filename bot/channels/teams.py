"""Microsoft Teams, through a workflow that waits for a webhook (Power Automate).

https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook
and https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-format
(read 2026-11-24). The body is an Adaptive Card in the shape that the stock template "Send webhook
alerts to a channel" goes through. There is no colour but those of the client's theme, of which two
are quiet.

An answer 202 says that the workflow was started. Whether it posted is only in its run history.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from datetime import datetime

from bot.channels.addresses import WebhookUrl
from bot.channels.answers import detail_of, is_web_page
from bot.channels.dialects.dialect import Json
from bot.channels.dialects.teams_card import card_of
from bot.channels.outcome import Delivered, Outcome, Reason, Retry, Unknown
from bot.channels.request import Response, json_bytes
from bot.channels.webhook_platform import WebhookOptions, WebhookPlatform
from bot.content.message import Message

LONGEST_BODY = 20_000
"""Bytes of JSON. Teams refuses over 28,672, counted after an encoding of its own, in the run and so
behind a 202 (https://github.com/MicrosoftDocs/msteams-docs/issues/11274)."""
LONGEST_ENCODED = 28_000
"""The same, counted as if every quotation mark and letter outside ASCII were escaped once more."""

_RETIRED = re.compile(r"(^|\.)webhook\.office\.com$|^outlook\.office(365)?\.com$")
_HIDDEN_ERROR = re.compile(r"returned HTTP error (\d{3})")


class Teams(WebhookPlatform[WebhookOptions]):
    """An Adaptive Card: a title, the body, the actions with buttons, sources and a footer."""

    name = "teams"
    called = "Microsoft Teams"
    where = "in Teams, in the channel's menu under Workflows"
    options_model = WebhookOptions
    slash_matters = True
    # Nothing is documented for workflows; the old connectors took four in a second.
    word_keys = ("error.code", "error.message")
    rate = 1.0
    # 404: the workflow was deleted; 401 and 403: its signature is not valid any more, it is open to
    # its organisation alone, or it is a connector's, which are all retired.
    gone = (401, 403, 404, 410)

    def url_problem(self, url: WebhookUrl, trusted_hosts: Collection[str]) -> str | None:
        if _RETIRED.search(url.host):
            return (
                "The address is an Office 365 connector's, which Microsoft has retired; make a "
                "workflow for webhooks in the channel, and use its address."
            )
        if not url.is_trusted(trusted_hosts) and "sig=" not in url.query:
            return (
                "The address has no signature (sig=…) at its end; copy it again. If it never "
                "had one, the workflow is open only to your organisation: let anyone trigger it."
            )
        return None

    def payload(self, message: Message, options: WebhookOptions | None) -> Json:
        kind = "application/vnd.microsoft.card.adaptive"
        attachment = {"contentType": kind, "contentUrl": None, "content": card_of(message)}
        return {"type": "message", "attachments": [attachment]}

    def too_long(self, payload: Json) -> bool:
        body = json_bytes(payload)
        return len(body) > LONGEST_BODY or len(json.dumps(body.decode())) > LONGEST_ENCODED

    def documented(self, response: Response, at: datetime) -> Outcome | None:
        if response.status == 202 and not is_web_page(response):
            return Delivered(detail="Teams has started the workflow; it does not say what it posts")
        if response.is_success:
            # Not the documented 202: connectors hid errors in it.
            text = response.text.strip()
            hidden = _HIDDEN_ERROR.search(text)
            if hidden and hidden[1] == "429":
                return Retry(Reason.RATE_LIMITED, detail_of(response))
            posted = text in ("", "1")
            return Delivered() if posted else Unknown(Reason.NOT_A_POST, detail_of(response))
        words = self.words(response) or ""
        if 400 <= response.status <= 499 and words.startswith("WorkflowTriggerIsNotEnabled"):
            return self.refusal(Reason.DISABLED, response, gone=True)
        return None


PLATFORM = Teams()
