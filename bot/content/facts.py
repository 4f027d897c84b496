"""Facts: figures that age, each with its date, its source and the date of its next review."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from bot.content.texts import SourceText
from bot.errors import Problem, RenderError, nearest

if TYPE_CHECKING:
    from bot.content.languages import Language

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_REQUIRED = ("value", "date")


@dataclass(frozen=True)
class Fact:
    """A figure. ``as_of`` is a day, or "2016-12" where only the month is known.

    ``text`` is a clause by language, plain text that begins in lower case and holds ``{value}``
    and ``{date}``; ``review`` is the last date on which it may still be used without another look.
    ``answers`` as in :class:`bot.content.texts.DayText`.
    """

    id: str
    value: int | str
    as_of: date | str
    review: date
    text: Mapping[str, str]
    source: SourceText
    file: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)

    def is_stale(self, on: date) -> bool:
        """True where the date of review has passed."""
        return on > self.review


def stale_by(facts: Iterable[Fact], on: date) -> tuple[Fact, ...]:
    """Return the facts that are stale on that date, the longest overdue first."""
    return tuple(sorted((f for f in facts if f.is_stale(on)), key=lambda f: (f.review, f.id)))


def clause(fact: Fact, language: Language) -> str:
    """Return the fact as a clause, plain text, its number and date written in the language.

    Raises RenderError where the fact has no text in that language, or a wrong one.
    """
    problems = fact_problems(fact, (language.code,))
    if problems:
        raise RenderError("\n".join(str(problem) for problem in problems))
    month = _month(fact.as_of)
    if month is not None:
        when = language.month(month)
    else:
        assert isinstance(fact.as_of, date)
        when = language.date(fact.as_of)
    values = {"value": language.number(fact.value), "date": when}
    return _PLACEHOLDER.sub(lambda match: values[match[1]], fact.text[language.code])


def fact_problems(fact: Fact, languages: Iterable[str]) -> list[Problem]:
    """Return what is wrong with a fact, in itself and in each of ``languages``."""
    sentences = []
    if isinstance(fact.as_of, str) and _month(fact.as_of) is None:
        sentences.append(
            f"'{fact.as_of}' is no date: write 2024-04-24, or \"2016-12\" for a month."
        )
    if not fact.source.url:
        sentences.append("It has no source.")
    for language in languages:
        if not fact.text.get(language):
            sentences.append(f"It has no text.{language}.")
            continue
        if not fact.source.has_title(language):
            sentences.append(f"Its source has no title in '{language}'.")
        placeholders = _PLACEHOLDER.findall(fact.text[language])
        sentences += [
            f"text.{language} must hold {{{name}}}: no figure without its date."
            for name in _REQUIRED
            if name not in placeholders
        ]
        sentences += [
            f"text.{language} holds {{{name}}}, which is not known.{nearest(name, _REQUIRED)}"
            for name in placeholders
            if name not in _REQUIRED
        ]
    return [Problem("error", "fact", fact.file, fact.id, sentence) for sentence in sentences]


def _month(as_of: date | str) -> date | None:
    """Return the first day of a month written "2016-12", None for anything else."""
    if not isinstance(as_of, str) or not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", as_of):
        return None
    return date(int(as_of[:4]), int(as_of[5:]), 1)
