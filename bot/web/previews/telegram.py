"""Telegram: the message's HTML in a bubble, its buttons below, as Telegram's apps draw them.

https://core.telegram.org/bots/api#html-style (read 2026-11-24).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from bot.content.message import Message
from bot.web.previews.line import buttons, chat_line
from bot.web.sanitize import tamed

_ELEMENTS = {"b": "strong", "i": "em", "code": "code", "a": "a"}


def preview(payload: Mapping[str, Any], message: Message) -> Markup:
    """Return the bubble and the rows of buttons."""
    text = Markup('<div class="as-typed">{}</div>').format(
        tamed(payload.get("text", ""), _ELEMENTS)
    )
    rows = payload.get("reply_markup", {}).get("inline_keyboard", ())
    return chat_line("telegram", message.kind, [text, *(buttons(row) for row in rows)])
