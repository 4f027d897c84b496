"""Slack's mrkdwn (https://docs.slack.dev/messaging/formatting-message-text, read 2026-11-24).

``&``, ``<`` and ``>`` have an escape, which alone disarms every mention and link. ``* _ ~`` and
the backtick have none: an unseen word joiner on both sides keeps them from pairing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape

from bot.channels.dialects.dialect import WORD_JOINER, Dialect, clean

_MARKS = re.compile(r"[*_~`]")
_EMOJI = re.compile(r":(?=[\w+'-]+:)")
_BROADCAST = re.compile(r"@(?=channel|here|everyone)", re.IGNORECASE)
# An escaped > still begins a quotation where a line begins with it.
_QUOTE = re.compile(r"^(?=\s*&gt;)", re.MULTILINE)
# Slack takes a mark only beside a space; a zero-width space between words and marks is one to it.
_SPACE = "\u200b"


class Mrkdwn(Dialect):
    """Writes mrkdwn, for text objects with ``verbatim`` and for a message's ``text``."""

    formats_labels = False
    bold = "*{}*"
    italic = "_{}_"

    def text(self, text: str) -> str:
        text = escape(clean(text), quote=False)
        text = _MARKS.sub(rf"{WORD_JOINER}\g<0>{WORD_JOINER}", text)
        text = _EMOJI.sub(f":{WORD_JOINER}", text)
        text = _BROADCAST.sub(f"@{WORD_JOINER}", text)
        return _QUOTE.sub(WORD_JOINER, text)

    def code(self, line: str) -> str:
        return f"`{self.text(line)}`"

    def link_to(self, label: str, url: str) -> str:
        target = escape(url, quote=False)
        if label == self.text(url):
            return f"<{target}>"
        if "|" in label:  # it would end the address
            return f"{label} (<{target}>)"
        return f"<{target}|{label}>"

    def join(self, pieces: Iterable[str]) -> str:
        joined = ""
        for piece in pieces:
            touching = joined and piece and not joined[-1].isspace() and not piece[0].isspace()
            if touching and (joined[-1] in "*_`" or piece[0] in "*_`"):
                joined += _SPACE
            joined += piece
        return joined


MRKDWN = Mrkdwn()
