"""The observances, facts and actions of the TOML files → what the calendar and the writer need."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from bot.calendar.observances import Observance
from bot.calendar.phrases import PhraseError, parse_moved, parse_phrase, parse_shift
from bot.content.actions import Action
from bot.content.facts import Fact
from bot.content.texts import DayText, SourceText, Story
from bot.errors import ConfigError, Problem, nearest, quoted
from bot.planning import DIGEST
from bot.project.places import Places
from bot.settings.entries import ActionEntry, DisabledEntry, FactEntry, ObservanceEntry, SourceEntry
from bot.settings.models import NAME_PATTERN, Model
from bot.settings.toml_files import read_toml
from bot.settings.validation import ModelT, validated

_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


@dataclass(frozen=True)
class DisabledDay:
    """A day that is recorded as not posted, and why, so that nobody adds it unknowing."""

    id: str
    reason: str
    phrase: str
    authority: str
    names: Mapping[str, str]
    file: str


@dataclass(frozen=True)
class Days:
    """All days: those that can be posted, their texts by id, and those that are disabled.

    ``complete`` is False where some could not be read, so that a name that is not here may be
    theirs.
    """

    calendar: tuple[Observance, ...]
    texts: Mapping[str, DayText]
    disabled: Mapping[str, DisabledDay]
    complete: bool = True


def read_tables(places: Places, problems: list[Problem], name: str) -> dict[str, tuple[str, Any]]:
    """Return ``{id: (file, table)}`` of a calendar file or folder, the group's own replacing by id.

    ``name`` is ``facts.toml``, ``actions.toml`` or ``observances``. Within one config folder an id
    stands once; a second is a problem.
    """
    merged: dict[str, tuple[str, Any]] = {}
    for folder in places.config_folders:
        here: dict[str, tuple[str, Any]] = {}
        path = folder / name
        files = sorted(path.glob("*.toml")) if path.is_dir() else [path] if path.is_file() else []
        for file in files:
            label = places.label(file)
            try:
                tables = read_toml(file, label)
            except ConfigError as error:
                problems.extend(error.problems)
                continue
            for id_, table in tables.items():
                refusal = _refusal(id_, table, here)
                if refusal:
                    problems.append(Problem("error", refusal[0], label, id_, refusal[1]))
                else:
                    here[id_] = (label, table)
        merged.update(here)
    return merged


def _refusal(id_: str, table: Any, here: Mapping[str, tuple[str, Any]]) -> tuple[str, str] | None:
    """Return the code and the sentence of what keeps a table from being read, None if nothing."""
    if not NAME_PATTERN.fullmatch(id_):
        sentence = f"'{id_}' cannot be an id: small letters, digits and hyphens, such as my-day."
        return "bad-id", sentence
    if id_ == DIGEST:
        return "bad-id", f"'{id_}' is the name of the month's list. Give the day another."
    if not isinstance(table, dict):
        return "not-a-table", f"This must be a table: [{id_}] on a line of its own, its keys below."
    if id_ in here:
        sentence = f"The id '{id_}' stands in {here[id_][0]} too. Give each a name of its own."
        return "declared-twice", sentence
    return None


def load_days(places: Places, problems: list[Problem]) -> Days:
    """Read all observances, adding to ``problems`` whatever is wrong with one."""
    calendar: dict[str, Observance] = {}
    texts: dict[str, DayText] = {}
    disabled: dict[str, DisabledDay] = {}
    before = len(problems)
    for id_, (file, table) in read_tables(places, problems, "observances").items():
        if table.get("disabled") is True:
            entry = validated(DisabledEntry, table, file=file, entry=id_, problems=problems)
            if entry:
                names = {"en": id_, **entry.name}
                same = _same(DisabledDay, entry)
                disabled[id_] = DisabledDay(id=id_, phrase=entry.on, names=names, file=file, **same)
            continue
        day = validated(ObservanceEntry, table, file=file, entry=id_, problems=problems)
        observance = _observance(id_, day, file, problems) if day else None
        if day and observance:
            calendar[id_] = observance
            texts[id_] = _day_text(id_, day, file)
    complete = len(problems) == before
    if complete:
        _check_references(calendar, disabled, texts, problems)
    ordered = tuple(calendar[id_] for id_ in sorted(calendar))
    return Days(calendar=ordered, texts=texts, disabled=disabled, complete=complete)


def _observance(
    id_: str, entry: ObservanceEntry, file: str, problems: list[Problem]
) -> Observance | None:
    try:
        return Observance(
            **_same(Observance, entry)
            | {
                "id": id_,
                "phrase": entry.on,
                "rule": parse_phrase(entry.on),
                "names": entry.name,
                "shift": parse_shift(entry.shift),
                "moved": parse_moved(entry.moved),
                "milestones_only": entry.years == "milestones",
            }
        )
    except PhraseError as error:
        problems.append(Problem("error", "bad-phrase", file, id_, str(error)))
        return None


def _day_text(id_: str, entry: ObservanceEntry, file: str) -> DayText:
    stories = tuple(Story(texts=story.texts, **_same(Story, story)) for story in entry.story)
    return DayText(id=id_, names=entry.name, stories=stories, file=file, **_same(DayText, entry))


def _same(kind: type[Any], entry: Model) -> dict[str, Any]:
    """Return what an entry says that ``kind`` has under the same name."""
    names = {field.name for field in fields(kind)}
    return {key: _as_text(value) for key, value in entry if key in names}


def _as_text(value: Any) -> Any:
    """Return the sources and links of an entry as the writer takes them, all else as it is."""
    match value:
        case SourceEntry():
            return SourceText(title=value.title, url=value.url)
        case tuple():
            return tuple(_as_text(inner) for inner in value)
        case _:
            return value


def _check_references(
    calendar: Mapping[str, Observance],
    disabled: Mapping[str, DisabledDay],
    texts: Mapping[str, DayText],
    problems: list[Problem],
) -> None:
    day_ids = {*calendar, *disabled}
    for id_, day in calendar.items():
        for key, ids in (
            ("part_of", (day.part_of,) if day.part_of else ()),
            ("beside", day.beside),
            ("not_with", day.not_with),
        ):
            for other in ids:
                if other == id_:
                    sentence = f"`{key}` names the day itself. Take it out."
                elif other not in day_ids:
                    sentence = f"`{key}` names '{other}', which is no day.{nearest(other, day_ids)}"
                else:
                    continue
                problems.append(Problem("error", "unknown-day", texts[id_].file, id_, sentence))


def load_facts(places: Places, problems: list[Problem]) -> dict[str, Fact]:
    """Return the figures that age, by id."""
    facts: dict[str, Fact] = {}
    for id_, file, entry in _entries(places, problems, "facts.toml", FactEntry):
        if isinstance(entry.as_of, str) and not _MONTH.fullmatch(entry.as_of):
            sentence = (
                f"'as_of' is {quoted(entry.as_of)}: write a date, 2026-10-02, or a month, "
                '"2026-10".'
            )
            problems.append(Problem("error", "bad-value", file, id_, sentence))
        else:
            facts[id_] = Fact(id=id_, file=file, **_same(Fact, entry))
    return facts


def load_actions(places: Places, problems: list[Problem]) -> dict[str, Action]:
    """Return what a reader can do, by id."""
    return {
        id_: Action(id=id_, file=file, **_same(Action, entry))
        for id_, file, entry in _entries(places, problems, "actions.toml", ActionEntry)
    }


def _entries(
    places: Places, problems: list[Problem], name: str, model: type[ModelT]
) -> Iterator[tuple[str, str, ModelT]]:
    """Yield the id, the file and the content of each table that can be read and is not disabled."""
    for id_, (file, table) in read_tables(places, problems, name).items():
        if table.get("disabled") is not True:
            entry = validated(model, table, file=file, entry=id_, problems=problems)
            if entry:
                yield id_, file, entry
