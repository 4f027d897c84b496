"""The observances of the TOML files → what the calendar needs and what the writer needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.calendar.observances import Observance
from bot.calendar.phrases import PhraseError, parse_moved, parse_phrase, parse_shift
from bot.content.texts import DayText, SourceText, Story
from bot.errors import ConfigError, Problem, nearest
from bot.planning import DIGEST
from bot.project.places import Places
from bot.settings.entries import DisabledEntry, ObservanceEntry, SourceEntry
from bot.settings.models import NAME_PATTERN
from bot.settings.toml_files import read_toml
from bot.settings.validation import validated


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
                if _acceptable(id_, table, label, here, problems):
                    here[id_] = (label, table)
        merged.update(here)
    return merged


def _acceptable(
    id_: str,
    table: Any,
    label: str,
    here: Mapping[str, tuple[str, Any]],
    problems: list[Problem],
) -> bool:
    if not NAME_PATTERN.fullmatch(id_):
        sentence = f"'{id_}' cannot be an id: small letters, digits and hyphens, such as my-day."
        problems.append(Problem("error", "bad-id", label, id_, sentence))
        return False
    if id_ == DIGEST:
        sentence = f"'{id_}' is the name of the month's list. Give the day another."
        problems.append(Problem("error", "bad-id", label, id_, sentence))
        return False
    if not isinstance(table, dict):
        sentence = "This must be a table: [" + id_ + "] on a line of its own, its keys below."
        problems.append(Problem("error", "not-a-table", label, id_, sentence))
        return False
    if id_ in here:
        sentence = f"The id '{id_}' stands in {here[id_][0]} too. Give each a name of its own."
        problems.append(Problem("error", "declared-twice", label, id_, sentence))
        return False
    return True


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
                disabled[id_] = DisabledDay(
                    id_, entry.reason, entry.on, entry.authority, names, file
                )
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
            id=id_,
            kind=entry.kind,
            phrase=entry.on,
            rule=parse_phrase(entry.on),
            names=entry.name,
            priority=entry.priority,
            themes=entry.themes,
            approval=entry.approval,
            shift=parse_shift(entry.shift),
            moved=parse_moved(entry.moved),
            since=entry.since,
            until=entry.until,
            event=entry.event,
            count=entry.count,
            milestones_only=entry.years == "milestones",
            part_of=entry.part_of,
            beside=entry.beside,
            not_with=entry.not_with,
        )
    except PhraseError as error:
        problems.append(Problem("error", "bad-phrase", file, id_, str(error)))
        return None


def source_text(entry: SourceEntry) -> SourceText:
    """Return the source or link of an entry, for the writer."""
    return SourceText(title=entry.title, url=entry.url)


def _day_text(id_: str, entry: ObservanceEntry, file: str) -> DayText:
    return DayText(
        id=id_,
        kind=entry.kind,
        names=entry.name,
        authority=entry.authority,
        sensitivity=entry.sensitivity,
        notes=entry.notes,
        sources=tuple(source_text(source) for source in entry.sources),
        actions=entry.actions,
        opening=entry.opening,
        together=entry.together,
        stories=tuple(
            Story(
                texts=story.texts,
                sources=tuple(source_text(source) for source in story.sources),
                together=story.together,
            )
            for story in entry.story
        ),
        answers=entry.answers,
        file=file,
    )


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
