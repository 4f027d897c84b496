"""Lengths of time as people write them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.settings.models import parse_duration

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@given(
    st.lists(st.tuples(st.integers(0, 9_999_999), st.sampled_from("smhd")), min_size=1, max_size=4)
)
def test_the_pieces_of_a_length_are_added(pieces: list[tuple[int, str]]) -> None:
    text = " ".join(f"{number}{unit}" for number, unit in pieces)

    assert parse_duration(text).total_seconds() == sum(n * _UNITS[unit] for n, unit in pieces)


def test_a_length_that_is_one_already_stays() -> None:
    assert parse_duration(timedelta(hours=3)) == timedelta(hours=3)


@pytest.mark.parametrize("text", ["", "36", "h", "36 h", "-3h", "3 hours", "1h-", 36, None, "٣h"])
def test_anything_else_is_refused_with_the_forms_that_exist(text: object) -> None:
    with pytest.raises(ValueError, match="write 30m, 36h or 7d"):
        parse_duration(text)
