"""Plain text, for a terminal, an inbox, and wherever nothing is formatted."""

from __future__ import annotations

from bot.channels.dialects.dialect import Dialect, clean


class Plain(Dialect):
    """Words without marks, addresses in round brackets; ``clean`` leaves no terminal sequence."""

    def text(self, text: str) -> str:
        return clean(text)

    def strong(self, inner: str) -> str:
        return inner

    def emphasis(self, inner: str) -> str:
        return inner

    def code(self, line: str) -> str:
        return line

    def link_to(self, label: str, url: str) -> str:
        return url if label == url else f"{label} ({url})"


PLAIN = Plain()
