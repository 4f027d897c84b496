"""The rules over whole messages: every language, every story, and the answers of an entry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from bot.calendar.rules import FixedDay
from bot.checking.rules import RULES, part_faults, rule_problems
from bot.content.message import Link, Part
from bot.content.texts import SourceText, Story, languages_of
from bot.errors import Problem
from bot.project.load import Project
from tests.unit.checking.making import (
    ACTION,
    DAY,
    FACT,
    OBSERVANCE,
    ROOT,
    SOURCE,
    project_of,
    saying,
    shipped,
)


def found(project: Project, year: int = 2026) -> list[Problem]:
    return list(rule_problems(project, year))


def codes(project: Project) -> list[tuple[str, str]]:
    return [(problem.level, problem.code) for problem in found(project)]


def test_a_day_in_order_has_nothing_said_of_it() -> None:
    project = project_of(facts={FACT.id: FACT}, actions={ACTION.id: ACTION})
    assert found(project) == []


@pytest.mark.parametrize(
    ("text", "language", "code"),
    [
        ("We celebrate.", "en", "tone-word"),
        ("Remember!", "en", "exclamation"),
        ("A candle 🕯.", "fr", "emoji"),
        ("Hoy recordamos.", "es", "relative-day"),
        ("There are 153 States.", "en", "undated-number"),
        ("l'ONU.", "fr", "typography-apostrophe"),
        ("Ceci: cela.", "fr", "typography-fr-colon"),
        ("Le «génocide».", "fr", "typography-fr-guillemets"),
        ("Ceci ; cela.", "fr", "typography-fr-semicolon"),
        ("Qué hacer?", "es", "typography-es-opening"),
        ("See [this](www.un.org).", "en", "bad-link"),
        ("See [this](https://un.org/a.).", "en", "bad-link"),
        ("See [this](http://un.org/a).", "en", "http-link"),
    ],
)
def test_a_fault_is_told_with_file_entry_and_language_and_can_be_answered(
    text: str, language: str, code: str
) -> None:
    day = saying(text, language)
    told = [problem for problem in found(project_of(day)) if problem.code == code]
    assert told
    assert {(p.level, p.file, p.entry) for p in told} == {
        (RULES[code], "config/observances/own.toml", "our-day")
    }
    assert all(problem.message.startswith(f"{language}: ") for problem in told)
    answered = replace(day, answers={code: "It is a quotation."})
    assert code not in {problem.code for problem in found(project_of(answered))}


def test_the_title_the_sources_and_every_story_are_looked_through() -> None:
    names = {**DAY.names, "en": "Happy day"}
    assert codes(project_of(replace(DAY, names=names))) == [("error", "tone-word")]
    sources = (SourceText({"en": "Sources!", "fr": "Sources", "es": "Fuentes"}, SOURCE.url),)
    assert codes(project_of(replace(DAY, sources=sources))) == [("error", "exclamation")]
    second = replace(
        DAY.stories[1], sources=(SourceText("Old page", "http://un.org/old"),), together=DAY.opening
    )
    project = project_of(replace(DAY, stories=(DAY.stories[0], second)))
    (problem,) = found(project)
    assert (problem.code, problem.message[:12]) == ("http-link", "en, es, fr: ")


def test_a_fault_that_all_stories_share_is_told_once() -> None:
    assert codes(project_of(saying("We celebrate."))) == [("error", "tone-word")]


@pytest.mark.parametrize(
    ("words", "wrong"), [(59, True), (60, False), (160, False), (161, True), (500, True)]
)
def test_a_message_has_60_to_160_words_in_each_language(words: int, wrong: bool) -> None:
    part = Part("en", "Title of a day", "word " * words, sources=(Link("A", "https://un.org/"),))
    language = shipped().languages["en"]
    assert [each.code for each in part_faults(part, language)] == (["length"] if wrong else [])


def test_a_message_without_a_source_is_an_error() -> None:
    part = Part("en", "Title", "word " * 80)
    (fault,) = part_faults(part, shipped().languages["en"])
    assert (fault.code, RULES[fault.code]) == ("no-source", "error")
    assert codes(project_of(replace(DAY, sources=())))[0] == ("error", "no-source")


def test_a_fact_dates_its_figure_and_the_date_of_the_message_does_not() -> None:
    facts = {FACT.id: FACT}
    said = saying('On {{ date }}: {{ fact("members") }}. {{ fact("members")|sentence }}.')
    assert found(project_of(said, facts=facts)) == []
    carried_over = saying("On {{ date }} there are 153 States.")
    assert codes(project_of(carried_over)) == [("warning", "undated-number")]


def test_two_years_in_a_row_with_the_same_words_are_a_warning() -> None:
    one = replace(DAY, stories=DAY.stories[:1])
    (problem,) = found(project_of(saying("{{ date }}, {{ year }}.", stories=one.stories)))[:1]
    assert (problem.level, problem.code) == ("warning", "same-words")
    assert problem.message.startswith("en, es, fr: 2026 and 2027 have the same words")
    endings = saying("The {{ ordinal }}.", stories=one.stories)
    counted = replace(OBSERVANCE, since=2006, count="observances")  # the 21st, then the 22nd
    assert codes(project_of(endings, counted)) == [("warning", "same-words")]
    twins = replace(DAY, stories=(DAY.stories[0], DAY.stories[0]))
    assert codes(project_of(twins)) == [("warning", "same-words")]
    ends = replace(DAY, stories=(*DAY.stories, DAY.stories[0]))
    assert "2027 and 2028" in found(project_of(ends), 2026)[0].message


def test_a_day_that_comes_once_or_years_apart_may_have_one_story() -> None:
    one = replace(DAY, stories=DAY.stories[:1])
    assert found(project_of(one, replace(OBSERVANCE, until=2026))) == []
    rare = replace(OBSERVANCE, event=1950, milestones_only=True)
    assert found(project_of(one, rare)) == []
    assert found(project_of(saying("We celebrate."), replace(OBSERVANCE, until=2024))) == []


def test_a_language_that_a_day_has_not_whole_is_left_alone() -> None:
    day = saying("Nous célébrons!", "fr")
    assert "fr" not in languages_of(replace(day, names={"en": "Our day"}))
    assert found(project_of(replace(day, names={"en": "Our day"}))) == []


def test_a_day_that_cannot_be_written_is_left_to_the_check_of_texts() -> None:
    assert found(project_of(saying("{{ nothing }}"))) == []
    assert [p.code for p in found(project_of(saying("{{ nothing }}", "fr")))] == []


@pytest.mark.parametrize(
    ("answers", "level", "code", "words"),
    [
        ({"tone-wrod": "A name."}, "error", "unknown-rule", "Did you mean 'tone-word'?"),
        ({"xyz": "A name."}, "error", "unknown-rule", "There are: tone-word, "),
        ({"emoji": " "}, "error", "empty-answer", "no reason for 'emoji'"),
        ({"emoji": "A flag."}, "note", "needless-answer", "it can go"),
    ],
)
def test_an_answer_that_answers_nothing_is_told(
    answers: Mapping[str, str], level: str, code: str, words: str
) -> None:
    (problem,) = found(project_of(replace(DAY, answers=answers)))
    assert (problem.level, problem.code, problem.entry) == (level, code, "our-day")
    assert words in problem.message


def test_an_answer_without_a_reason_answers_nothing() -> None:
    day = saying("We celebrate.", answers={"tone-word": ""})
    assert {problem.code for problem in found(project_of(day))} == {"tone-word", "empty-answer"}


def test_actions_are_looked_through_and_can_answer() -> None:
    action = replace(
        ACTION,
        text={**ACTION.text, "en": "Celebrate with 40 people!"},
        links=(SourceText({"en": "Go"}, "https://localhost/"),),
    )
    told = found(project_of(actions={action.id: action}))
    assert {problem.code for problem in told} == {
        "tone-word",
        "exclamation",
        "undated-number",
        "bad-link",
    }
    assert {(problem.file, problem.entry) for problem in told} == {("config/actions.toml", "write")}
    answered = replace(action, answers=dict.fromkeys((p.code for p in told), "Its name."))
    assert found(project_of(actions={action.id: answered})) == []


def test_facts_that_no_text_prints_are_looked_through_and_can_answer() -> None:
    fact = replace(
        FACT,
        text={**FACT.text, "fr": "aujourd’hui, le {date}, {value} États"},
        source=SourceText("Page", "http://un.org/"),
    )
    told = found(project_of(facts={fact.id: fact}))
    assert {(problem.code, problem.message.split(":")[0]) for problem in told} == {
        ("relative-day", "fr"),
        ("http-link", "en, es, fr"),
    }
    answers = {"relative-day": "A name.", "http-link": "No other."}
    assert found(project_of(facts={fact.id: replace(fact, answers=answers)})) == []


def test_a_language_s_own_words_are_looked_through(tmp_path: Path) -> None:
    folder = tmp_path / "templates" / "en"
    folder.mkdir(parents=True)
    (folder / "language.toml").write_text('[labels]\nnotice = "Coming soon!"\n', "utf-8")
    (folder / "notice.md.j2").write_text("{{ name }} is tomorrow, {{ date }}.\n", "utf-8")
    (folder / "digest.md.j2").write_text(
        "Happy month{% for item in items %}, {{ item.name }}{% endfor %}\n", "utf-8"
    )
    places = replace(shipped().places, own=tmp_path / "config", root=tmp_path)
    day = replace(DAY, names={**DAY.names, "en": "Tomorrow’s happy day"}, answers=_NAME_ANSWERS)
    told = {(p.file, p.entry, p.code) for p in found(project_of(day, places=places))}
    assert told == {
        ("templates/en/language.toml", "labels.notice", "exclamation"),
        ("templates/en/notice.md.j2", "", "relative-day"),
        ("templates/en/digest.md.j2", "", "tone-word"),
    }


_NAME_ANSWERS = {"tone-word": "Its official name.", "relative-day": "Its official name."}


def test_a_broken_notice_is_left_to_the_check_of_texts(tmp_path: Path) -> None:
    folder = tmp_path / "templates" / "en"
    folder.mkdir(parents=True)
    (folder / "notice.md.j2").write_text("{{ nothing }}!\n", "utf-8")
    places = replace(shipped().places, own=tmp_path / "config", root=tmp_path)
    assert found(project_of(places=places)) == []


def test_a_calendar_without_a_day_to_come_is_no_fault() -> None:
    never = replace(OBSERVANCE, rule=FixedDay(3, 5), until=2021)
    assert found(project_of(observance=never)) == []


def test_the_page_for_editors_tells_every_rule() -> None:
    page = (ROOT / "docs" / "editing.md").read_text("utf-8")
    assert [code for code in RULES if f"`{code}`" not in page] == []


def test_a_story_s_own_words_are_found_wherever_its_turn_comes() -> None:
    stories = tuple(
        Story({code: f"{number}. {text}" for code, text in DAY.stories[0].texts.items()})
        for number in ("One", "Two", "Three")
    )
    broken = Story({**stories[1].texts, "en": "We celebrate."})
    for place in range(3):
        told = [broken if at == place else story for at, story in enumerate(stories)]
        same = {p.code for p in found(project_of(replace(DAY, stories=tuple(told))))}
        assert "tone-word" in same


def test_a_story_whose_turn_comes_late_between_milestones_is_looked_through() -> None:
    """The milestones of 2000 are 2030, 2040, 2050, 2060, 2070 and, the first odd year, 2075."""
    broken = replace(DAY.stories[1], texts={**DAY.stories[1].texts, "en": "We celebrate."})
    day = replace(DAY, stories=(DAY.stories[0], broken))
    rare = replace(OBSERVANCE, event=2000, milestones_only=True)
    assert codes(project_of(day, rare)) == [("error", "tone-word")]


def test_a_post_of_the_first_of_january_is_looked_through_in_its_own_year() -> None:
    once = replace(OBSERVANCE, rule=FixedDay(1, 1), since=2026, until=2026)
    assert codes(project_of(saying("We celebrate."), once)) == [("error", "tone-word")]
