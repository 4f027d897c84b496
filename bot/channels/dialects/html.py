"""HTML, for Matrix and e-mail: the tree as elements that every client knows.

https://spec.matrix.org/latest/client-server-api/#mroommessage-msgtypes has the list that Matrix
allows (read 2026-11-24); every mail program knows these too.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import assert_never

from bot.channels.dialects.dialect import Dialect, clean
from bot.content.markdown import Block, BulletList, OrderedList, Paragraph, Quote


class Html(Dialect):
    """Writes elements; of foreign text ``& < > "`` and the apostrophe are escaped."""

    def text(self, text: str) -> str:
        return escape(clean(text))

    def strong(self, inner: str) -> str:
        return f"<strong>{inner}</strong>"

    def emphasis(self, inner: str) -> str:
        return f"<em>{inner}</em>"

    def code(self, line: str) -> str:
        return f"<code>{self.text(line)}</code>"

    def link_to(self, label: str, url: str) -> str:
        return f'<a href="{escape(url)}">{label}</a>'

    def write(self, blocks: Iterable[Block]) -> str:
        return "".join(self._block(block) for block in blocks)

    def _block(self, block: Block) -> str:
        match block:
            case Paragraph(children):
                return self._lines("p", self.inlines(children))
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
            return self.inlines(item[0].children).replace("\n", "<br>")
        return self.write(item)

    @staticmethod
    def _lines(element: str, inner: str) -> str:
        return f"<{element}>{inner.replace(chr(10), '<br>')}</{element}>"


HTML = Html()
