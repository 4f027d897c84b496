"""Rocket.Chat's Markdown in attachments (its client's MarkdownText, read 2026-11-24).

The client escapes ``< > &`` itself before it reads the Markdown, and takes one asterisk for bold.
"""

from __future__ import annotations

from bot.channels.dialects.common_mark import CommonMark


class RocketChat(CommonMark):
    """Writes Rocket.Chat's Markdown."""

    quote_mark = "» "  # an escaped > begins no quotation

    def emphasis(self, inner: str) -> str:
        return f"_{inner}_"


ROCKETCHAT = RocketChat()
