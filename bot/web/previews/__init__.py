"""How a message looks where it arrives: one module a platform, named as the platform is.

A module has ``preview(payload, message) -> Markup``: ``payload`` is the request's own JSON or form,
secrets masked, so that what is shown is what would be sent. A platform without a module here is
shown as the plain words it carries; adding a preview is adding one file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from markupsafe import Markup

from bot.content.message import Message
from bot.web.previews.plain import preview as plain_preview

Preview = Callable[[Mapping[str, Any], Message], Markup]


@lru_cache
def preview_of(platform: str) -> Preview:
    """Return what draws a message of that platform."""
    name = f"bot.web.previews.{platform}"
    if find_spec(name) is None:
        return plain_preview
    preview: Preview = import_module(name).preview
    return preview


def draw_preview(
    platform: str, request: Mapping[str, Any], message: Message, document: str = ""
) -> Markup:
    """Return how a message looks; ``shown`` is :meth:`bot.channels.request.HttpRequest.shown`,
    ``document`` the address on this page of an e-mail's HTML part."""
    payload = request.get("json") or request.get("form") or request.get("mime") or {}
    if "mime" in request:
        payload = {**payload, "document": document}
    return preview_of(platform)(payload, message)
