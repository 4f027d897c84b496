"""How many requests may be under way at once where nobody says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engines.workers import LEAST, MOST, Latency, fixed_workers, workers_for

BACKLOGS = st.integers(0, 10**7)
LATENCIES = st.floats(0.0, 600.0)


@given(BACKLOGS, LATENCIES)
def test_never_fewer_than_8_and_never_more_than_256(backlog: int, latency_s: float) -> None:
    assert LEAST == 8 <= workers_for(backlog, latency_s) <= 256 == MOST


@given(BACKLOGS, BACKLOGS, LATENCIES, LATENCIES)
def test_more_that_waits_and_slower_answers_never_make_fewer(
    backlog: int, more: int, latency_s: float, slower_s: float
) -> None:
    assert workers_for(backlog, latency_s) <= workers_for(backlog + more, latency_s + slower_s)


@given(BACKLOGS, st.floats(0.0, 1.0))
def test_a_crash_leaves_little_of_a_backlog_in_doubt(backlog: int, latency_s: float) -> None:
    """A 32nd, or what goes out in a tenth of the time that one answer takes, or the least."""
    at_most = max(LEAST, backlog / 32 + 1, backlog * latency_s / 10 + 1)
    assert workers_for(backlog, latency_s) <= at_most


@pytest.mark.parametrize(
    ("backlog", "latency_s", "workers"),
    [
        (0, 0.0, 8),
        (100, 0.2, 8),
        (320, 0.0, 10),
        (2000, 0.002, 62),
        (100_000, 0.002, 64),
        (10_000, 0.2, 200),
        (500, 2.0, 100),
        (10_000, 30.0, 256),
    ],
)
def test_what_waits_is_worked_off_in_ten_seconds(
    backlog: int, latency_s: float, workers: int
) -> None:
    assert workers_for(backlog, latency_s) == workers


def test_the_first_answers_say_how_slow_the_servers_are() -> None:
    latency = Latency()
    assert latency.at(1000.0) == 0.0
    for took_s in (0.1, 0.3):
        latency.observe(took_s, 1000.0)
    assert latency.at(1000.0) == pytest.approx(0.2)


def test_one_slow_answer_among_many_moves_the_figure_a_little_and_a_change_is_followed() -> None:
    latency = Latency()
    for _ in range(100):
        latency.observe(0.1, 1000.0)
    latency.observe(3.3, 1000.0)
    assert latency.at(1000.0) == pytest.approx(0.2)
    for _ in range(200):
        latency.observe(1.0, 1000.0)
    assert latency.at(1000.0) == pytest.approx(1.0, rel=0.01)


def test_the_figure_halves_with_each_minute_without_an_answer() -> None:
    latency = Latency()
    latency.observe(8.0, 1000.0)
    assert latency.at(1060.0) == pytest.approx(4.0)
    assert latency.at(1180.0) == pytest.approx(1.0)


def test_after_a_rest_the_first_answers_count_anew() -> None:
    latency = Latency()
    for _ in range(100):
        latency.observe(8.0, 1000.0)
    latency.observe(0.2, 2000.0)
    assert latency.at(2000.0) == pytest.approx(0.2)


@given(st.lists(st.tuples(st.floats(0.0, 300.0), st.floats(0.0, 100.0)), min_size=1))
def test_the_figure_is_never_over_the_slowest_answer(answers: list[tuple[float, float]]) -> None:
    latency, now = Latency(), 0.0
    for took_s, later_s in answers:
        now += later_s
        latency.observe(took_s, now)
        assert 0.0 <= latency.at(now) <= max(took for took, _ in answers) + 1e-9


def test_a_number_stays_a_number_and_auto_is_8_on_a_cluster() -> None:
    assert (fixed_workers(3), fixed_workers("auto")) == (3, 8)
