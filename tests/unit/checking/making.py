"""A project of one day of our own, with the languages and templates that ship."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from bot.calendar.observances import Observance
from bot.calendar.rules import FixedDay
from bot.content.actions import Action
from bot.content.facts import Fact
from bot.content.texts import DayText, SourceText, Story
from bot.project.days import Days
from bot.project.load import Project, load_project

ROOT = Path(__file__).parents[3]
SOURCE = SourceText("A/RES/69/323", "https://undocs.org/en/A/RES/69/323")
WORDS = {
    "en": "We remember those who were killed and those who survived, and their families. " * 3,
    "fr": "Nous pensons aux victimes, aux personnes rescapées et à leurs familles, ici. " * 3,
    "es": "Recordamos a las víctimas, a quienes sobrevivieron y a sus familias, aquí. " * 3,
}

OBSERVANCE = Observance(
    id="our-day", kind="day", phrase="5 March", rule=FixedDay(3, 5), names={}, since=2020
)
DAY = DayText(
    id="our-day",
    kind="day",
    names={"en": "Our day", "fr": "Notre journée", "es": "Nuestro día"},
    sources=(SOURCE,),
    opening={code: words.strip() for code, words in WORDS.items()},
    stories=(
        Story({"en": "A first story.", "fr": "Un premier récit.", "es": "Un primer relato."}),
        Story({"en": "Another one.", "fr": "Un autre récit.", "es": "Otro relato."}),
    ),
    file="config/observances/own.toml",
)
"""A day that breaks no rule: its opening alone has over 30 words, and is told twice below."""
DAY = replace(DAY, together=DAY.opening)

FACT = Fact(
    id="members",
    value=153,
    as_of=date(2026, 11, 1),
    review=date(2027, 3, 1),
    text={
        "en": "on {date} there were {value} States",
        "fr": "au {date}, il y avait {value} États",
        "es": "al {date} había {value} Estados",
    },
    source=SOURCE,
    file="config/facts.toml",
)
ACTION = Action(
    id="write",
    who=("individuals",),
    text={"en": "Write a page.", "fr": "Écrire une page.", "es": "Escribir una página."},
    links=(SOURCE,),
    file="config/actions.toml",
)


@cache
def shipped() -> Project:
    """The project as it ships."""
    return load_project(ROOT / "config", environ={})


def project_of(
    day: DayText = DAY,
    observance: Observance = OBSERVANCE,
    facts: Mapping[str, Fact] | None = None,
    actions: Mapping[str, Action] | None = None,
    **changed: Any,
) -> Project:
    """A project of that day alone. ``changed`` are other fields of the project."""
    return replace(
        shipped(),
        days=Days(calendar=(observance,), texts={day.id: day}, disabled={}),
        facts=facts or {},
        actions=actions or {},
        warnings=(),
        **changed,
    )


def saying(text: str, language: str = "en", **changed: Any) -> DayText:
    """The day with ``text`` at the head of its opening in one language."""
    opening = {**DAY.opening, language: f"{text} {DAY.opening[language]}"}
    return replace(DAY, opening=opening, **changed)
