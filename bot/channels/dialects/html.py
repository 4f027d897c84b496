"""The dialects of HTML: whole elements for Matrix and e-mail, and the few inline ones that Telegram
and Google Chat know.

https://spec.matrix.org/latest/client-server-api/#mroommessage-msgtypes has the list that Matrix
allows (read 2026-11-24); every mail program knows these too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from typing import assert_never

from bot.channels.dialects.dialect import Dialect, clean, one_line
from bot.channels.layout import action_line
from bot.content.markdown import Block, BulletList, OrderedList, Paragraph, Quote
from bot.content.message import Part


class Inline(Dialect):
    """Writes inline elements, with lists and quotations of characters; ``& < >`` are escaped."""

    bold = "<b>{}</b>"
    italic = "<i>{}</i>"

    def text(self, text: str) -> str:
        return escape(clean(text), quote=False)

    def link_to(self, label: str, url: str) -> str:
        return f'<a href="{escape(url)}">{label}</a>'


class Html(Inline):
    """Writes elements; of foreign text ``& < > "`` and the apostrophe are escaped."""

    bold = "<strong>{}</strong>"
    italic = "<em>{}</em>"

    def text(self, text: str) -> str:
        return escape(clean(text))

    def code(self, line: str) -> str:
        return f"<code>{self.text(line)}</code>"

    def write(self, blocks: Iterable[Block]) -> str:
        return "".join(self._block(block) for block in blocks)

    def _block(self, block: Block) -> str:
        match block:
            case Paragraph(children):
                return f"<p>{with_breaks(self.inlines(children))}</p>"
            case BulletList(items):
                return f"<ul>{self._list(items)}</ul>"
            case OrderedList(items, start):
                begins = f' start="{start}"' if start != 1 else ""
                return f"<ol{begins}>{self._list(items)}</ol>"
            case Quote(blocks):
                return f"<blockquote>{self.write(blocks)}</blockquote>"
            case _:
                assert_never(block)

    def _list(self, items: Iterable[tuple[Block, ...]]) -> str:
        return "".join(f"<li>{self._item(item)}</li>" for item in items)

    def _item(self, item: tuple[Block, ...]) -> str:
        """Return what an item holds; one paragraph alone needs no element of its own."""
        if len(item) == 1 and isinstance(item[0], Paragraph):
            return with_breaks(self.inlines(item[0].children))
        return self.write(item)


def with_breaks(lines: str) -> str:
    """Return written lines with the tag for a line break between them."""
    return lines.replace("\n", "<br>")


HTML = Html()


def notice_of(part: Part, colour: int) -> Iterator[str]:
    """Yield the pieces of a Matrix notice in one language, with the day's colour (0xRRGGBB) before
    its title."""
    bar = f'<span data-mx-color="#{colour:06x}">▍</span>'
    yield f"<h4>{bar}{HTML.line(part.title)}</h4>"
    yield HTML.markdown(part.body)
    for label, items in (
        (part.actions_label, [action_line(action, HTML) for action in part.actions]),
        (part.sources_label, HTML.links(part.sources)),
    ):
        if items and one_line(label):
            yield f"<p><strong>{HTML.line(label)}</strong></p>"
        if items:
            yield f"<ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>"
    footer = HTML.line(part.footer)
    if footer:
        yield f"<p><em>{footer}</em></p>"


class CardHtml(Inline):
    """Writes a paragraph of Google Chat's cards, in which nothing pings
    (https://developers.google.com/workspace/chat/format-messages#card-formatting, read
    2026-11-24)."""

    nested_indent = "\u00a0" * 4
    quote_mark = "│ "

    def markdown(self, markdown: str) -> str:
        return with_breaks(super().markdown(markdown))


CARD_HTML = CardHtml()
