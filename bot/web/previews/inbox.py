"""The inbox: each language a bubble, as it is read on this page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from bot.content.message import Message
from bot.web.previews.plain import part_html


def preview(_payload: Mapping[str, Any], message: Message) -> Markup:
    """Return a bubble for each language."""
    return Markup("").join(
        Markup('<div class="bubble kind-{}">{}</div>').format(message.kind, part_html(part))
        for part in message.parts
    )
