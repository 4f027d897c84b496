"""The terminal: the text as it is printed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from bot.content.message import Message


def preview(payload: Mapping[str, Any], _message: Message) -> Markup:
    """Return the text, letter for letter."""
    return Markup('<pre class="terminal" tabindex="0">{}</pre>').format(payload.get("text", ""))
