"""Slack: the Block Kit blocks of the request, drawn as Slack's client draws them.

https://docs.slack.dev/reference/block-kit/blocks (read 2026-11-24). Only the blocks that
:mod:`bot.channels.slack` writes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from html import unescape
from typing import Any

from markupsafe import Markup, escape

from bot.channels.dialects.dialect import WORD_JOINER
from bot.content.message import Message
from bot.web.markup import link_html
from bot.web.previews.chats import conversation_line

_MRKDWN = re.compile(r"<(?P<url>https?://[^|>]+)(?:\|(?P<title>[^>]*))?>|\*(?P<bold>[^*\n]+)\*")

_STYLES = {
    "code": Markup("<code>{}</code>"),
    "italic": Markup("<em>{}</em>"),
    "bold": Markup("<strong>{}</strong>"),
}

Json = Mapping[str, Any]


def slack(payload: Json, message: Message) -> Markup:
    """Return the message as a line of Slack's conversation."""
    blocks = Markup("").join(_block(block) for block in payload.get("blocks", ()))
    return conversation_line("slack", "APP", blocks)


def _block(block: Json) -> Markup:
    match block["type"]:
        case "header":
            return Markup('<h3 class="slack-header">{}</h3>').format(_plain(block["text"]["text"]))
        case "divider":
            return Markup("<hr>")
        case "context":
            inner = Markup(" ").join(_text(element) for element in block["elements"])
            return Markup('<p class="slack-context">{}</p>').format(inner)
        case "rich_text":
            return Markup("").join(_rich(element) for element in block["elements"])
        case _:
            return Markup("")


def _text(element: Json) -> Markup:
    if element["type"] == "mrkdwn":
        return _mrkdwn(element["text"])
    return escape(_plain(element["text"]))


def _rich(element: Json) -> Markup:
    match element["type"]:
        case "rich_text_section":
            return Markup('<p class="slack-section">{}</p>').format(_inlines(element["elements"]))
        case "rich_text_quote":
            return Markup("<blockquote>{}</blockquote>").format(_inlines(element["elements"]))
        case "rich_text_list":
            items = Markup("").join(
                Markup("<li>{}</li>").format(_inlines(item["elements"]))
                for item in element["elements"]
            )
            if element.get("style") == "ordered":
                start = element.get("offset", 0) + 1
                return Markup('<ol start="{}">{}</ol>').format(start, items)
            return Markup("<ul>{}</ul>").format(items)
        case _:
            return Markup("")


def _inlines(elements: Sequence[Json]) -> Markup:
    return Markup("").join(_inline(element) for element in elements)


def _inline(element: Json) -> Markup:
    text = _plain(element.get("text", ""))
    inner = Markup("<br>").join(text.split("\n"))
    if element["type"] == "link":
        inner = link_html(text, element["url"])
    style = element.get("style", {})
    for mark, around in _STYLES.items():
        if style.get(mark):
            inner = around.format(inner)
    return inner


def _mrkdwn(text: str) -> Markup:
    pieces: list[Markup] = []
    end = 0
    for match in _MRKDWN.finditer(text):
        pieces.append(escape(_read(text[end : match.start()])))
        end = match.end()
        if match["bold"] is not None:
            pieces.append(Markup("<strong>{}</strong>").format(_read(match["bold"])))
        else:
            url = unescape(match["url"])
            pieces.append(link_html(_read(match["title"] or match["url"]), url))
    pieces.append(escape(_read(text[end:])))
    return Markup("").join(pieces)


def _read(text: str) -> str:
    return _plain(unescape(text))


def _plain(text: str) -> str:
    return text.replace(WORD_JOINER, "")
