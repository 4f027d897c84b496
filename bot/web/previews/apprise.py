"""Apprise: the title and the text that it is given, letter for letter; each place draws its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from bot.content.message import Message
from bot.web.markup import seen


def preview(payload: Mapping[str, Any], _message: Message) -> Markup:
    """Return what is sent."""
    html = Markup(
        '<div class="message"><h3 class="m-title">{}</h3><div class="as-typed">{}</div></div>'
    )
    return seen(html.format(payload.get("title", ""), payload.get("body", "")))
