"""A message as a Teams card, of the elements that :mod:`bot.channels.dialects.adaptive_card` makes
(https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-format, read
2026-11-24)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from bot.channels.dialects.adaptive_card import (
    card_body,
    disarmed,
    item,
    line,
    link_run,
    open_url,
    run_of,
)
from bot.channels.dialects.dialect import Json, one_line, web_url
from bot.channels.layout import button_links
from bot.content.markdown import parse
from bot.content.message import Message, Part

VERSION = "1.4"
"""Workflows were seen to refuse 1.5."""

MOST_BUTTONS = 6
"""Teams shows no more in a row (cards-reference, "Adaptive Cards"); the others are links."""

_HEADING = re.compile(r"(?![-+#]|\d+[.)])[^\\*_\[\]`{}<>|~&]+")


def card_of(message: Message) -> Json:
    """Return the card, a title and its text for each language."""
    return {
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


def _style(kind: str) -> str:
    """Return the container style behind a title; the others signal success or alarm."""
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
    """Return a heading, which screen readers find, where nothing in it could be Markdown."""
    large = {"size": "Large", "weight": "Bolder"}
    if _HEADING.fullmatch(title):
        return {"type": "TextBlock", "text": title, "wrap": True, "style": "heading", **large}
    return line([run_of(title, **large)])


def _actions(part: Part) -> Iterator[Json]:
    label = one_line(part.actions_label)
    if label:
        yield line([run_of(label, weight="Bolder")])
    buttons = button_links(part)[:MOST_BUTTONS]
    for action in part.actions:
        runs = [run_of(one_line(action.text))]
        for link in action.links:
            if link not in buttons:
                runs += [run_of(" "), link_run(link.title, link.url)]
        yield item(runs)
    if buttons:
        yield {
            "type": "ActionSet",
            "actions": [
                open_url(web_url(link.url) or "", title=disarmed(one_line(link.title)))
                for link in buttons
            ],
        }


def _sources(part: Part) -> Json:
    """Return the sources in a row, small."""
    label = one_line(part.sources_label)
    runs = [run_of(label, weight="Bolder", size="Small"), run_of(" ")] if label else []
    for index, link in enumerate(part.sources):
        if index:
            runs.append(run_of(" · ", size="Small"))
        runs.append(link_run(link.title, link.url, size="Small"))
    return line(runs, separator=True)
