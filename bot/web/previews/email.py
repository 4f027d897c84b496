"""E-mail: its head, and its HTML part as it is, in a frame where nothing runs and nothing loads.

``document`` in the payload is where that part is served (:mod:`bot.web.routes.mail_part`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from bot.content.message import Message
from bot.web.previews.plain import preview as plain_look

_SHOWN = ("From", "To", "Subject")


def preview(payload: Mapping[str, Any], message: Message) -> Markup:
    """Return head and frame; the plain words where the part has no address."""
    headers = payload.get("headers", {})
    head = Markup("").join(
        Markup("<dt>{}</dt><dd>{}</dd>").format(name, headers[name])
        for name in _SHOWN
        if name in headers
    )
    words = plain_look(payload, message)
    if payload.get("document"):
        words = Markup(
            '<iframe src="{}" title="{}" loading="lazy" referrerpolicy="no-referrer"'
            ' sandbox="allow-popups allow-popups-to-escape-sandbox"></iframe>'
        ).format(payload["document"], message.title)
    return Markup('<div class="mail"><dl>{}</dl>{}</div>').format(head, words)


def html_part(payload: Mapping[str, Any]) -> str | None:
    """Return the HTML of an e-mail, None where it has none."""
    parts = payload.get("parts", ())
    return next((part["text"] for part in parts if part["type"] == "text/html"), None)
