"""Telegram's HTML (https://core.telegram.org/bots/api#html-style, read 2026-11-24).

Of foreign text ``& < >`` are escaped. What Telegram would make a mention, a hashtag, a command, an
address or a number of a bank card by itself is broken with an unseen word joiner: seen with
Telegram's own parser (tdjson 1.8.69).
"""

from __future__ import annotations

import re
from html import escape

from bot.channels.dialects.dialect import WORD_JOINER, Dialect, clean

_SIGN = re.compile(r"([@#$]|(?<!\w)/)(?=\w)")
_DOT = re.compile(r"(?<=[^\W\d])\.(?=\w)|(?<=\w)\.(?=[^\W\d])|(?<=\d)\.(?=\d+\.\d)")
_SCHEME = re.compile(r":(?=//)")
_DIGITS = re.compile(r"(?<=\d)(?=(?:[ -]?\d){12})")


class Telegram(Dialect):
    """Writes the few elements that there are; lists and quotations are made of characters."""

    def text(self, text: str) -> str:
        return escape(_broken(clean(text)), quote=False)

    def strong(self, inner: str) -> str:
        return f"<b>{inner}</b>"

    def emphasis(self, inner: str) -> str:
        return f"<i>{inner}</i>"

    def code(self, line: str) -> str:
        return f"<code>{escape(line, quote=False)}</code>"

    def link_to(self, label: str, url: str) -> str:
        return f'<a href="{escape(url)}">{label}</a>'


def _broken(text: str) -> str:
    text = _SIGN.sub(rf"\1{WORD_JOINER}", text)
    text = _SCHEME.sub(f":{WORD_JOINER}", text)
    text = _DOT.sub(f".{WORD_JOINER}", text)
    return _DIGITS.sub(WORD_JOINER, text)


TELEGRAM = Telegram()
