"""A small calendar with its texts, languages and templates, for the tests of the writer."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from bot.calendar.observances import Observance, Occurrence
from bot.calendar.rules import FixedDay
from bot.content.actions import Action
from bot.content.facts import Fact
from bot.content.language_files import load_languages
from bot.content.texts import DayText, SourceText, Story
from bot.content.writer import Writer

LANGUAGE_FILES = {
    "en": """
locale = "en_CA"
name = "English"
date = "d MMMM y"
day = "d MMMM"
month = "MMMM y"
[ordinal]
one = "{n}st"
two = "{n}nd"
few = "{n}rd"
other = "{n}th"
[ordinal_feminine]
one = "{n}st"
two = "{n}nd"
few = "{n}rd"
other = "{n}th"
[labels]
actions = "Two things you can do"
action_one = "One thing you can do"
sources = "Sources"
footer = "A calendar"
notice = "Advance notice"
digest_title = "Days of {month}"
test_message = "A test. Nothing *needs* to be done."
""",
    "fr": """
locale = "fr_CA"
name = "Français"
date = "d MMMM y"
day = "d MMMM"
month = "MMMM y"
first_of_month = "1er"
[ordinal]
one = "{n}er"
other = "{n}e"
[ordinal_feminine]
one = "{n}re"
other = "{n}e"
[labels]
actions = "Deux gestes possibles"
action_one = "Un geste possible"
sources = "Sources"
footer = "Un calendrier"
notice = "À venir"
digest_title = "Jours de {month}"
test_message = "Un essai."
""",
    "es": """
locale = "es_MX"
name = "Español"
date = "d 'de' MMMM 'de' y"
day = "d 'de' MMMM"
month = "MMMM 'de' y"
[ordinal]
other = "{n}.º"
[ordinal_feminine]
other = "{n}.ª"
[labels]
actions = "Dos acciones posibles"
action_one = "Una acción posible"
sources = "Fuentes"
footer = "Un calendario"
notice = "Aviso anticipado"
digest_title = "Días de {month}"
test_message = "Una prueba."
""",
}

DAY = "{{ opening }}\n\n{{ story }}\n{% if together is defined %}\n{{ together }}\n{% endif %}\n"
TEMPLATES = {
    "day": DAY,
    "remembrance": DAY,
    "anniversary": DAY,
    "month": DAY,
    "notice": "**{{ name }}** falls on {{ date }}, in {{ lead_days }} days.\n",
    "digest": "{{ month }}:\n\n{% for item in items -%}\n- {{ item.day }}: {{ item.name }}\n"
    "{% endfor %}\n",
}
LANGUAGES = ("en", "fr", "es")


def in_all(text: str) -> dict[str, str]:
    """The same text for every language, told apart by the language's code in brackets."""
    return {code: f"{text} ({code})" for code in LANGUAGES}


def write_language(root: Path, code: str, text: str) -> None:
    (root / code).mkdir(parents=True, exist_ok=True)
    (root / code / "language.toml").write_text(text, "utf-8")


def write_templates(root: Path, **changed: str) -> Path:
    """Writes the languages and templates below ``root``; ``changed`` by the template's name."""
    for code, text in LANGUAGE_FILES.items():
        write_language(root, code, text)
        for name, source in {**TEMPLATES, **changed}.items():
            (root / code / f"{name.replace('_', '-')}.md.j2").write_text(source, "utf-8")
    return root


def source(title: str, url: str) -> SourceText:
    return SourceText(title, url)


OBSERVANCE = Observance(
    id="prevention-day",
    kind="day",
    phrase="9 December",
    rule=FixedDay(12, 9),
    names={},
    since=2015,
    event=1948,
    count="observances",
)

TEXT = DayText(
    id="prevention-day",
    kind="day",
    names=in_all("Day of *prevention*"),
    sources=(source("A/RES/69/323", "https://undocs.org/en/A/RES/69/323"),),
    actions=("write", "mark", "read"),
    opening=in_all("Opening of {{ date }}"),
    together=in_all("Together"),
    stories=(
        Story(in_all("Even story"), (source("Even", "https://even.example/"),)),
        Story(in_all("Odd story"), (source("Odd", "https://odd.example/"),)),
    ),
    file="config/observances/core.toml",
)

ACTIONS = {
    id_: Action(
        id=id_,
        who=("individuals",),
        text=in_all(f"Please {id_}."),
        links=(SourceText(in_all("Go"), f"https://{id_}.example/"),),
        file="config/actions.toml",
    )
    for id_ in ("write", "mark", "read", "ask")
}

FACTS = {
    "parties": Fact(
        id="parties",
        value=1234,
        as_of=date(2024, 4, 24),
        review=date(2027, 1, 31),
        text={
            "en": "on {date} there were {value} parties",
            "fr": "au {date}, il y avait {value} parties",
            "es": "al {date} había {value} partes",
        },
        source=source("Treaties", "https://treaties.example/"),
        file="config/facts.toml",
    ),
    "supporters": Fact(
        id="supporters",
        value="more than 100",
        as_of="2016-12",
        review=date(2027, 1, 31),
        text=in_all("in {date}, {value} supporters"),
        source=source("Supporters", "https://supporters.example/"),
        file="config/facts.toml",
    ),
}


@dataclass
class Sample:
    """A writer over changed texts, and the occurrences it can write."""

    root: Path
    texts: dict[str, DayText] = field(default_factory=lambda: {TEXT.id: TEXT})
    observance: Observance = OBSERVANCE

    def change(self, **fields: Any) -> None:
        """Changes fields of the day's texts."""
        self.texts[TEXT.id] = replace(self.texts[TEXT.id], **fields)

    @property
    def writer(self) -> Writer:
        roots = [self.root]
        return Writer(self.texts, FACTS, ACTIONS, load_languages(roots), roots)

    def occurrence(self, year: int = 2026) -> Occurrence:
        return Occurrence(self.observance, self.observance.rule.dates(year)[0])
