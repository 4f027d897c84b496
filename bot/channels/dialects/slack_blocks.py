"""A message as Slack's blocks.

https://docs.slack.dev/reference/block-kit/blocks (read 2026-11-24).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from bot.channels.dialects.dialect import WORD_JOINER, clean, one_line, units
from bot.channels.dialects.mrkdwn import MRKDWN
from bot.channels.dialects.rich_text import (
    bullets,
    link_element,
    rich_text,
    section,
    text_element,
)
from bot.content.markdown import parse
from bot.content.message import ActionText, Part

LONGEST_HEADER = 150
LONGEST_TEXT_OBJECT = 3000

Json = dict[str, Any]


def blocks_of(parts: Sequence[Part]) -> list[Json]:
    """Return the blocks of every language, a line across between them."""
    blocks: list[Json] = []
    for index, part in enumerate(parts):
        if index:
            blocks.append({"type": "divider"})
        blocks.extend(_part(part))
    return blocks


def fallback_of(part: Part) -> str:
    """Return what a notification shows and a screen reader reads."""
    return f"{MRKDWN.text(one_line(part.title))}\n{MRKDWN.markdown(part.body)}"


def _part(part: Part) -> Iterable[Json]:
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


def _plain_text(text: str) -> Json:
    """Return text that nothing formats. That ``<!channel>`` is not a mention there either is not
    documented, and one renderer takes it for one, so it is broken."""
    return {
        "type": "plain_text",
        "text": text.replace("<", f"<{WORD_JOINER}"),
        "emoji": False,
    }


def _action(action: ActionText) -> Iterable[Json]:
    yield text_element(clean(action.text))
    for index, link in enumerate(action.links):
        yield text_element(" · " if index else " ")
        yield link_element(link.title, link.url)


def _sources(part: Part) -> Json:
    """Return the sources in a row; as many to a text object as it takes."""
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
