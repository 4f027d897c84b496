"""The plain text of a Mastodon status: what would become a mention, a hashtag, an emoji or a link
by itself is broken with an unseen word joiner
(https://docs.joinmastodon.org/user/posting/, read 2026-11-24).
"""

from __future__ import annotations

import re

from bot.channels.dialects.dialect import WORD_JOINER
from bot.channels.dialects.plain import Plain

_SIGN = re.compile(r"[@#＃](?=[\w·])")
_EMOJI = re.compile(r":(?=\w+:)")
_SCHEME = re.compile(r":(?=//)|(?<=\bxmpp):|(?<=\bmagnet):", re.IGNORECASE)


class Mastodon(Plain):
    """Words alone."""

    def text(self, text: str) -> str:
        text = super().text(text)
        for pattern in (_SIGN, _EMOJI, _SCHEME):
            text = pattern.sub(rf"\g<0>{WORD_JOINER}", text)
        return text


MASTODON = Mastodon()
