"""The rules of the words, over every message that the calendar can give: each language, each story.

A rule sees what a reader sees. An entry may answer a rule with a reason, in its ``[id.answers]``.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Literal

from bot.calendar.observances import Observance, Occurrence
from bot.calendar.occurrences import next_occurrence
from bot.checking.faults import Fault
from bot.checking.figures import figure_faults
from bot.checking.links import address_faults, addresses, lost_links
from bot.checking.tone import tone_faults
from bot.checking.typography import typography_faults
from bot.content.facts import Fact, clause, fact_problems
from bot.content.languages import Language
from bot.content.markdown import parse, plain, words
from bot.content.message import Part
from bot.content.sandbox import sentence
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
        faults = _day_faults(project, observance, day, year)
        yield from _problems(faults, day.file, day.id, day.answers)
    for action in project.actions.values():
        faults = (
            (language.code, fault)
            for language in project.languages.values()
            for fault in _text_faults(action.text.get(language.code, ""), action.links, language)
        )
        yield from _problems(faults, action.file, action.id, action.answers)
    for fact in project.facts.values():
        faults = (
            (language.code, fault)
            for language in project.languages.values()
            for detail in _clauses([fact], language)[:1]
            for fault in _text_faults(detail, [fact.source], language, dated=[detail])
        )
        yield from _problems(faults, fact.file, fact.id, fact.answers)
    for language in project.languages.values():
        yield from _own_words_problems(project, language, year)


def part_faults(part: Part, language: Language, dated: Iterable[str] = ()) -> Iterator[Fault]:
    """Yield what is wrong with a message in one language. ``dated`` as
    :func:`bot.checking.figures.figure_faults` takes it."""
    body = plain(parse(part.body))
    text = "\n".join([part.title, body, *(source.title for source in part.sources)])
    yield from tone_faults(text, language.locale)
    yield from typography_faults(text, language.locale)
    yield from figure_faults(body, language.locale, dated)
    yield from lost_links(part.body)
    for url in (*addresses(parse(part.body)), *(source.url for source in part.sources)):
        yield from address_faults(url)
    if not part.sources:
        yield Fault("no-source", "The message has no source: add one to `sources`.")
    count = words(part.body)
    if not FEWEST_WORDS <= count <= MOST_WORDS:
        detail = f"{count} words before the sources; {FEWEST_WORDS} to {MOST_WORDS} are right."
        yield Fault("length", detail)


def _problems(
    faults: Iterable[tuple[str, Fault]], file: str, entry: str, answers: Mapping[str, str]
) -> Iterator[Problem]:
    """Yield each fault of an entry once, with its languages, but for those that it has answered;
    then what is wrong with the answers. ``faults`` come with the code of their language."""
    languages: dict[Fault, dict[str, None]] = defaultdict(dict)
    for language, fault in faults:
        languages[fault][language] = None
    for fault, where in languages.items():
        if not answers.get(fault.code, "").strip():
            detail = f"{', '.join(where)}: {fault.sentence}"
            yield Problem(RULES[fault.code], fault.code, file, entry, detail)
    needed = {fault.code for fault in languages}
    for code, reason in answers.items():
        if code not in RULES:
            hint = nearest(code, RULES) or f" There are: {', '.join(RULES)}."
            detail = f"`answers` names '{code}', which is no rule.{hint}"
            yield Problem("error", "unknown-rule", file, entry, detail)
        elif not reason.strip():
            detail = f"`answers` gives no reason for '{code}': write why it does not hold here."
            yield Problem("error", "empty-answer", file, entry, detail)
        elif code not in needed:
            detail = f"`answers` answers '{code}', which nothing here breaks: it can go."
            yield Problem("note", "needless-answer", file, entry, detail)


def _day_faults(
    project: Project, observance: Observance, day: DayText, year: int
) -> Iterator[tuple[str, Fault]]:
    for code in sorted(languages_of(day) & project.languages.keys()):
        language = project.languages[code]
        clauses = _clauses(project.facts.values(), language)
        looked_at: set[int] = set()
        same = False
        before: tuple[int, Part] | None = None
        for occurrence in _occurrences_until_told(observance, day, year):
            try:
                part = project.writer.write([occurrence], [code]).parts[0]
            except RenderError:
                break  # said in full by bot.checking.texts
            on = occurrence.date
            turn = on.year % max(len(day.stories), 1)  # as bot.content.texts.chosen_story
            if turn not in looked_at:
                dated = (*clauses, language.date(on))
                yield from ((code, fault) for fault in part_faults(part, language, dated))
            if not same and before and before[0] == on.year - 1 and _same_words(before[1], part):
                same = True
                detail = (
                    f"{on.year - 1} and {on.year} have the same words: add a [[{day.id}.story]]."
                )
                yield code, Fault("same-words", detail)
            looked_at.add(turn)
            before = on.year, part


def _occurrences_until_told(
    observance: Observance, day: DayText, year: int
) -> Iterator[Occurrence]:
    """Yield occurrences from ``year`` on until each story was told, and one more, to see whether
    its words differ from those before it."""
    stories = set(range(max(len(day.stories), 1)))
    count = len(stories)
    after = date(year - 1, 12, 31)
    while occurrence := next_occurrence(observance, after, _YEARS_AHEAD):
        yield occurrence
        if not stories or occurrence.date.year > year + _YEARS_AHEAD:
            return
        stories.discard(occurrence.date.year % count)
        after = occurrence.date


def _same_words(part: Part, other: Part) -> bool:
    """Whether two messages differ in nothing but their numbers: dates, ordinals, years."""
    return _NUMBER.sub("", part.body) == _NUMBER.sub("", other.body)


def _clauses(facts: Iterable[Fact], language: Language) -> list[str]:
    """Return what the facts print in a language, as they are and at the head of a sentence."""
    clauses = [clause(f, language) for f in facts if not fact_problems(f, (language.code,))]
    return [*clauses, *(sentence(text) for text in clauses)]


def _text_faults(
    text: str, links: Iterable[SourceText], language: Language, dated: Iterable[str] = ()
) -> Iterator[Fault]:
    """Yield what is wrong with a plain text and its links in one language."""
    titled = [link.link(language.code) for link in links if link.has_title(language.code)]
    visible = "\n".join([text, *(link.title for link in titled)])
    yield from tone_faults(visible, language.locale)
    yield from typography_faults(visible, language.locale)
    yield from figure_faults(text, language.locale, dated)
    for link in titled:
        yield from address_faults(link.url)


def _own_words_problems(project: Project, language: Language, year: int) -> Iterator[Problem]:
    """Look at a language's labels, and at its templates of notices and digests."""
    folder = language.file.rpartition("/")[0]
    for name, text in vars(language.labels).items():
        faults = ((language.code, fault) for fault in _text_faults(str(text), (), language))
        yield from _problems(faults, language.file, f"labels.{name}", {})
    occurrence = next(_next_occurrences(project, language.code, year), None)
    if occurrence is None:
        return
    on, id_ = occurrence.date, occurrence.observance.id
    name = project.days.texts[id_].names[language.code]
    try:
        notices = [project.writer.write([occurrence], [language.code], lead) for lead in (1, 7)]
        digest = project.writer.write_digest([(id_, on)], on, [language.code], on)
    except RenderError:
        return  # said in full by bot.checking.texts
    for template, messages in (("notice", notices), ("digest", [digest])):
        faults = (
            (language.code, fault)
            for message in messages
            for part in message.parts
            for fault in _text_faults(plain(parse(part.body)).replace(name, ""), (), language)
        )
        yield from _problems(faults, f"{folder}/{template}.md.j2", "", {})


def _next_occurrences(project: Project, language: str, year: int) -> Iterator[Occurrence]:
    """Yield the next occurrence of each day that is whole in a language."""
    for observance in project.days.calendar:
        if language in languages_of(project.days.texts[observance.id]):
            occurrence = next_occurrence(observance, date(year, 1, 1))
            if occurrence:
                yield occurrence
