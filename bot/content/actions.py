"""Actions: what a reader can do, and which of them a year shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.content.message import ActionText
from bot.content.texts import SourceText
from bot.errors import Problem

SHOWN = 2
"""How many actions a message shows."""


@dataclass(frozen=True)
class Action:
    """Something a reader can do. ``who`` says for whom it is, ``text`` is plain, by language.

    ``answers`` as in :class:`bot.content.texts.DayText`.
    """

    id: str
    who: tuple[str, ...]
    text: Mapping[str, str]
    links: tuple[SourceText, ...]
    file: str = ""
    answers: Mapping[str, str] = field(default_factory=dict)

    def in_language(self, language: str) -> ActionText:
        """Return the action in ``language``, which it must have (see :func:`action_problems`)."""
        links = tuple(link.link(language) for link in self.links)
        return ActionText(self.id, self.text[language], links)


def chosen_actions(ids: Sequence[str], year: int, count: int = SHOWN) -> tuple[str, ...]:
    """Return the ``count`` actions of ``year``, in the listed order; all where there are no more.

    They take turns: each year begins where the last one ended, so that two years in a row never
    show the same ones while there are others.
    """
    listed = tuple(dict.fromkeys(ids))
    if len(listed) <= count:
        return listed
    first = year * count % len(listed)
    turns = {(first + step) % len(listed) for step in range(count)}
    return tuple(id_ for place, id_ in enumerate(listed) if place in turns)


def action_problems(action: Action, language: str) -> list[Problem]:
    """Return what the action lacks in ``language``."""
    sentences = []
    if not action.text.get(language):
        sentences.append(f"It has no text.{language}.")
    sentences += [
        f"Its link {number} has no title in '{language}'."
        for number, link in enumerate(action.links, start=1)
        if not link.has_title(language)
    ]
    return [Problem("error", "action", action.file, action.id, sentence) for sentence in sentences]
