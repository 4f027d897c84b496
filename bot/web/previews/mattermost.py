"""Mattermost: the attachments of the request, drawn as Mattermost's client draws them.

https://developers.mattermost.com/integrate/reference/message-attachments/ (read 2026-11-24). Its
Markdown is CommonMark with a line break for each.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from bot.content.message import Message
from bot.web.markup import lines_html
from bot.web.previews.line import chat_line

Json = Mapping[str, Any]


def preview(payload: Json, message: Message) -> Markup:
    """Return an attachment a language."""
    cards = (_attachment(attachment) for attachment in payload.get("attachments", ()))
    return chat_line("mattermost", message.kind, cards)


def _attachment(attachment: Json) -> Markup:
    heading, _, text = attachment.get("pretext", "").partition("\n")
    if heading.startswith("#### "):
        heading = heading[5:]
        html = Markup('<h3 class="chat-title">{}</h3>{}').format(_inline(heading), lines_html(text))
    else:
        html = lines_html(attachment.get("pretext", ""))
    fields = Markup("").join(
        Markup('<p class="chat-label">{}</p>{}').format(item["title"], lines_html(item["value"]))
        for item in attachment.get("fields", ())
    )
    footer = Markup("")
    if attachment.get("footer"):
        footer = Markup('<p class="faint">{}</p>').format(attachment["footer"])
    framed = Markup('<div class="framed">{}{}</div>').format(fields, footer)
    return html + (framed if fields or footer else Markup(""))


def _inline(markdown: str) -> Markup:
    html = lines_html(markdown)
    return Markup(html.removeprefix("<p>").removesuffix("</p>"))  # noqa: S704 - ours, unwrapped
