"""Mastodon: the status, whose addresses become links, as its web app draws it.

https://docs.joinmastodon.org/user/posting/ (read 2026-11-24).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from bot.content.message import Message
from bot.web.markup import text_html
from bot.web.previews.line import chat_line


def preview(payload: Mapping[str, Any], message: Message) -> Markup:
    """Return the status."""
    text = Markup('<div class="as-typed">{}</div>').format(text_html(payload.get("status", "")))
    seen_by = Markup('<p class="faint">{}</p>').format(payload.get("visibility", ""))
    return chat_line("mastodon", message.kind, [text, seen_by])
