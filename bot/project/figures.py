"""``facts.toml`` and ``actions.toml`` → the registries of the writer."""

from __future__ import annotations

import re

from bot.content.actions import Action
from bot.content.facts import Fact
from bot.errors import Problem, quoted
from bot.project.days import read_tables, source_text
from bot.project.places import Places
from bot.settings.entries import ActionEntry, FactEntry
from bot.settings.validation import validated

_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


def load_facts(places: Places, problems: list[Problem]) -> dict[str, Fact]:
    """Return the figures that age, by id."""
    facts: dict[str, Fact] = {}
    for id_, (file, table) in read_tables(places, problems, "facts.toml").items():
        if table.get("disabled") is True:
            continue
        entry = validated(FactEntry, table, file=file, entry=id_, problems=problems)
        if entry is None:
            continue
        if isinstance(entry.as_of, str) and not _MONTH.fullmatch(entry.as_of):
            sentence = (
                f"'as_of' is {quoted(entry.as_of)}: write a date, 2026-10-02, or a month, "
                '"2026-10".'
            )
            problems.append(Problem("error", "bad-value", file, id_, sentence))
            continue
        facts[id_] = Fact(
            id=id_,
            value=entry.value,
            as_of=entry.as_of,
            review=entry.review,
            text=entry.text,
            source=source_text(entry.source),
            file=file,
            answers=entry.answers,
        )
    return facts


def load_actions(places: Places, problems: list[Problem]) -> dict[str, Action]:
    """Return what a reader can do, by id."""
    actions: dict[str, Action] = {}
    for id_, (file, table) in read_tables(places, problems, "actions.toml").items():
        if table.get("disabled") is True:
            continue
        entry = validated(ActionEntry, table, file=file, entry=id_, problems=problems)
        if entry:
            actions[id_] = Action(
                id=id_,
                who=entry.who,
                text=entry.text,
                links=tuple(source_text(link) for link in entry.links),
                file=file,
                answers=entry.answers,
            )
    return actions
