"""Every message that ships: each day in each language and in all together, with each story."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cache

from bot.calendar.occurrences import occurrences
from bot.content.message import Message
from bot.project.load import load_project
from tests.unit.project_files import ROOT

FIRST_YEAR = 2026
LANGUAGES = ("en", "fr", "es")


@cache
def shipped_messages() -> tuple[Message, ...]:
    """Gives the messages: each story in each language by itself, and one of each day in all
    languages together, on the day and a week ahead."""
    return tuple(_messages())


def shipped(observance: str, *languages: str, on: date) -> Message:
    """Gives the shipped message of one day."""
    project = load_project(ROOT / "config", environ={})
    (day,) = (one for one in project.days.calendar if one.id == observance)
    return project.writer.write(occurrences(day, on, on), languages)


def _messages() -> Iterator[Message]:
    project = load_project(ROOT / "config", environ={})
    for observance in project.days.calendar:
        text = project.days.texts[observance.id]
        kept = occurrences(observance, date(FIRST_YEAR, 1, 1), date(FIRST_YEAR + 60, 12, 31))
        for occurrence in kept[: max(len(text.stories), 1)]:
            for code in LANGUAGES:
                yield project.writer.write([occurrence], [code])
        for lead_days in (0, 7):
            yield project.writer.write(kept[:1], LANGUAGES, lead_days)
