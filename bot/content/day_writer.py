"""One day's message in one language: its texts put into its template, and what would fail."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from bot.calendar.observances import Observance, Occurrence
from bot.calendar.occurrences import occurrences
from bot.content.actions import Action, action_problems, chosen_actions
from bot.content.facts import Fact, clause, fact_problems
from bot.content.languages import Language
from bot.content.message import Link, each_once
from bot.content.sandbox import Markdown
from bot.content.templates import (
    PROSE,
    SUFFIX,
    VOCABULARY,
    Compiled,
    Templates,
    TextError,
    undefined_names,
    variables,
)
from bot.content.texts import DayText, Story, chosen_story, missing
from bot.errors import Problem, nearest

_LEADS = (0, 7)
"""The lead days with which ``problems`` writes: the day itself, and any notice."""
_FAR = date(9999, 1, 1)
"""A date on which every number that an observance can have is there."""


@dataclass(frozen=True)
class WrittenDay:
    """What one day says in one language. ``actions`` and ``facts`` are ids."""

    name: str
    body: str
    actions: tuple[str, ...]
    sources: tuple[Link, ...]
    facts: frozenset[str]


@dataclass(frozen=True)
class _Prose:
    """One of the texts that a template places: ``name`` as the template calls it."""

    name: str
    where: str
    source: str


class DayWriter:
    """Writes days in one language. Templates and texts are compiled at their first use, once."""

    def __init__(
        self,
        language: Language,
        templates: Templates,
        texts: Mapping[str, DayText],
        facts: Mapping[str, Fact],
        actions: Mapping[str, Action],
    ) -> None:
        self.language = language
        self._templates = templates
        self._texts = texts
        self._facts = facts
        self._actions = actions

    def written(self, occurrence: Occurrence, lead_days: int = 0) -> WrittenDay:
        """Return what an occurrence says; ``lead_days`` over 0: its notice, so many days ahead.

        Raises TextError, which names the file, the entry and what is wrong.
        """
        observance, code, year = occurrence.observance, self.language.code, occurrence.date.year
        day = self.day_text(observance.id)
        _raise_first(_lacks(day, code))
        chosen = chosen_actions(day.actions, year)
        _raise_first(self._action_problems(day, chosen))
        used: dict[str, Fact] = {}

        def fact(id_: str) -> str:
            used[id_] = self._facts[id_]
            return clause(used[id_], self.language)

        values = variables(occurrence, self.language, day.names[code], fact)
        template = self._template(observance, lead_days)
        story = chosen_story(day.stories, year)
        placed = dict(values)
        for prose in self._prose(day, story):
            if prose.name in template.undeclared:
                text = self._text(day, prose)
                placed[prose.name] = self._rendered(text, values, PROSE, day.id)
        if lead_days:
            placed["lead_days"] = lead_days
        body = self._rendered(template, placed, VOCABULARY, day.id)
        sources = [*day.sources]
        if story and "story" in template.undeclared:
            sources += story.sources
        sources += [figure.source for figure in used.values()]
        return WrittenDay(
            name=day.names[code],
            body=body,
            actions=chosen,
            sources=each_once(source.link(code) for source in sources),
            facts=frozenset(used),
        )

    def digest(self, lines: Iterable[tuple[str, date]], month: str) -> str:
        """Return the body of a digest. Raises TextError."""
        items = [DigestItem(day=self.language.day(on), name=self.name(id_)) for id_, on in lines]
        template = self._named(f"digest{SUFFIX}", "")
        return self._rendered(template, {"items": items, "month": month}, VOCABULARY, "")

    def name(self, id_: str) -> str:
        """Return the day's name. Raises TextError where there is no such day, or no name."""
        day = self.day_text(id_)
        name = day.names.get(self.language.code)
        if not name:
            sentence = f"It lacks name.{self.language.code}: add it."
            raise TextError(Problem("error", "text-missing", day.file, id_, sentence))
        return name

    def day_text(self, id_: str) -> DayText:
        """Return the texts of a day. Raises TextError where there is no such day."""
        if id_ not in self._texts:
            sentence = f"There are no texts for '{id_}'.{nearest(id_, self._texts)}"
            raise TextError(Problem("error", "unknown-day", "", id_, sentence))
        return self._texts[id_]

    def problems(self, observance: Observance, years: Iterable[int]) -> list[Problem]:
        """Return all that would fail, in branches not taken and stories of other years too.

        Where nothing else is wrong, every occurrence of ``years`` is written, and its notice.
        """
        try:
            day = self.day_text(observance.id)
        except TextError as fault:
            return [fault.problem]
        problems = [*_lacks(day, self.language.code), *self._action_problems(day, day.actions)]
        problems += self._text_problems(day, observance)
        if not problems:
            for occurrence in _in_years(observance, years):
                for lead_days in _LEADS:
                    try:
                        self.written(occurrence, lead_days)
                    except TextError as fault:
                        problems.append(fault.problem)
        return list(dict.fromkeys(problems))

    def digest_problems(self) -> list[Problem]:
        """Return what is wrong with the language's digest template."""
        try:
            self.digest((), self.language.month(_FAR))
        except TextError as fault:
            return [fault.problem]
        return []

    def _text_problems(self, day: DayText, observance: Observance) -> Iterator[Problem]:
        occurrence = Occurrence(observance, _FAR)
        values = frozenset(variables(occurrence, self.language, "", lambda id_: id_))
        for story in day.stories or (None,):
            texts = list(self._prose(day, story))
            for prose in texts:
                try:
                    text = self._text(day, prose)
                    yield from self._name_problems(text, values, PROSE, day.id)
                except TextError as fault:
                    yield fault.problem
            for lead_days in _LEADS:
                names = values | {prose.name for prose in texts}
                try:
                    template = self._template(observance, lead_days)
                except TextError as fault:
                    yield fault.problem
                    continue
                if lead_days:
                    names |= {"lead_days"}
                yield from self._name_problems(template, names, VOCABULARY, day.id)

    def _name_problems(
        self,
        compiled: Compiled,
        defined: Collection[str],
        vocabulary: Mapping[str, str],
        entry: str,
    ) -> Iterator[Problem]:
        for sentence in undefined_names(compiled, defined, vocabulary):
            yield compiled.problem("undefined", sentence, entry)
        for id_ in sorted(compiled.facts):
            if id_ not in self._facts:
                sentence = f"There is no fact '{id_}'.{nearest(id_, self._facts)}"
                yield compiled.problem("unknown-fact", sentence, entry)
            else:
                yield from fact_problems(self._facts[id_], (self.language.code,))

    def _action_problems(self, day: DayText, ids: Iterable[str]) -> Iterator[Problem]:
        for id_ in ids:
            if id_ not in self._actions:
                sentence = f"There is no action '{id_}'.{nearest(id_, self._actions)}"
                yield Problem("error", "unknown-action", day.file, day.id, sentence)
            else:
                yield from action_problems(self._actions[id_], self.language.code)

    def _rendered(
        self,
        compiled: Compiled,
        values: Mapping[str, object],
        vocabulary: Mapping[str, str],
        entry: str,
    ) -> Markdown:
        _raise_first(self._name_problems(compiled, values.keys(), vocabulary, entry))
        return compiled.render(values, entry)

    def _prose(self, day: DayText, story: Story | None) -> Iterator[_Prose]:
        """Yield the texts that there are in this language, with the story of the year."""
        code = self.language.code
        if code in day.opening:
            yield _Prose("opening", f"opening.{code}", day.opening[code])
        number = day.stories.index(story) + 1 if story else 0
        if story and code in story.texts:
            yield _Prose("story", f"story {number} in {code}", story.texts[code])
        if story and code in story.together:
            where = f"together.{code} of story {number}"
            yield _Prose("together", where, story.together[code])
        elif code in day.together:
            yield _Prose("together", f"together.{code}", day.together[code])

    def _text(self, day: DayText, prose: _Prose) -> Compiled:
        return self._templates.text(prose.source, day.file, day.id, prose.where)

    def _template(self, observance: Observance, lead_days: int) -> Compiled:
        own = f"{observance.id}{SUFFIX}"
        if lead_days:
            name = f"notice{SUFFIX}"
        else:
            name = own if own in self._templates else f"{observance.kind}{SUFFIX}"
        return self._named(name, observance.id)

    def _named(self, name: str, entry: str) -> Compiled:
        if name not in self._templates:
            file = f"templates/{self.language.code}/{name}"
            sentence = "There is no such template: write it, with {{ opening }} and {{ story }}."
            raise TextError(Problem("error", "template-missing", file, entry, sentence))
        return self._templates.named(name)


@dataclass(frozen=True)
class DigestItem:
    """One line of a digest, as its template sees it."""

    day: str
    name: str


def _lacks(day: DayText, language: str) -> Iterator[Problem]:
    for what in missing(day, language):
        yield Problem("error", "text-missing", day.file, day.id, f"It lacks {what}: add it.")


def _raise_first(problems: Iterable[Problem]) -> None:
    for problem in problems:
        raise TextError(problem)


def _in_years(observance: Observance, years: Iterable[int]) -> Iterator[Occurrence]:
    for year in sorted(set(years)):
        yield from occurrences(observance, date(year, 1, 1), date(year, 12, 31))
