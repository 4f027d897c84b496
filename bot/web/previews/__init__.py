"""How a message looks where it arrives: a preview for each platform.

A preview gets the request's own JSON or form, secrets masked, so that what is shown is what would
be sent; and the message. A platform without one is shown as the plain words that it carries.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from markupsafe import Markup

from bot.content.message import Message
from bot.web.previews import chats, plain
from bot.web.previews.discord import discord
from bot.web.previews.slack import slack

PREVIEWS: Mapping[str, Callable[[Mapping[str, Any], Message], Markup]] = {
    preview.__name__: preview
    for preview in (
        plain.apprise,
        plain.console,
        plain.email,
        plain.inbox,
        plain.teams,
        plain.webhook,
        chats.google_chat,
        chats.mastodon,
        chats.matrix,
        chats.mattermost,
        chats.ntfy,
        chats.rocketchat,
        chats.telegram,
        chats.zulip,
        discord,
        slack,
    )
}
"""By the platform's name."""


def draw_preview(
    platform: str, request: Mapping[str, Any], message: Message, document: str = ""
) -> Markup:
    """Return how a message looks; ``request`` is that of
    :meth:`bot.channels.request.HttpRequest.shown`, ``document`` the address on this page of an
    e-mail's HTML part."""
    payload = request.get("json") or request.get("form") or request.get("mime") or {}
    if "mime" in request:
        payload = {**payload, "document": document}
    return PREVIEWS.get(platform, plain.plain)(payload, message)
