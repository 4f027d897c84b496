"""Rocket.Chat: the attachments of the request, drawn as its client draws them.

https://docs.rocket.chat/docs/integrations (read 2026-11-24). The client escapes ``& < >`` before it
reads the Markdown, and shows a title letter for letter.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from bot.content.message import Message
from bot.web.markup import lines_html
from bot.web.previews.line import buttons, chat_line

Json = Mapping[str, Any]


def preview(payload: Json, message: Message) -> Markup:
    """Return the attachments under one another."""
    cards = (_attachment(attachment) for attachment in payload.get("attachments", ()))
    return chat_line("rocketchat", message.kind, cards)


def _attachment(attachment: Json) -> Markup:
    title = Markup("")
    if attachment.get("title"):
        title = Markup('<h3 class="chat-title">{}</h3>').format(attachment["title"])
    text = attachment.get("text", "").replace("&", "&amp;").replace("<", "&lt;")
    return Markup('<div class="framed">{}{}{}</div>').format(
        title, lines_html(text), buttons(attachment.get("actions", ()))
    )
