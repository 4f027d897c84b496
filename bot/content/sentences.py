"""A paragraph → its sentences, for places that have room for a few of them only.

Written for the English, French and Spanish of this calendar. Where it is in doubt it does not
divide: two sentences together are no harm, a half one is.
"""

from __future__ import annotations

import re

# A full stop after one of these ends no sentence: abbreviations, initials, ordinals ("1.º").
_NO_END = re.compile(
    r"(?:^|[\s(«“])(?:[^\W\d_]|St|Ste|Mr|Mrs|Ms|Dr|Dre|Dra|Sr|Sra|Mme|Mlle|Nos?|[Nn]úm|[Aa]rts?|vs|"
    r"[Cc]f|pp|[Vv]ol|Res|Gen|Sen|Rep|Lic|Ing|Jr|etc|av|J\.-C|(?:[^\W\d_]\.)+[^\W\d_])\.$"
)
_END = re.compile(
    r"[.!?…](?:[ \u00a0\u202f]?[»”\"’')\]])*"
    r"(?=\s+[«“\"‘'(¿¡\u00a0\u202f]*[A-ZÀ-ÖØ-Þ0-9])"
)


def sentences(paragraph: str) -> list[str]:
    """Return the sentences of a paragraph on one line, without the spaces between them."""
    whole: list[str] = []
    start = 0
    for end in _END.finditer(paragraph):
        sentence = paragraph[start : end.end()]
        if paragraph[end.start()] == "." and _NO_END.search(paragraph[start : end.start() + 1]):
            continue
        whole.append(sentence.strip())
        start = end.end()
    rest = paragraph[start:].strip()
    return [*whole, rest] if rest else whole
