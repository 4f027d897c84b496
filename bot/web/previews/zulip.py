"""Zulip: the message's content under its channel and topic, drawn as Zulip's app draws it.

https://zulip.com/help/format-your-message-using-markdown (read 2026-11-24): a line break is one,
and three hyphens are a line across.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from bot.content.message import Message
from bot.web.markup import lines_html
from bot.web.previews.line import chat_line


def preview(payload: Mapping[str, Any], message: Message) -> Markup:
    """Return the message in its topic."""
    pieces = payload.get("content", "").split("\n\n---\n\n")
    html = Markup("<hr>").join(lines_html(piece) for piece in pieces)
    place = Markup('<p class="topic">{} › <strong>{}</strong></p>').format(
        payload.get("to", ""), payload.get("topic", "")
    )
    return Markup('<div class="zulip">{}{}</div>').format(
        place, chat_line("zulip", message.kind, [html])
    )
