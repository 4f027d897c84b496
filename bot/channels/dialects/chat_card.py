"""A message as Google Chat's cards, one a language
(https://developers.google.com/workspace/chat/api/reference/rest/v1/cards, read 2026-11-24)."""

from __future__ import annotations

from bot.channels.dialects.dialect import WORD_JOINER, Json, one_line, units, web_url
from bot.channels.dialects.html import CARD_HTML, with_breaks
from bot.channels.layout import actions_of, button_links, colour, sources_of
from bot.content.message import Link, Part

LONGEST_HEADER = 80
"""A header has the height of two lines, and cuts what is longer (CardHeader.title)."""

_FOOTER_GREY = "#80868b"


def plain_title(part: Part) -> str:
    """Return a title for where ``<users/all>`` would ping and ``<https://…|…>`` would be a link."""
    return one_line(part.title).replace("<", f"<{WORD_JOINER}")


def card_of(part: Part, kind: str) -> Json:
    """Return the card of one language."""
    title = one_line(part.title)
    short = 0 < units(title) <= LONGEST_HEADER
    card: Json = {"header": {"title": title}} if short else {}
    sections = [_body(part, "" if short else title), _actions(part, kind), _end(part)]
    card["sections"] = [{"widgets": widgets} for widgets in sections if widgets]
    return card


def _body(part: Part, title: str) -> list[Json]:
    heading = CARD_HTML.strong(CARD_HTML.text(title)) if title else ""
    text = "<br><br>".join(filter(None, (heading, CARD_HTML.markdown(part.body))))
    return [_paragraph(text)] if text else []


def _actions(part: Part, kind: str) -> list[Json]:
    buttons = button_links(part)
    text = actions_of(part, CARD_HTML, buttons, between=" ")
    widgets = [_paragraph(with_breaks(text))] if text else []
    if buttons:
        widgets.append({"buttonList": {"buttons": [_button(link, kind) for link in buttons]}})
    return widgets


def _button(link: Link, kind: str) -> Json:
    rgb = colour(kind)
    return {
        "text": one_line(link.title),
        "onClick": {"openLink": {"url": web_url(link.url)}},
        "color": {
            "red": round((rgb >> 16) / 255, 3),
            "green": round((rgb >> 8 & 255) / 255, 3),
            "blue": round((rgb & 255) / 255, 3),
            "alpha": 1,
        },
    }


def _end(part: Part) -> list[Json]:
    """Return the sources and the footer."""
    sources, footer = with_breaks(sources_of(part, CARD_HTML)), CARD_HTML.line(part.footer)
    grey = f'<font color="{_FOOTER_GREY}">{footer}</font>' if footer else ""
    return [_paragraph(text) for text in (sources, grey) if text]


def _paragraph(text: str) -> Json:
    return {"textParagraph": {"text": text}}
