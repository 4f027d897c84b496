"""The rules of the words, over every message that the calendar can give: each language, each story.

A rule sees what a reader sees. An entry may answer a rule with a reason, in its ``[id.answers]``.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from bot.calendar.observances import Observance, Occurrence
from bot.calendar.occurrences import next_occurrence
from bot.checking.figures import figure_faults
from bot.checking.found import Found
from bot.checking.links import address_faults, addresses, lost_links
from bot.checking.tone import tone_faults
from bot.checking.typography import typography_faults
from bot.content.facts import Fact, clause, fact_problems
from bot.content.languages import Language
from bot.content.markdown import parse, plain, words
from bot.content.message import Part
from bot.content.templates import sentence
from bot.content.texts import DayText, SourceText, languages_of
from bot.errors import Problem, RenderError, nearest
from bot.project.load import Project

Level = Literal["error", "warning"]

RULES: Mapping[str, Level] = {
    "tone-word": "error",
    "exclamation": "error",
    "emoji": "error",
    "relative-day": "error",
    "no-source": "error",
    "bad-link": "error",
    "http-link": "warning",
    "undated-number": "warning",
    "length": "warning",
    "same-words": "warning",
    "typography-apostrophe": "warning",
    "typography-fr-colon": "warning",
    "typography-fr-guillemets": "warning",
    "typography-fr-semicolon": "warning",
    "typography-es-opening": "warning",
}
"""The rules by code, and how grave it is to break one. docs/editing.md tells them to editors."""

FEWEST_WORDS, MOST_WORDS = 60, 160
"""How many words a message has in one language, before its actions and sources."""

_YEARS_AHEAD = 120
_NUMBER = re.compile(r"[0-9]+\.?\w*")
"""A number, an ordinal's ending with it: "2026", "21st", "12.º"."""


def rule_problems(project: Project, year: int) -> Iterator[Problem]:
    """Yield what is wrong with the words of all days, whether a channel asks for them or not, in
    each language that they have whole, from ``year`` on until every story was told; and with the
    actions, the facts, and each language's own words."""
    for observance in project.days.calendar:
        day = project.days.texts[observance.id]
        subject = _Subject(day.file, day.id, day.answers)
        yield from subject.problems(_day_faults(project, observance, day, year))
    for action in project.actions.values():
        subject = _Subject(action.file, action.id, action.answers)
        yield from subject.problems(
            (language.code, found)
            for language in project.languages.values()
            for found in _text_faults(action.text.get(language.code, ""), action.links, language)
        )
    for fact in project.facts.values():
        subject = _Subject(fact.file, fact.id, fact.answers)
        yield from subject.problems(
            (language.code, found)
            for language in project.languages.values()
            for said in _clauses([fact], language)[:1]
            for found in _text_faults(said, [fact.source], language, dated=[said])
        )
    for language in project.languages.values():
        yield from _own_words_problems(project, language, year)


def part_faults(part: Part, language: Language, dated: Iterable[str] = ()) -> Iterator[Found]:
    """Yield what is wrong with a message in one language.

    ``dated`` as :func:`bot.checking.figures.figure_faults` takes it.
    """
    seen = plain(parse(part.body))
    shown = "\n".join([part.title, seen, *(source.title for source in part.sources)])
    yield from tone_faults(shown, language.locale)
    yield from typography_faults(shown, language.locale)
    yield from figure_faults(seen, language.locale, dated)
    yield from lost_links(part.body)
    for url in (*addresses(parse(part.body)), *(source.url for source in part.sources)):
        yield from address_faults(url)
    if not part.sources:
        yield Found("no-source", "The message has no source: add one to `sources`.")
    count = words(part.body)
    if not FEWEST_WORDS <= count <= MOST_WORDS:
        said = f"{count} words before the sources; {FEWEST_WORDS} to {MOST_WORDS} are right."
        yield Found("length", said)


@dataclass
class _Subject:
    """An entry whose words are looked at: where it stands, and which rules it has answered."""

    file: str
    entry: str
    answers: Mapping[str, str] = field(default_factory=dict)

    def problems(self, faults: Iterable[tuple[str, Found]]) -> Iterator[Problem]:
        """Yield each fault once, with its languages, but for those that are answered; then what is
        wrong with the answers. ``faults`` come with the code of their language."""
        languages: dict[Found, dict[str, None]] = defaultdict(dict)
        for language, found in faults:
            languages[found][language] = None
        for found, where in languages.items():
            if not self.answers.get(found.code, "").strip():
                said = f"{', '.join(where)}: {found.said}"
                yield Problem(RULES[found.code], found.code, self.file, self.entry, said)
        needed = {found.code for found in languages}
        for code, reason in self.answers.items():
            if code not in RULES:
                hint = nearest(code, RULES) or f" There are: {', '.join(RULES)}."
                said = f"`answers` names '{code}', which is no rule.{hint}"
                yield Problem("error", "unknown-rule", self.file, self.entry, said)
            elif not reason.strip():
                said = f"`answers` gives no reason for '{code}': write why it does not hold here."
                yield Problem("error", "empty-answer", self.file, self.entry, said)
            elif code not in needed:
                said = f"`answers` answers '{code}', which nothing here breaks: it can go."
                yield Problem("note", "needless-answer", self.file, self.entry, said)


def _day_faults(
    project: Project, observance: Observance, day: DayText, year: int
) -> Iterator[tuple[str, Found]]:
    for code in sorted(languages_of(day) & project.languages.keys()):
        language = project.languages[code]
        clauses = _clauses(project.facts.values(), language)
        looked_at: set[int] = set()
        same = False
        before: tuple[int, Part] | None = None
        for occurrence in _told(observance, day, year):
            try:
                part = project.writer.write([occurrence], [code]).parts[0]
            except RenderError:
                break  # said in full by bot.checking.texts
            on = occurrence.date
            turn = on.year % max(len(day.stories), 1)  # as bot.content.texts.chosen_story
            if turn not in looked_at:
                dated = (*clauses, language.date(on))
                yield from ((code, found) for found in part_faults(part, language, dated))
            if not same and before and before[0] == on.year - 1 and _same_words(before[1], part):
                same = True
                said = f"{on.year - 1} and {on.year} have the same words: add a [[{day.id}.story]]."
                yield code, Found("same-words", said)
            looked_at.add(turn)
            before = on.year, part


def _told(observance: Observance, day: DayText, year: int) -> Iterator[Occurrence]:
    """Yield occurrences from ``year`` on until each story was told, and one more, to see whether
    its words differ from those before it."""
    stories = set(range(max(len(day.stories), 1)))
    count = len(stories)
    after = date(year - 1, 12, 31)
    while found := next_occurrence(observance, after, _YEARS_AHEAD):
        yield found
        if not stories or found.date.year > year + _YEARS_AHEAD:
            return
        stories.discard(found.date.year % count)
        after = found.date


def _same_words(one: Part, other: Part) -> bool:
    """Whether two messages differ in nothing but their numbers: dates, ordinals, years."""
    return _NUMBER.sub("", one.body) == _NUMBER.sub("", other.body)


def _clauses(facts: Iterable[Fact], language: Language) -> list[str]:
    """Return what the facts print in a language, as they are and at the head of a sentence."""
    said = [clause(f, language) for f in facts if not fact_problems(f, (language.code,))]
    return [*said, *(sentence(each) for each in said)]


def _text_faults(
    text: str, links: Iterable[SourceText], language: Language, dated: Iterable[str] = ()
) -> Iterator[Found]:
    """Yield what is wrong with a plain text and its links in one language."""
    found = [link.link(language.code) for link in links if link.has_title(language.code)]
    shown = "\n".join([text, *(link.title for link in found)])
    yield from tone_faults(shown, language.locale)
    yield from typography_faults(shown, language.locale)
    yield from figure_faults(text, language.locale, dated)
    for link in found:
        yield from address_faults(link.url)


def _own_words_problems(project: Project, language: Language, year: int) -> Iterator[Problem]:
    """Look at a language's labels, and at its templates of notices and digests."""
    folder = language.file.rpartition("/")[0]
    for name in vars(language.labels):
        text = str(getattr(language.labels, name))
        subject = _Subject(language.file, f"labels.{name}")
        faults = _text_faults(text, (), language)
        yield from subject.problems((language.code, found) for found in faults)
    told = next(_tellable(project, language.code, year), None)
    if told is None:
        return
    on, id_ = told.date, told.observance.id
    name = project.days.texts[id_].names[language.code]
    try:
        notices = [project.writer.write([told], [language.code], lead) for lead in (1, 7)]
        digest = project.writer.write_digest([(id_, on)], on, [language.code], on)
    except RenderError:
        return  # said in full by bot.checking.texts
    for template, messages in (("notice", notices), ("digest", [digest])):
        subject = _Subject(f"{folder}/{template}.md.j2", "")
        yield from subject.problems(
            (language.code, found)
            for message in messages
            for part in message.parts
            for found in _text_faults(plain(parse(part.body)).replace(name, ""), (), language)
        )


def _tellable(project: Project, language: str, year: int) -> Iterator[Occurrence]:
    """Yield the next occurrence of each day that is whole in a language."""
    for observance in project.days.calendar:
        if language in languages_of(project.days.texts[observance.id]):
            found = next_occurrence(observance, date(year, 1, 1))
            if found:
                yield found
