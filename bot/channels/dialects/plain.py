"""Plain text, for a terminal, an inbox, and wherever nothing is formatted or it is not known what
is."""

from __future__ import annotations

import re

from bot.channels.dialects.dialect import WORD_JOINER, Dialect, clean


class Plain(Dialect):
    """Words without marks, addresses in round brackets; ``clean`` leaves no terminal sequence.

    What matches one of the ``signs`` would mean something by itself, so an unseen word joiner
    behind it breaks it.
    """

    signs: tuple[re.Pattern[str], ...] = ()

    def text(self, text: str) -> str:
        text = clean(text)
        for sign in self.signs:
            text = sign.sub(rf"\g<0>{WORD_JOINER}", text)
        return text

    def link_to(self, label: str, url: str) -> str:
        return url if label == url else f"{label} ({url})"


PLAIN = Plain()


class Apprised(Plain):
    """Words for a platform that is not known: whatever it reads as a mention, a command or an
    emphasis, it finds none.

    Apprise 2.2.0 leaves ``<!channel>`` live for one platform and repeats a body's ``@everyone`` for
    another.
    """

    signs = (
        re.compile(r"[@#](?=\w)|(?<![^\W_])[!/](?=\w)|<(?=[@#!/&\w])|&(?=[#\w]+;)"),
        re.compile(r"[*_~`](?=\S)"),
        re.compile(r"[{\[](?=[{%\[])"),
        re.compile(r":(?=//|\w+:)"),
    )


APPRISED = Apprised()
