"""What a rule finds in words, and the words around it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_AROUND = 28
"""So many characters on each side are shown, up to a whole word."""


@dataclass(frozen=True)
class Fault:
    """One fault of a text: the rule's code, and a sentence with the words concerned."""

    code: str
    sentence: str


def faults(
    code: str, text: str, matches: Iterable[re.Match[str]], sentence: str
) -> Iterator[Fault]:
    """Yield a fault for each match: its words quoted, then ``sentence``, its ``%s`` the words."""
    for match in matches:
        words = sentence.replace("%s", match[0])
        yield Fault(code, f"{quoted(text, *match.span())}: {words}")


def quoted(text: str, start: int, end: int) -> str:
    """Return what stands from ``start`` to ``end`` with words of its line around it, in quotation
    marks."""
    before, after = text[:start].rpartition("\n")[2], text[end:].partition("\n")[0]
    cut_before = before[-_AROUND:]
    if len(before) > _AROUND:
        cut_before = "…" + cut_before.partition(" ")[2]
    cut_after = after[:_AROUND]
    if len(after) > _AROUND:
        cut_after = cut_after.rpartition(" ")[0] + "…"
    return f"“{(cut_before + text[start:end] + cut_after).strip()}”"
