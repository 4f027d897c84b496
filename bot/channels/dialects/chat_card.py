"""A message as Google Chat's cards, one a language
(https://developers.google.com/workspace/chat/api/reference/rest/v1/cards, read 2026-11-24)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.channels.colours import colour
from bot.channels.dialects.card_html import CARD_HTML, with_breaks
from bot.channels.dialects.dialect import WORD_JOINER, one_line, units, web_url
from bot.channels.text_layout import button_links, label_of
from bot.content.message import Link, Part

LONGEST_HEADER = 80
"""A header has the height of two lines, and cuts what is longer (CardHeader.title)."""

_FOOTER_GREY = 0x80868B

Json = dict[str, Any]


def plain_title(part: Part) -> str:
    """Return a title for where ``<users/all>`` would ping and ``<https://…|…>`` would be a link."""
    return one_line(part.title).replace("<", f"<{WORD_JOINER}")


def card_of(part: Part, kind: str) -> Json:
    """Return the card of one language."""
    title = one_line(part.title)
    short = 0 < units(title) <= LONGEST_HEADER
    card: Json = {"header": {"title": title}} if short else {}
    sections = [_body(part, "" if short else title), *_actions(part, kind), *_end(part)]
    card["sections"] = [{"widgets": widgets} for widgets in sections if widgets]
    return card


def _body(part: Part, title: str) -> list[Json]:
    heading = CARD_HTML.strong(CARD_HTML.text(title)) if title else ""
    text = "<br><br>".join(filter(None, (heading, CARD_HTML.markdown(part.body))))
    return [_paragraph(text)] if text else []


def _actions(part: Part, kind: str) -> Iterator[list[Json]]:
    if not part.actions:
        return
    buttons = button_links(part)
    lines = [*label_of(part.actions_label, CARD_HTML)]
    for action in part.actions:
        pieces = [CARD_HTML.text(one_line(action.text))]
        pieces += [CARD_HTML.link(li.title, li.url) for li in action.links if li not in buttons]
        lines.append(f"{CARD_HTML.bullet}{' '.join(pieces)}")
    widgets = [_paragraph(with_breaks("\n".join(lines)))]
    if buttons:
        widgets.append({"buttonList": {"buttons": [_button(link, kind) for link in buttons]}})
    yield widgets


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


def _end(part: Part) -> Iterator[list[Json]]:
    """Return the sources and the footer."""
    lines = [*label_of(part.sources_label, CARD_HTML)] if part.sources else []
    lines += [f"{CARD_HTML.bullet}{CARD_HTML.link(li.title, li.url)}" for li in part.sources]
    widgets = [_paragraph(with_breaks("\n".join(lines)))] if lines else []
    footer = CARD_HTML.text(one_line(part.footer))
    if footer:
        widgets.append(_paragraph(CARD_HTML.coloured(footer, _FOOTER_GREY)))
    yield widgets


def _paragraph(text: str) -> Json:
    return {"textParagraph": {"text": text}}
