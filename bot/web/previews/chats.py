"""Chats: a line of a conversation, drawn as each platform's client draws it.

How each reads a message, all read on 2026-11-24:

- Google Chat: https://developers.google.com/workspace/chat/format-messages#card-formatting
- Mastodon: https://docs.joinmastodon.org/user/posting/
- Matrix: https://spec.matrix.org/latest/client-server-api/#mroommessage-msgtypes
- Mattermost: https://developers.mattermost.com/integrate/reference/message-attachments/
- ntfy: https://docs.ntfy.sh/publish/
- Rocket.Chat: https://docs.rocket.chat/docs/integrations
- Telegram: https://core.telegram.org/bots/api#html-style
- Zulip: https://zulip.com/help/format-your-message-using-markdown
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from markupsafe import Markup

from bot.content.message import Message
from bot.web.labels import KINDS
from bot.web.markup import lines_html, link_html, seen, text_html
from bot.web.sanitize import tamed

Json = Mapping[str, Any]

_GOOGLE_CHAT_ELEMENTS = {"b": "strong", "i": "em", "a": "a", "br": "br", "font": "span.faint"}
_TELEGRAM_ELEMENTS = {"b": "strong", "i": "em", "code": "code", "a": "a"}
# of the formatted body a client of Matrix shows only what the specification allows
_MATRIX_SAME = ("p", "strong", "em", "code", "a", "ul", "ol", "li", "blockquote", "br", "hr")
_MATRIX_ELEMENTS = {name: name for name in _MATRIX_SAME} | {
    "h4": "h3.chat-title",
    "span": "span.tint",
}


def known_kind(kind: str) -> str:
    """Return the kind whose colour is shown: an unknown one has that of a remembrance."""
    return kind if kind in KINDS or kind == "test" else "remembrance"


def conversation_line(class_: str, badge: str, inner: Markup) -> Markup:
    """Return what the bot says in a conversation."""
    return Markup(
        '<div class="{}"><span class="avatar" aria-hidden="true">V</span><div>'
        '<p class="sender"><strong>Vigilia</strong> <span class="badge">{}</span></p>'
        "{}</div></div>"
    ).format(class_, badge, inner)


def _chat_line(platform: str, kind: str, inner: Iterable[Markup], badge: str = "BOT") -> Markup:
    class_ = f"chatted on-{platform} kind-{known_kind(kind)}"
    return conversation_line(class_, badge, seen(Markup("").join(inner)))


def _title(text: str) -> Markup:
    return Markup('<h3 class="chat-title">{}</h3>').format(text)


def _typed(text: Markup) -> Markup:
    return Markup('<div class="as-typed">{}</div>').format(text)


def _buttons(links: Iterable[Json], label: str = "text") -> Markup:
    """Return buttons that lead somewhere, each ``{label: …, "url": …}``."""
    items = [
        Markup('<span class="pressed">{}</span>').format(link_html(link[label], link["url"]))
        for link in links
    ]
    return Markup('<p class="buttons">{}</p>').format(Markup("").join(items)) if items else Markup()


def google_chat(payload: Json, message: Message) -> Markup:
    """Return a card a language."""
    cards = (_google_chat_card(card["card"]) for card in payload.get("cardsV2", ()))
    return _chat_line("google_chat", message.kind, cards, badge="APP")


def _google_chat_card(card: Json) -> Markup:
    title = _title(card["header"]["title"]) if "header" in card else Markup("")
    sections = Markup("").join(
        Markup('<div class="card-section">{}</div>').format(
            Markup("").join(_google_chat_widget(widget) for widget in section["widgets"])
        )
        for section in card.get("sections", ())
    )
    return Markup('<div class="card">{}{}</div>').format(title, sections)


def _google_chat_widget(widget: Json) -> Markup:
    if "textParagraph" in widget:
        text = tamed(widget["textParagraph"]["text"], _GOOGLE_CHAT_ELEMENTS)
        return Markup("<p>{}</p>").format(text)
    items = widget.get("buttonList", {}).get("buttons", ())
    return _buttons(
        {"text": button["text"], "url": button["onClick"]["openLink"]["url"]} for button in items
    )


def mastodon(payload: Json, message: Message) -> Markup:
    """Return the status, whose addresses become links."""
    seen_by = Markup('<p class="faint">{}</p>').format(payload.get("visibility", ""))
    text = _typed(text_html(payload.get("status", "")))
    return _chat_line("mastodon", message.kind, [text, seen_by])


def matrix(payload: Json, message: Message) -> Markup:
    """Return the notice as a client with HTML shows it."""
    body = tamed(payload.get("formatted_body", ""), _MATRIX_ELEMENTS)
    return _chat_line("matrix", message.kind, [body])


def mattermost(payload: Json, message: Message) -> Markup:
    """Return an attachment a language. Its Markdown is CommonMark with a line break for each."""
    cards = (_mattermost_card(attachment) for attachment in payload.get("attachments", ()))
    return _chat_line("mattermost", message.kind, cards)


def _mattermost_card(attachment: Json) -> Markup:
    heading, _, text = attachment.get("pretext", "").partition("\n")
    if heading.startswith("#### "):
        inline = lines_html(heading[5:]).removeprefix("<p>").removesuffix("</p>")
        html = _title(inline) + lines_html(text)
    else:
        html = lines_html(attachment.get("pretext", ""))
    fields = Markup("").join(
        Markup('<p class="chat-label">{}</p>{}').format(item["title"], lines_html(item["value"]))
        for item in attachment.get("fields", ())
    )
    footer = Markup("")
    if attachment.get("footer"):
        footer = Markup('<p class="faint">{}</p>').format(attachment["footer"])
    framed = Markup('<div class="framed">{}{}</div>').format(fields, footer)
    return html + (framed if fields or footer else Markup(""))


def ntfy(payload: Json, message: Message) -> Markup:
    """Return the notification with its buttons."""
    pieces = [
        _title(payload.get("title", "")),
        _typed(text_html(payload.get("message", ""))),
        _buttons(payload.get("actions", ()), "label"),
    ]
    return _chat_line("ntfy", message.kind, pieces)


def rocketchat(payload: Json, message: Message) -> Markup:
    """Return the attachments under one another. The client escapes ``& < >`` before it reads the
    Markdown, and shows a title letter for letter."""
    cards = (_rocketchat_card(attachment) for attachment in payload.get("attachments", ()))
    return _chat_line("rocketchat", message.kind, cards)


def _rocketchat_card(attachment: Json) -> Markup:
    title = _title(attachment["title"]) if attachment.get("title") else Markup("")
    text = attachment.get("text", "").replace("&", "&amp;").replace("<", "&lt;")
    return Markup('<div class="framed">{}{}{}</div>').format(
        title, lines_html(text), _buttons(attachment.get("actions", ()))
    )


def telegram(payload: Json, message: Message) -> Markup:
    """Return the message's HTML in a bubble, its rows of buttons below."""
    text = _typed(tamed(payload.get("text", ""), _TELEGRAM_ELEMENTS))
    rows = payload.get("reply_markup", {}).get("inline_keyboard", ())
    return _chat_line("telegram", message.kind, [text, *(_buttons(row) for row in rows)])


def zulip(payload: Json, message: Message) -> Markup:
    """Return the message under its channel and topic. A line break is one, and three hyphens are
    a line across."""
    pieces = payload.get("content", "").split("\n\n---\n\n")
    html = Markup("<hr>").join(lines_html(piece) for piece in pieces)
    place = Markup('<p class="topic">{} › <strong>{}</strong></p>').format(
        payload.get("to", ""), payload.get("topic", "")
    )
    line = _chat_line("zulip", message.kind, [html])
    return Markup('<div class="zulip">{}{}</div>').format(place, line)
