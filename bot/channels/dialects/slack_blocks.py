"""A message as Slack's blocks.

https://docs.slack.dev/reference/block-kit/blocks (read 2026-11-24).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from bot.channels.dialects.dialect import WORD_JOINER, Json, clean, one_line, units
from bot.channels.dialects.mrkdwn import MRKDWN
from bot.channels.dialects.rich_text import bullets, link_element, rich_text, section, text_element
from bot.channels.layout import label_of
from bot.content.markdown import parse
from bot.content.message import ActionText, Part

LONGEST_HEADER = 150
LONGEST_TEXT_OBJECT = 3000
LONGEST_URL = 3000
MOST_BLOCKS = 50
MOST_CONTEXT_ELEMENTS = 10
# Undocumented: about 13,200 characters over all blocks were refused with msg_blocks_too_long
# (https://github.com/slackapi/bolt-js/issues/2509).
LONGEST_BLOCKS = 12_000


def blocks_of(parts: Sequence[Part]) -> list[Json]:
    """Return the blocks of every language, a line across between them."""
    divider: Json = {"type": "divider"}
    return [block for part in parts for block in (divider, *_part(part))][1:]


def fallback_of(part: Part) -> str:
    """Return what a notification shows and a screen reader reads."""
    return f"{MRKDWN.line(part.title)}\n{MRKDWN.markdown(part.body)}"


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
    return {"type": "plain_text", "text": text.replace("<", f"<{WORD_JOINER}"), "emoji": False}


def _action(action: ActionText) -> Iterable[Json]:
    yield text_element(clean(action.text))
    for index, link in enumerate(action.links):
        yield text_element(" · " if index else " ")
        yield link_element(link.title, link.url)


def _sources(part: Part) -> Json:
    """Return the sources in a row; as many to a text object as it takes."""
    texts = ["".join(f"{label} " for label in label_of(part.sources_label, MRKDWN))]
    for index, source in enumerate(MRKDWN.links(part.sources)):
        longer = f"{texts[-1]} · {source}" if index else f"{texts[-1]}{source}"
        if units(longer) <= LONGEST_TEXT_OBJECT or not index:
            texts[-1] = longer
        else:
            texts.append(source)
    # verbatim: Slack looks for no addresses, channels or names in the text.
    elements = [{"type": "mrkdwn", "text": text, "verbatim": True} for text in texts]
    return {"type": "context", "elements": elements}


def blocks_are_too_long(blocks: Sequence[Json]) -> bool:
    """Return whether Slack would refuse the blocks."""
    lengths = [*_lengths(blocks)]
    contexts = [block["elements"] for block in blocks if block["type"] == "context"]
    return (
        len(blocks) > MOST_BLOCKS
        or sum(length for _, length in lengths) > LONGEST_BLOCKS
        or any(key == "url" and length > LONGEST_URL for key, length in lengths)
        or any(len(elements) > MOST_CONTEXT_ELEMENTS for elements in contexts)
        or any(length > LONGEST_TEXT_OBJECT for _, length in _lengths(contexts))
    )


def _lengths(value: Any, key: str = "") -> Iterable[tuple[str, int]]:
    """Yield the length of every text and address in the blocks, with its key."""
    if isinstance(value, dict):
        for inner_key, inner in value.items():
            yield from _lengths(inner, inner_key)
    elif isinstance(value, list):
        for inner in value:
            yield from _lengths(inner, key)
    elif key in ("text", "url"):
        yield key, units(value)
