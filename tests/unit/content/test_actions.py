"""Actions take turns by year."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from bot.content.actions import action_problems, chosen_actions
from bot.content.message import ActionText, Link
from bot.content.texts import SourceText
from tests.unit.content.samples import ACTIONS

IDS = st.lists(st.sampled_from("abcdefgh"), max_size=8)


@given(IDS, st.integers(1900, 2200), st.integers(1, 3))
def test_years_in_a_row_differ_where_there_are_more_than_are_shown(
    ids: list[str], year: int, count: int
) -> None:
    listed = list(dict.fromkeys(ids))
    chosen = chosen_actions(ids, year, count)
    assert list(chosen) == [id_ for id_ in listed if id_ in chosen]
    assert len(chosen) == min(count, len(listed))
    if len(listed) > count:
        assert chosen != chosen_actions(ids, year + 1, count)
    shown = {id_ for step in range(len(listed)) for id_ in chosen_actions(ids, year + step, count)}
    assert shown == set(listed)


def test_two_of_three_actions_are_shown_in_turn() -> None:
    years = [chosen_actions(("a", "b", "c"), year) for year in (2025, 2026, 2027, 2028)]
    assert years == [("a", "b"), ("a", "c"), ("b", "c"), ("a", "b")]
    assert chosen_actions(("a", "b"), 2026) == chosen_actions(("a", "b"), 2027) == ("a", "b")


def test_an_action_is_told_in_a_language_with_its_links() -> None:
    told = ACTIONS["write"].in_language("fr")
    assert told == ActionText(
        "write", "Please write. (fr)", (Link("Go (fr)", "https://write.example/"),)
    )


def test_what_an_action_lacks_is_named() -> None:
    assert action_problems(ACTIONS["write"], "en") == []
    bare = replace(ACTIONS["write"], text={}, links=(SourceText({}, "https://x.org"),))
    assert [problem.message for problem in action_problems(bare, "en")] == [
        "It has no text.en.",
        "Its link 1 has no title in 'en'.",
    ]
