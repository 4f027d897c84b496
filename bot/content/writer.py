"""The writer: occurrences → messages, in the languages asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import chain, zip_longest
from pathlib import Path

from bot.calendar.observances import Observance, Occurrence
from bot.calendar.occurrences import occurrences as occurrences_between
from bot.content.actions import SHOWN, Action
from bot.content.day_writer import DayWriter, WrittenDay
from bot.content.facts import Fact
from bot.content.languages import Language
from bot.content.markdown import escape_markdown
from bot.content.message import Message, Part, each_once
from bot.content.operator_words import Group, operator_words, words_to_read
from bot.content.templates import load_templates
from bot.content.texts import DayText
from bot.errors import Problem, RenderError, nearest

_BETWEEN = " · "
_PRODUCT = "Vigilia"


class Writer:
    """Writes messages from texts, facts and actions by id, and templates.

    ``template_roots`` are in the order of :func:`bot.content.language_files.load_languages`: what
    is shipped first, the group's own, which wins, last. All files are read here; nothing later is.
    Raises ConfigError where a template cannot be read.
    """

    def __init__(
        self,
        texts: Mapping[str, DayText],
        facts: Mapping[str, Fact],
        actions: Mapping[str, Action],
        languages: Mapping[str, Language],
        template_roots: Sequence[Path],
    ) -> None:
        self._actions = actions
        self._templates = {code: load_templates(template_roots, code) for code in languages}
        self._by_language = {
            code: DayWriter(language, self._templates[code], texts, facts, actions)
            for code, language in languages.items()
        }

    def write(
        self, occurrences: Sequence[Occurrence], languages: Sequence[str], lead_days: int = 0
    ) -> Message:
        """Return the message of one occurrence, or of several of one date merged into one.

        With ``lead_days`` over 0 it is the notice, so many days ahead. Raises RenderError, which
        names the file, the entry, the language and what is wrong.
        """
        if not occurrences:
            raise ValueError("a message is about one occurrence or more")
        first = occurrences[0]
        return Message(
            kind="notice" if lead_days else first.observance.kind,
            observances=tuple(occurrence.observance.id for occurrence in occurrences),
            date=first.date,
            parts=tuple(self._part(occurrences, code, lead_days) for code in languages),
            lead_days=lead_days,
        )

    def write_digest(
        self,
        items: Sequence[tuple[str, date]],
        month: date,
        languages: Sequence[str],
        digest_date: date,
    ) -> Message:
        """Return the digest of a month: ``items`` are ids of observances, and their dates.

        Raises RenderError.
        """
        parts = []
        for code in languages:
            writer = self._in(code)
            language = writer.language
            month_name = language.month(month)
            parts.append(
                Part(
                    language=code,
                    title=language.labels.digest_title.replace("{month}", month_name),
                    body=writer.digest(items, month_name),
                    footer=language.labels.footer,
                )
            )
        ids = tuple(dict.fromkeys(id_ for id_, _ in items))
        return Message("digest", ids, digest_date, tuple(parts))

    def test_message(self, channel_name: str, languages: Sequence[str], on: date) -> Message:
        """Return the message that tries a channel: the channel's name, the words, the date."""
        parts = []
        for code in languages:
            language = self._in(code).language
            paragraphs = (language.labels.test_message, language.date(on))
            parts.append(
                Part(
                    language=code,
                    title=f"{_PRODUCT}{_BETWEEN}{channel_name}",
                    body="\n\n".join(escape_markdown(text) for text in paragraphs),
                    footer=language.labels.footer,
                )
            )
        return Message("test", (), on, tuple(parts))

    def operator_message(
        self, groups: Sequence[Group], languages: Sequence[str], on: date, page: str | None
    ) -> Message:
        """Return what the operator is told; ``page`` is the address of the web page, where there is
        one. The words to read come once, at the very end: where all is too long for the platform,
        they give way first. Raises RenderError."""
        parts = []
        for code in languages:
            title, body = operator_words(self._templates, code, groups, page)
            if code == languages[-1]:
                body = "\n\n".join(filter(None, (body, words_to_read(groups))))
            parts.append(Part(language=code, title=title, body=body))
        return Message("operator", (), on, tuple(parts))

    def problems(
        self, observance: Observance, language: str, years: Iterable[int]
    ) -> list[Problem]:
        """Return all that would fail for an observance in a language: texts, names, facts, actions.

        Branches not taken and the stories of other years are looked through too; where nothing is
        wrong so far, each of ``years`` is written, the day and its notice.
        """
        try:
            writer = self._in(language)
        except RenderError as error:
            return [Problem("error", "unknown-language", "", observance.id, str(error))]
        return writer.problems(observance, years)

    def digest_problems(self, language: str) -> list[Problem]:
        """Return what is wrong with the template of the digest in ``language``, which must be."""
        return self._in(language).digest_problems()

    def facts_used(
        self, observance: Observance, year: int, languages: Sequence[str]
    ) -> frozenset[str]:
        """Return the ids of the facts that the posts of that year print. Raises RenderError."""
        year_of = occurrences_between(observance, date(year, 1, 1), date(year, 12, 31))
        used: set[str] = set()
        for occurrence in year_of:
            for code in languages:
                used |= self._in(code).written(occurrence).facts
        return frozenset(used)

    def _in(self, language: str) -> DayWriter:
        if language not in self._by_language:
            there = nearest(language, self._by_language)
            there = there or f" There are: {', '.join(self._by_language)}."
            raise RenderError(f"There is no language '{language}'.{there}")
        return self._by_language[language]

    def _part(self, occurrences: Sequence[Occurrence], code: str, lead_days: int) -> Part:
        writer = self._in(code)
        labels = writer.language.labels
        days = [writer.written(occurrence, lead_days) for occurrence in occurrences]
        names = [day.name for day in days]
        action_ids = _chosen(days)
        label = labels.actions if len(action_ids) > 1 else labels.action_one
        sources = each_once(link for day in days for link in day.sources)
        return Part(
            language=code,
            title=_BETWEEN.join([labels.notice, *names] if lead_days else names),
            body=days[0].body if len(days) == 1 else "\n\n".join(_under_name(d) for d in days),
            actions=tuple(self._actions[id_].in_language(code) for id_ in action_ids),
            sources=sources,
            actions_label=label if action_ids else "",
            sources_label=labels.sources if sources else "",
            footer=labels.footer,
        )


def _under_name(day: WrittenDay) -> str:
    """Return the body under the day's name in bold, unless it begins with that, as a notice
    does."""
    heading = f"**{escape_markdown(day.name)}**"
    return day.body if day.body.startswith(heading) else f"{heading}\n\n{day.body}"


def _chosen(days: Sequence[WrittenDay]) -> tuple[str, ...]:
    """Return at most two actions: the first of each day before the second of any."""
    in_turn = chain.from_iterable(zip_longest(*(day.actions for day in days)))
    return tuple(dict.fromkeys(id_ for id_ in in_turn if id_ is not None))[:SHOWN]
