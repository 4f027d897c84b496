"""A strict reader of Discord's Markdown: what a client would show, and all markup it would see.

Written from the rules that discord-markdown-parser 1.3.1 and simple-markdown document, taking more
for markup than a client does: what reads as plain here is plain there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_RULES = [
    ("escape", re.compile(r"\\([^0-9A-Za-z\s])")),
    ("code block", re.compile(r"```[\s\S]*?```")),
    ("code", re.compile(r"(`+)([\s\S]*?[^`])\1(?!`)")),
    ("mention", re.compile(r"<(?:@[!&]?|#)\d+>|@everyone|@here")),
    ("emoji", re.compile(r"<a?:\w+:\d+>|:[\w+-]+:")),
    ("timestamp", re.compile(r"<t:-?\d+(?::\w)?>|</[^>]+:\d+>|<id:\w+>")),
    ("plain address", re.compile(r"<(https?://[^\s>]+)>")),
    ("bare address", re.compile(r"https?://[^\s<]+[^<.,:;\"'\]\s]")),
    ("link", re.compile(r"\[((?:\\.|[^\[\]\\])+)\]\((https?://[^\s()]+)\)")),
    ("strong", re.compile(r"\*\*((?:\\[\s\S]|[^\\])+?)\*\*(?!\*)")),
    ("underline", re.compile(r"__((?:\\[\s\S]|[^\\])+?)__(?!_)")),
    ("emphasis", re.compile(r"\*(?=\S)((?:\*\*|\\[\s\S]|[^*\\])+?)\*(?!\*)")),
    ("emphasis", re.compile(r"_((?:__|\\[\s\S]|[^\\_])+?)_")),
    ("strike", re.compile(r"~~([\s\S]+?)~~(?!_)")),
    ("spoiler", re.compile(r"\|\|([\s\S]+?)\|\|")),
]
_LINE_RULES = [
    ("heading", re.compile(r" {0,3}(#{1,3}|-#)\s+")),
    ("quote", re.compile(r" *>(>>)? ")),
    ("item", re.compile(r" *(?:[-*+]|\d+[.)]) ")),
]


@dataclass
class Reading:
    """What was seen, and the kinds of markup met, each with what it holds."""

    seen: str = ""
    markup: list[tuple[str, str]] = field(default_factory=list)

    @property
    def kinds(self) -> set[str]:
        return {kind for kind, _ in self.markup}


def read(markdown: str) -> Reading:
    """Reads ``markdown`` from left to right, as simple-markdown does."""
    reading = Reading()
    _read(markdown, reading, at_line_start=True)
    return reading


def _read(markdown: str, reading: Reading, *, at_line_start: bool) -> None:
    place = 0
    while place < len(markdown):
        if at_line_start:
            match = _line_rule(markdown, place, reading)
            if match:
                place = match.end()
                continue
        for kind, rule in _RULES:
            match = rule.match(markdown, place)
            if match:
                _take(kind, match, reading)
                place = match.end()
                at_line_start = False
                break
        else:
            at_line_start = markdown[place] == "\n"
            reading.seen += markdown[place]
            place += 1


def _line_rule(markdown: str, place: int, reading: Reading) -> re.Match[str] | None:
    for kind, rule in _LINE_RULES:
        match = rule.match(markdown, place)
        if match:
            reading.markup.append((kind, match.group()))
            reading.seen += match.group().strip() if kind == "item" else ""
            return match
    return None


def _take(kind: str, match: re.Match[str], reading: Reading) -> None:
    if kind == "escape":
        reading.seen += match[1]
        return
    reading.markup.append((kind, match.group()))
    if kind == "code":
        reading.seen += match[2]
    elif kind in ("mention", "emoji", "timestamp", "bare address", "code block"):
        reading.seen += match.group()
    elif kind == "plain address":
        reading.seen += match[1]
    else:
        _read(match[1], reading, at_line_start=False)
