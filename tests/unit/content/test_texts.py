"""The words of a day: which it has in a language, where its links lead, which story is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.content.message import Link
from bot.content.texts import SourceText, Story, chosen_story, languages_of, missing
from bot.errors import RenderError
from tests.unit.content.samples import LANGUAGES, TEXT, in_all

EN_ONLY = {"en": "x"}


def test_a_link_has_the_languages_title_and_page_or_the_english_page() -> None:
    text = SourceText({"en": "E", "fr": "F"}, {"en": "https://e.org", "es": "https://s.org"})
    assert text.link("en") == Link("E", "https://e.org")
    assert text.link("fr") == Link("F", "https://e.org")
    neutral = SourceText("A/RES/1", "https://u.org")
    assert neutral.link("es") == Link("A/RES/1", "https://u.org")
    with pytest.raises(RenderError, match="no title in 'es'"):
        text.link("es")


def test_a_whole_day_lacks_nothing_in_its_languages_and_all_in_another() -> None:
    assert languages_of(TEXT) == set(LANGUAGES)
    assert missing(TEXT, "en") == []
    assert missing(TEXT, "de") == [
        "name.de",
        "opening.de",
        "together.de",
        "story 1 in de",
        "story 2 in de",
    ]


@pytest.mark.parametrize(
    ("change", "lacks"),
    [
        ({"names": EN_ONLY}, "name.fr"),
        ({"opening": {**in_all("x"), "fr": ""}}, "opening.fr"),
        ({"together": EN_ONLY}, "together.fr"),
        ({"stories": (TEXT.stories[0], Story(EN_ONLY))}, "story 2 in fr"),
        ({"stories": (Story(in_all("x"), together=EN_ONLY),)}, "together.fr of story 1"),
        ({"sources": (SourceText(EN_ONLY, "https://x.org"),)}, "title.fr of source 1"),
        (
            {"stories": (Story(in_all("x"), (SourceText(EN_ONLY, "https://x.org"),)),)},
            "title.fr of source 1 of story 1",
        ),
    ],
)
def test_what_a_day_lacks_is_named(change: dict[str, Any], lacks: str) -> None:
    day = replace(TEXT, **change)
    assert missing(day, "fr") == [lacks]
    assert missing(day, "en") == []
    assert "fr" not in languages_of(day)


def test_a_day_without_together_lacks_none() -> None:
    assert missing(replace(TEXT, together={}), "fr") == []


@given(st.integers(1, 9), st.integers(1900, 2200))
def test_stories_take_turns_so_that_two_years_in_a_row_differ(count: int, year: int) -> None:
    stories = [Story({"en": str(number)}) for number in range(count)]
    told = [chosen_story(stories, year + step) for step in range(count)]
    assert len({story.texts["en"] for story in told if story}) == count
    assert told[0] == stories[year % count]
    assert chosen_story(stories, year + count) == told[0]


def test_no_story_is_chosen_of_none() -> None:
    assert chosen_story((), 2026) is None
