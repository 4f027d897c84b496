"""The rule of figures: a number of people or of States says when it was so.

A figure is a number, in digits or as "a million", that some word for people or States follows. It
has a date when a year stands in its sentence or in the one before, in the same paragraph; what
``{{ fact("…") }}`` prints has its date by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from bot.checking.counted import COUNTED_WORDS, CountedWords
from bot.checking.faults import Fault, quoted

_DIGITS = re.compile(
    "(?<![\\w/.,–-])(?:\\d{1,3}(?:[\u00a0\u202f ,.]\\d{3})+|\\d+)(?:[.,]\\d+)?(?![\\w/–-]|[.,]\\w)"
)
_YEARLIKE = re.compile(r"(?:1[5-9]|20)\d\d")
_YEAR = re.compile(r"(?<![\w/.,])(?:1[5-9]|20)\d\d(?![\w/]|[.,]\d)")
_SENTENCE = re.compile("(?<=[.?!…])[\\s\u00a0]+(?=[^\\W\\d_]|[«“‘¿¡(])")
_TOKEN = re.compile(r"[^\W_]+|[^\w\s’'\u00a0\u202f]")
_FIRST_OF_SEVERAL = re.compile(r"(?:\d+[\s,–-]*(?:to|and|à|et|a|y)?\s+)+$")
_BETWEEN = 2
"""So many words may stand between a number and whom it counts: "153 of these States"."""


def figure_faults(text: str, locale: str, dated: Iterable[str] = ()) -> Iterator[Fault]:
    """Yield the figures without a date in a text that a reader sees.

    ``dated`` are the words that are in order by themselves (clauses of facts), or that are no date
    of a figure (the date of the message): they are left out of sight.
    """
    words = COUNTED_WORDS.get(locale.partition("_")[0])
    if words is None:
        return
    for clause in dated:
        text = text.replace(clause, "…")
    for paragraph in text.split("\n"):
        before = ""
        for sentence in _SENTENCE.split(paragraph):
            if not (_YEAR.search(sentence) or _YEAR.search(before)):
                for start, end in _figures(sentence, words):
                    message = (
                        f"{quoted(sentence, start, end)}: a number of people or States needs its "
                        'date in its sentence, or comes from facts.toml: {{ fact("…") }}.'
                    )
                    yield Fault("undated-number", message)
            before = sentence


def _figures(sentence: str, words: CountedWords) -> Iterator[tuple[int, int]]:
    """Yield where each figure of a sentence begins, and where those that it counts end."""
    ends = 0
    scales = (match for match in _TOKEN.finditer(sentence) if words.scale.fullmatch(match[0]))
    numbers = sorted(match.span() for match in (*_DIGITS.finditer(sentence), *scales))
    for start, end in numbers:
        number = sentence[start:end]
        if start < ends or _YEARLIKE.fullmatch(number) or _is_reference(sentence[:start], words):
            continue
        counted = _end_of_counted(sentence, end, words)
        if counted:
            ends = counted
            yield start, counted


def _is_reference(before: str, words: CountedWords) -> bool:
    """Whether a number follows a word such as "article", and so is a place and no figure: as one of
    several too, "paragraphs 138 to 140"."""
    before = _FIRST_OF_SEVERAL.sub("", before)
    last = [word for word in _TOKEN.findall(before) if word[0].isalnum()][-1:]
    return bool(last) and words.reference.fullmatch(last[0]) is not None


def _end_of_counted(sentence: str, end: int, words: CountedWords) -> int:
    """Return where the people or States end that a number counts; 0 where it counts none."""
    between = 0
    for match in _TOKEN.finditer(sentence, end):
        word = match[0]
        if not word[0].isalpha() or words.month.fullmatch(word) or words.time.fullmatch(word):
            return 0
        if words.counted.fullmatch(word):
            return match.end()
        if words.scale.fullmatch(word) or word.lower() in words.joining:
            continue
        between += 1
        if between > _BETWEEN:
            return 0
    return 0
