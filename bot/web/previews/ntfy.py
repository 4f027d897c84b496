"""ntfy: the notification with its buttons, as its apps draw it.

https://docs.ntfy.sh/publish/ (read 2026-11-24).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from bot.content.message import Message
from bot.web.markup import text_html
from bot.web.previews.line import buttons, chat_line


def preview(payload: Mapping[str, Any], message: Message) -> Markup:
    """Return title, words and buttons."""
    pieces = [
        Markup('<h3 class="chat-title">{}</h3>').format(payload.get("title", "")),
        Markup('<div class="as-typed">{}</div>').format(text_html(payload.get("message", ""))),
        buttons(payload.get("actions", ()), "label"),
    ]
    return chat_line("ntfy", message.kind, pieces)
