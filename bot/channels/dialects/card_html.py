"""The HTML of Google Chat's cards
(https://developers.google.com/workspace/chat/format-messages#card-formatting, read 2026-11-24).

``& < >`` have an escape; nothing else means anything, and nothing in a card pings.
"""

from __future__ import annotations

import html

from bot.channels.dialects.dialect import Dialect, clean

_INDENT = "\u00a0" * 4


class CardHtml(Dialect):
    """Writes the text of a card's paragraph."""

    nested_indent = _INDENT
    quote_mark = "│ "

    def markdown(self, markdown: str) -> str:
        return with_breaks(super().markdown(markdown))

    def text(self, text: str) -> str:
        return html.escape(clean(text), quote=False)

    def strong(self, inner: str) -> str:
        return f"<b>{inner}</b>"

    def emphasis(self, inner: str) -> str:
        return f"<i>{inner}</i>"

    def code(self, line: str) -> str:
        return self.text(line)

    def link_to(self, label: str, url: str) -> str:
        return f'<a href="{html.escape(url)}">{label}</a>'

    def coloured(self, inner: str, rgb: int) -> str:
        """Return ``inner``, already written, in a colour."""
        return f'<font color="#{rgb:06x}">{inner}</font>'


def with_breaks(lines: str) -> str:
    """Return written lines with the tag for a line break between them."""
    return lines.replace("\n", "<br>")


CARD_HTML = CardHtml()
