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
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from pydantic import SecretStr

from bot.channels.addresses import address_problem, digest, read_address, secrets_of
from bot.channels.answers import is_web_page, json_object, read_answer, told
from bot.channels.dialects.adaptive_card import (
    card_body,
    disarmed,
    item,
    line,
    link_run,
    open_url,
    run_of,
)
from bot.channels.dialects.dialect import one_line, web_url
from bot.channels.http_platform import (
    USER_AGENT,
    ChannelOptions,
    HttpPlatform,
    json_bytes,
    webhook_rates,
)
from bot.channels.outcome import Delivered, Outcome, Reason, Rejected, Retry, Unknown
from bot.channels.platform import Envelope, Platform
from bot.channels.request import HttpRequest, Response
from bot.content.markdown import parse
from bot.content.message import Link, Message, Part

VERSION = "1.4"
"""Workflows were seen to refuse 1.5."""

LONGEST_BODY = 20_000
"""Bytes of JSON. Teams refuses over 28,672, counted after an encoding of its own, in the run and so
behind a 202 (https://github.com/MicrosoftDocs/msteams-docs/issues/11274)."""
LONGEST_ENCODED = 28_000
"""The same, counted as if every quotation mark and letter outside ASCII were escaped once more."""

MOST_BUTTONS = 6
"""Teams shows no more in a row (cards-reference, "Adaptive Cards"); the others are links."""

# Nothing is documented for workflows; the old connectors took four in a second.
RATE = 1.0

_RETIRED = re.compile(r"(^|\.)webhook\.office\.com$|^outlook\.office(365)?\.com$")
_HEADING = re.compile(r"(?![-+#]|\d+[.)])[^\\*_\[\]`{}<>|~&]+")
_HIDDEN_ERROR = re.compile(r"returned HTTP error (\d{3})")
_SWITCHED_OFF = "WorkflowTriggerIsNotEnabled"

Json = dict[str, Any]


class TeamsOptions(ChannelOptions):
    """``url`` is the workflow's address, which is the secret."""

    url: SecretStr


class Teams(HttpPlatform[TeamsOptions]):
    """An Adaptive Card: a title, the body, the actions with buttons, sources and a footer."""

    name = "teams"
    options_model = TeamsOptions
    called = "Microsoft Teams"
    where = "in Teams, in the channel's menu under Workflows"

    def address_problem(self, options: TeamsOptions, trusted_hosts: Collection[str]) -> str | None:
        url = options.url.get_secret_value()
        problem = address_problem(url, trusted_hosts)
        if problem is not None:
            return problem
        address = read_address(url)
        if _RETIRED.search(address.host):
            return (
                "The address is an Office 365 connector's, which Microsoft has retired; make a "
                "workflow for webhooks in the channel, and use its address."
            )
        if not address.is_trusted(trusted_hosts) and "sig=" not in address.query:
            return (
                "The address has no signature (sig=…) at its end; copy it again. If it never "
                "had one, the workflow is open only to your organisation: let anyone trigger it."
            )
        return None

    def address_digest(self, options: TeamsOptions) -> str:
        return digest(self.name, read_address(options.url.get_secret_value()).url)

    def rate_keys(self, options: TeamsOptions) -> tuple[tuple[str, float], ...]:
        url = options.url.get_secret_value()
        return webhook_rates(self.name, self.address_digest(options), url, RATE)

    def too_long(self, message: Message, options: TeamsOptions | None) -> bool:
        body = json_bytes(_payload(message))
        return len(body) > LONGEST_BODY or len(json.dumps(body.decode())) > LONGEST_ENCODED

    def fitted_request(
        self, message: Message, options: TeamsOptions, envelope: Envelope
    ) -> HttpRequest:
        address = read_address(options.url.get_secret_value())
        return HttpRequest(
            method="POST",
            url=address.url,
            headers={"Content-Type": "application/json", "User-Agent": USER_AGENT},
            body=json_bytes(_payload(message)),
            secrets=secrets_of(address.url),
        )

    def outcome(self, response: Response, at: datetime) -> Outcome:
        if response.status == 202 and not is_web_page(response):
            return Delivered(detail="Teams has started the workflow; it does not say what it posts")
        if 200 <= response.status <= 299:
            return _taken(response)
        said = _said(response)
        if 400 <= response.status <= 499 and said is not None and said.startswith(_SWITCHED_OFF):
            return Rejected(Reason.DISABLED, told(response, said), gone=True)
        # 404: the workflow was deleted; 401 and 403: its signature is not valid any more, it is
        # open to its organisation alone, or it is a connector's, which are all retired.
        return read_answer(response, at, gone=(401, 403, 404, 410), said=said)


def _taken(response: Response) -> Outcome:
    """Reads a success that is not the documented 202: connectors hid errors in its body."""
    said = response.text.strip()
    hidden = _HIDDEN_ERROR.search(said)
    if hidden and hidden[1] == "429":
        return Retry(Reason.RATE_LIMITED, told(response))
    if said in ("", "1"):
        return Delivered()
    return Unknown(Reason.NOT_A_POST, told(response))


def _said(response: Response) -> str | None:
    """Gives the code and message of an error of Power Automate."""
    error = json_object(response).get("error")
    if not isinstance(error, dict):
        return None
    pieces = [error.get("code"), error.get("message")]
    return " ".join(piece for piece in pieces if isinstance(piece, str)) or None


def _payload(message: Message) -> Json:
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": VERSION,
        "fallbackText": " · ".join(disarmed(one_line(part.title)) for part in message.parts),
        "msteams": {"width": "Full"},
        "body": [
            element
            for index, part in enumerate(message.parts)
            for element in _part(part, _style(message.kind), is_first=index == 0)
        ],
    }
    return {
        "type": "message",
        "attachments": [
            {
                "contentType": "application/vnd.microsoft.card.adaptive",
                "contentUrl": None,
                "content": card,
            }
        ],
    }


def _style(kind: str) -> str:
    """Gives the container style behind a title; the others signal success or alarm."""
    return "accent" if kind in ("day", "month", "digest") else "emphasis"


def _part(part: Part, style: str, *, is_first: bool) -> Iterator[Json]:
    title = one_line(part.title)
    if title:
        yield {
            "type": "Container",
            "style": style,
            "bleed": True,
            "spacing": "Default" if is_first else "ExtraLarge",
            "items": [_title(title)],
        }
    yield from card_body(parse(part.body))
    if part.actions:
        yield from _actions(part)
    if part.sources:
        yield _sources(part)
    footer = one_line(part.footer)
    if footer:
        yield line([run_of(footer, size="Small", isSubtle=True)], "Small")


def _title(title: str) -> Json:
    """Gives a heading, which screen readers find, where nothing in it could be read as Markdown."""
    if _HEADING.fullmatch(title):
        return {
            "type": "TextBlock",
            "text": title,
            "wrap": True,
            "style": "heading",
            "size": "Large",
            "weight": "Bolder",
        }
    return line([run_of(title, size="Large", weight="Bolder")])


def _actions(part: Part) -> Iterator[Json]:
    label = one_line(part.actions_label)
    if label:
        yield line([run_of(label, weight="Bolder")])
    links = [link for action in part.actions for link in action.links]
    buttons = [link for link in links if web_url(link.url) and one_line(link.title)][:MOST_BUTTONS]
    for action in part.actions:
        runs = [run_of(one_line(action.text))]
        for link in action.links:
            if link not in buttons:
                runs += [run_of(" "), link_run(link.title, link.url)]
        yield item(runs)
    if buttons:
        yield {"type": "ActionSet", "actions": [_button(link) for link in buttons]}


def _button(link: Link) -> Json:
    return open_url(web_url(link.url) or "", title=disarmed(one_line(link.title)))


def _sources(part: Part) -> Json:
    """Gives the sources in a row, small."""
    label = one_line(part.sources_label)
    runs = [run_of(label, weight="Bolder", size="Small"), run_of(" ")] if label else []
    for index, link in enumerate(part.sources):
        if index:
            runs.append(run_of(" · ", size="Small"))
        runs.append(link_run(link.title, link.url, size="Small"))
    return line(runs, separator=True)


PLATFORM: Platform[TeamsOptions] = Teams()
