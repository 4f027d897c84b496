"""Google Chat: the cards of the request, drawn as Chat draws them.

https://developers.google.com/workspace/chat/format-messages#card-formatting (read 2026-11-24).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from bot.content.message import Message
from bot.web.previews.line import buttons, chat_line
from bot.web.sanitize import tamed

_ELEMENTS = {"b": "strong", "i": "em", "a": "a", "br": "br", "font": "span.faint"}

Json = Mapping[str, Any]


def preview(payload: Json, message: Message) -> Markup:
    """Return a card a language."""
    cards = (_card(card["card"]) for card in payload.get("cardsV2", ()))
    return chat_line("google_chat", message.kind, cards, badge="APP")


def _card(card: Json) -> Markup:
    title = Markup("")
    if "header" in card:
        title = Markup('<h3 class="chat-title">{}</h3>').format(card["header"]["title"])
    sections = Markup("").join(
        Markup('<div class="card-section">{}</div>').format(
            Markup("").join(_widget(widget) for widget in section["widgets"])
        )
        for section in card.get("sections", ())
    )
    return Markup('<div class="card">{}{}</div>').format(title, sections)


def _widget(widget: Json) -> Markup:
    if "textParagraph" in widget:
        return Markup("<p>{}</p>").format(tamed(widget["textParagraph"]["text"], _ELEMENTS))
    items = widget.get("buttonList", {}).get("buttons", ())
    return buttons(
        {"text": button["text"], "url": button["onClick"]["openLink"]["url"]} for button in items
    )
