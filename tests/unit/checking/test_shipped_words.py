"""The calendar that ships: in order by every rule, and never the same words two years running."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest

from bot.calendar.occurrences import occurrences
from bot.checking import check_project
from bot.content.texts import languages_of
from tests.unit.checking.making import shipped

LANGUAGES = ("en", "fr", "es")
FIRST, LAST = 2026, 2040


def test_nothing_is_said_of_what_ships() -> None:
    """Facts go past their review as time goes by, so the day is one that they were reviewed for."""
    assert check_project(shipped(), datetime(2026, 11, 24, tzinfo=UTC)) == []


@pytest.mark.parametrize("year", [2031, 2036])
def test_the_words_are_in_order_in_later_years_too(year: int) -> None:
    codes = {problem.code for problem in check_project(shipped(), datetime(year, 6, 1, tzinfo=UTC))}
    assert codes <= {"stale-fact"}


def test_every_day_has_every_language_whole() -> None:
    texts = shipped().days.texts
    assert {
        id_: languages_of(day) >= set(LANGUAGES) for id_, day in texts.items()
    } == dict.fromkeys(texts, True)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_years_in_a_row_give_the_same_text_for_the_same_day(language: str) -> None:
    """Dates, ordinals and counts of years change by themselves, so the words must without them."""
    project = shipped()
    compared = 0
    for observance in project.days.calendar:
        by_year: dict[int, str] = {}
        for occurrence in occurrences(observance, date(FIRST, 1, 1), date(LAST, 12, 31)):
            body = project.writer.write([occurrence], [language]).parts[0].body
            by_year[occurrence.date.year] = re.sub(r"[0-9]+\.?\w*", "", body)
        for year, words in by_year.items():
            if year - 1 in by_year:
                compared += 1
                assert words != by_year[year - 1], (observance.id, year)
    assert compared > 500
