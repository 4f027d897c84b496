"""Matrix: the formatted body, of which a client shows only what the specification allows.

https://spec.matrix.org/latest/client-server-api/#mroommessage-msgtypes (read 2026-11-24).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from bot.content.message import Message
from bot.web.previews.line import chat_line
from bot.web.sanitize import tamed

_SAME = ("p", "strong", "em", "code", "a", "ul", "ol", "li", "blockquote", "br", "hr")
_ELEMENTS = {**dict(zip(_SAME, _SAME, strict=True)), "h4": "h3.chat-title", "span": "span.tint"}


def preview(payload: Mapping[str, Any], message: Message) -> Markup:
    """Return the notice as a client with HTML shows it."""
    return chat_line("matrix", message.kind, [tamed(payload.get("formatted_body", ""), _ELEMENTS)])
