"""Telegram's HTML and buttons (https://core.telegram.org/bots/api#html-style and
#inlinekeyboardbutton, read 2026-11-24)."""

from __future__ import annotations

import re
from html import escape
from urllib.parse import urlsplit

from bot.channels.dialects.dialect import WORD_JOINER, Json, clean, one_line, units, web_url
from bot.channels.dialects.html import Inline
from bot.channels.layout import button_links, text_of
from bot.content.message import Link, Message

LONGEST_LABEL = 64

# beyond the first plane too: Telegram knows letters that are newer than this Python
_SIGN = re.compile(r"([@#$]|(?<!\w)/)(?=[\w\U00010000-\U0010ffff])")
_DOT = re.compile(r"(?<=[^\W\d])\.(?=\w)|(?<=\w)\.(?=[^\W\d])|(?<=\d)\.(?=\d+\.\d)")
_SCHEME = re.compile(r":(?=//)")
_DIGITS = re.compile(r"(?<=\d)(?=(?:[ -]?\d){12})")


class Telegram(Inline):
    """Writes Telegram's HTML.

    What Telegram would make a mention, a hashtag, a command, an address or a number of a bank card
    by itself is broken with an unseen word joiner: seen with Telegram's own parser (tdjson 1.8.69).
    """

    def text(self, text: str) -> str:
        text = clean(text)
        for pattern in (_SIGN, _SCHEME, _DOT, _DIGITS):
            text = pattern.sub(rf"\g<0>{WORD_JOINER}", text)
        return escape(text, quote=False)

    def code(self, line: str) -> str:
        return f"<code>{escape(line, quote=False)}</code>"


TELEGRAM = Telegram()


def text_and_rows(message: Message) -> Json:
    """Return the message's text and, a button a row, the links of its actions."""
    links = dict.fromkeys(filter(_fits_a_button, button_links(*message.parts)))
    rows = [[{"text": one_line(link.title), "url": web_url(link.url)}] for link in links]
    return {"text": text_of(message, TELEGRAM, "\n\n⸻\n\n", buttons=links), "rows": rows}


def _fits_a_button(link: Link) -> bool:
    """Return whether a button may lead there: a bad address has the whole message refused."""
    host = urlsplit(web_url(link.url) or "").hostname or ""
    short = units(one_line(link.title)) <= LONGEST_LABEL
    return short and re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", host) is not None
