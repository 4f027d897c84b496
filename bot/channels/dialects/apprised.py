"""Plain text for a platform that is not known: whatever it reads as a mention, a command or an
emphasis, it finds none.

Apprise 2.2.0 leaves ``<!channel>`` live for one platform and repeats a body's ``@everyone`` for
another, so both are broken here with an unseen word joiner.
"""

from __future__ import annotations

import re

from bot.channels.dialects.dialect import WORD_JOINER
from bot.channels.dialects.plain import Plain

_SIGN = re.compile(r"[@#](?=\w)|(?<![^\W_])[!/](?=\w)|<(?=[@#!/&\w])|&(?=[#\w]+;)")
_MARKS = re.compile(r"[*_~`](?=\S)")
_ARGUMENT = re.compile(r"[{\[](?=[{%\[])")
_SCHEME = re.compile(r":(?=//|\w+:)")


class Apprised(Plain):
    """Words alone."""

    def text(self, text: str) -> str:
        text = super().text(text)
        for pattern in (_SIGN, _MARKS, _ARGUMENT, _SCHEME):
            text = pattern.sub(rf"\g<0>{WORD_JOINER}", text)
        return text

    def code(self, line: str) -> str:
        return self.text(line)


APPRISED = Apprised()
