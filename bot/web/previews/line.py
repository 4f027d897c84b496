"""A line of a conversation, as most platforms show one: who says it, and what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from markupsafe import Markup

from bot.channels.layout import colour
from bot.web.markup import link_html, seen


def chat_line(platform: str, kind: str, inner: Iterable[Markup], badge: str = "BOT") -> Markup:
    """Return what the bot says on a platform, with the colour of a message's kind at hand."""
    return Markup(
        '<div class="chatted on-{} kind-{}"><span class="avatar" aria-hidden="true">V</span><div>'
        '<p class="sender"><strong>Vigilia</strong> <span class="badge">{}</span></p>'
        "{}</div></div>"
    ).format(platform, known_kind(kind), badge, seen(Markup("").join(inner)))


def known_kind(kind: str) -> str:
    """Return the kind whose colour is shown: an unknown one has that of a remembrance."""
    kinds = ("day", "remembrance", "anniversary", "month", "notice", "digest", "test")
    return kind if kind in kinds and colour(kind) else "remembrance"


def buttons(links: Iterable[Mapping[str, Any]], label: str = "text") -> Markup:
    """Return buttons that lead somewhere, each ``{label: …, "url": …}``."""
    items = [
        Markup('<span class="pressed">{}</span>').format(link_html(link[label], link["url"]))
        for link in links
    ]
    return Markup('<p class="buttons">{}</p>').format(Markup("").join(items)) if items else Markup()
