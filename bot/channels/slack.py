"""Slack, through an incoming webhook.

https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks and
https://docs.slack.dev/reference/block-kit/blocks (read 2026-11-24).

The body is ``rich_text``: the one block in which text is shown as it is, lists are lists, and
nothing can be escaped wrongly. There is no colour: it takes an attachment, which Slack calls
legacy, sets narrower, and folds away behind "Show more".
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from pydantic import SecretStr

from bot.channels.addresses import address_problem, digest, read_address, secrets_of
from bot.channels.answers import read_answer, told
from bot.channels.dialects.dialect import WORD_JOINER, clean, one_line, units
from bot.channels.dialects.mrkdwn import MRKDWN
from bot.channels.dialects.rich_text import (
    bullets,
    link_element,
    rich_text,
    section,
    text_element,
)
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
from bot.content.markdown import parse
from bot.content.message import ActionText, Message, Part

HOSTS = ("hooks.slack.com", "hooks.slack-gov.com")

LONGEST_HEADER = 150
LONGEST_TEXT_OBJECT = 3000
LONGEST_URL = 3000
MOST_BLOCKS = 50
MOST_CONTEXT_ELEMENTS = 10
LONGEST_TEXT = 40_000
# Undocumented: about 13,200 characters over all blocks were refused with msg_blocks_too_long
# (https://github.com/slackapi/bolt-js/issues/2509).
LONGEST_BLOCKS = 12_000

# About one message a second a channel (https://docs.slack.dev/apis/web-api/rate-limits).
RATE = 1.0

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

Block = dict[str, Any]


class SlackOptions(ChannelOptions):
    """``url`` is the webhook's address, which is the secret."""

    url: SecretStr


class Slack(HttpPlatform[SlackOptions]):
    """Block Kit: a header, the body, the actions, the sources and a footer for each language."""

    name = "slack"
    options_model = SlackOptions
    called = "Slack"
    where = "at https://api.slack.com/apps, in your app under Incoming Webhooks"

    def address_problem(self, options: SlackOptions, trusted_hosts: Collection[str]) -> str | None:
        url = options.url.get_secret_value()
        problem = address_problem(url, trusted_hosts, hosts=HOSTS)
        if problem is not None:
            return problem
        address = read_address(url)
        if address.host not in HOSTS:
            return None
        if address.path.startswith(("/triggers/", "/workflows/")):
            return (
                "The address starts a Slack workflow, which takes a few named values and no "
                "message; make an incoming webhook (its address has /services/) and use that."
            )
        if not re.fullmatch(r"/services(/[A-Za-z0-9]+){3}/?", address.path):
            return (
                "The address is not that of a Slack incoming webhook "
                f"(https://{address.host}/services/T…/B…/…); copy it again in one piece."
            )
        return None

    def address_digest(self, options: SlackOptions) -> str:
        return digest(self.name, read_address(options.url.get_secret_value()).url.rstrip("/"))

    def rate_keys(self, options: SlackOptions) -> tuple[tuple[str, float], ...]:
        url = options.url.get_secret_value()
        return webhook_rates(self.name, self.address_digest(options), url, RATE)

    def too_long(self, message: Message, options: SlackOptions | None) -> bool:
        payload = _payload(message)
        blocks = payload["blocks"]
        lengths = list(_lengths(blocks))
        return (
            len(blocks) > MOST_BLOCKS
            or units(payload["text"]) > LONGEST_TEXT
            or sum(length for _, length in lengths) > LONGEST_BLOCKS
            or any(key == "url" and length > LONGEST_URL for key, length in lengths)
            or any(_context_is_too_long(block) for block in blocks if block["type"] == "context")
        )

    def fitted_request(
        self, message: Message, options: SlackOptions, envelope: Envelope
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
        code = response.text.strip()
        if 400 <= response.status <= 499 and code in _GONE:
            return Rejected(_GONE[code], told(response), gone=True)
        return read_answer(response, at, gone=(404, 410))


def _payload(message: Message) -> dict[str, Any]:
    blocks: list[Block] = []
    for index, part in enumerate(message.parts):
        if index:
            blocks.append({"type": "divider"})
        blocks.extend(_part(part))
    return {
        "text": "\n\n".join(_fallback(part) for part in message.parts),
        "blocks": blocks,
        "unfurl_links": False,
        "unfurl_media": False,
    }


def _fallback(part: Part) -> str:
    """What a notification shows and a screen reader reads."""
    return f"{MRKDWN.text(one_line(part.title))}\n{MRKDWN.markdown(part.body)}"


def _part(part: Part) -> Iterable[Block]:
    title = one_line(part.title)
    header = _plain_text(title)
    if title and units(header["text"]) <= LONGEST_HEADER:
        yield {"type": "header", "text": header}
    elif title:
        yield {"type": "rich_text", "elements": [section([text_element(title, bold=True)])]}
    body = rich_text(parse(part.body))
    if body:
        yield {"type": "rich_text", "elements": body}
    if part.actions:
        label = one_line(part.actions_label)
        yield {
            "type": "rich_text",
            "elements": [
                # An empty line before it, as between the paragraphs of the body.
                *([section([text_element(f"\n{label}", bold=True)])] if label else []),
                bullets(_action(action) for action in part.actions),
            ],
        }
    if part.sources:
        yield _sources(part)
    footer = one_line(part.footer)
    if footer:
        yield {"type": "context", "elements": [_plain_text(footer)]}


def _plain_text(text: str) -> Block:
    """Gives text that nothing formats. That ``<!channel>`` is not a mention there either is not
    documented, and one renderer takes it for one, so it is broken."""
    return {
        "type": "plain_text",
        "text": text.replace("<", f"<{WORD_JOINER}"),
        "emoji": False,
    }


def _action(action: ActionText) -> Iterable[Block]:
    yield text_element(clean(action.text))
    for index, link in enumerate(action.links):
        yield text_element(" · " if index else " ")
        yield link_element(link.title, link.url)


def _sources(part: Part) -> Block:
    """Gives the sources in a row; as many to a text object as it takes."""
    label = MRKDWN.text(one_line(part.sources_label))
    texts = [f"{MRKDWN.strong(label)} " if label else ""]
    for index, link in enumerate(part.sources):
        source = MRKDWN.link(link.title, link.url)
        longer = f"{texts[-1]} · {source}" if index else f"{texts[-1]}{source}"
        if units(longer) <= LONGEST_TEXT_OBJECT or not index:
            texts[-1] = longer
        else:
            texts.append(source)
    # verbatim: Slack looks for no addresses, channels or names in the text.
    return {
        "type": "context",
        "elements": [{"type": "mrkdwn", "text": text, "verbatim": True} for text in texts],
    }


def _lengths(value: Any, key: str = "") -> Iterable[tuple[str, int]]:
    """Gives the length of every text and address in the blocks, with its key."""
    if isinstance(value, dict):
        for inner_key, inner in value.items():
            yield from _lengths(inner, inner_key)
    elif isinstance(value, list):
        for inner in value:
            yield from _lengths(inner, key)
    elif key in ("text", "url"):
        yield key, units(value)


def _context_is_too_long(block: Block) -> bool:
    elements = block["elements"]
    return len(elements) > MOST_CONTEXT_ELEMENTS or any(
        units(element["text"]) > LONGEST_TEXT_OBJECT for element in elements
    )


PLATFORM: Platform[SlackOptions] = Slack()
