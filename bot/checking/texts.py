"""What only a template or a text can get wrong: found before anything is posted, not on the day."""

from __future__ import annotations

from collections.abc import Iterator

from bot.content.texts import languages_of
from bot.errors import ConfigError, Problem
from bot.planning import days_of
from bot.project.load import Project

_YEARS = 3
"""For so many years, the present one first, each text is written as a trial."""


def text_problems(project: Project, year: int, *, unasked: bool = False) -> list[Problem]:
    """Return what would fail in the texts that the channels ask for, in their languages. With
    ``unasked`` also in those that none asks for, in each language that the day has whole."""
    problems: list[Problem] = []
    pairs = {*_requested(project), *(_whole(project) if unasked else ())}
    for id_, language in sorted(pairs):
        years = range(year, year + _YEARS)
        problems += project.writer.problems(project.by_id[id_], language, years)
    digests = {
        language
        for channel in project.channels.values()
        if channel.digest
        for language in channel.languages
    }
    for language in sorted(digests):
        problems += project.writer.digest_problems(language)
    return list(dict.fromkeys(problems))


def refuse_broken_texts(project: Project, year: int) -> None:
    """Raise ConfigError where a text that some channel asks for cannot be written."""
    problems = [p for p in text_problems(project, year) if p.level == "error"]
    if problems:
        raise ConfigError(problems)


def _requested(project: Project) -> Iterator[tuple[str, str]]:
    choices = {(c.include, c.exclude, c.languages): c for c in project.channels.values()}
    for channel in choices.values():
        for day in days_of(channel, project.days.calendar):
            for language in channel.languages:
                yield day.id, language


def _whole(project: Project) -> Iterator[tuple[str, str]]:
    for day in project.days.texts.values():
        for language in languages_of(day) & project.languages.keys():
            yield day.id, language
