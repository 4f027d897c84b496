"""Rate limits."""

from __future__ import annotations

import threading
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.delivery.rate_limits import RateLimits


class Stopwatch:
    """A monotonic clock that stands until it is moved; starts at no special number."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch() -> Stopwatch:
    return Stopwatch()


@pytest.fixture
def limits(watch: Stopwatch) -> RateLimits:
    return RateLimits(watch)


def test_the_first_request_goes_at_once_and_the_next_waits_its_turn(
    limits: RateLimits, watch: Stopwatch
) -> None:
    assert limits.wait_for([("hook", 0.5)]) == 0.0
    assert limits.wait_for([("hook", 0.5)]) == 2.0
    watch.now += 2.0
    assert limits.wait_for([("hook", 0.5)]) == 0.0


def test_a_request_waits_for_the_slowest_of_its_buckets_and_takes_none_meanwhile(
    limits: RateLimits, watch: Stopwatch
) -> None:
    limits.wait_for([("host", 0.1)])
    assert limits.wait_for([("hook", 1.0), ("host", 0.1)]) == 10.0
    assert limits.wait_for([("hook", 1.0)]) == 0.0


def test_a_taken_turn_is_taken_of_every_bucket(limits: RateLimits) -> None:
    limits.wait_for([("hook", 1.0), ("host", 0.1)])
    assert limits.wait_for([("hook", 1.0)]) == 1.0
    assert limits.wait_for([("host", 0.1)]) == 10.0


def test_a_request_without_limits_never_waits(limits: RateLimits) -> None:
    assert limits.wait_for([]) == 0.0
    assert limits.wait_for([]) == 0.0


def test_unused_turns_are_not_saved_up_for_a_burst(limits: RateLimits, watch: Stopwatch) -> None:
    limits.wait_for([("hook", 1.0)])
    watch.now += 3600
    assert limits.wait_for([("hook", 1.0)]) == 0.0
    assert limits.wait_for([("hook", 1.0)]) == 1.0


def test_after_a_429_nothing_goes_to_that_key_before_its_time_and_others_are_free(
    limits: RateLimits, watch: Stopwatch
) -> None:
    limits.back_off("hook", 30.0)
    assert limits.wait_for([("hook", 100.0)]) == 30.0
    assert limits.wait_for([("other", 100.0)]) == 0.0
    watch.now += 30.0
    assert limits.wait_for([("hook", 100.0)]) == 0.0


def test_a_shorter_back_off_never_shortens_a_longer_one(limits: RateLimits) -> None:
    limits.back_off("hook", 30.0)
    limits.back_off("hook", 1.0)
    limits.back_off("hook", -5.0)
    assert limits.wait_for([("hook", 1.0)]) == 30.0


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan")])
def test_a_rate_that_is_not_over_zero_is_a_mistake(limits: RateLimits, rate: float) -> None:
    with pytest.raises(ValueError, match="over 0"):
        limits.wait_for([("hook", rate)])


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 3)), min_size=1, max_size=60),
    st.sampled_from([0.5, 1.0, 4.0]),
)
def test_no_bucket_gives_more_turns_than_its_rate_allows(
    steps: list[tuple[str, float]], rate: float
) -> None:
    watch = Stopwatch()
    limits = RateLimits(watch)
    turns: dict[str, list[float]] = {}
    for name, pause in steps:
        watch.now += pause
        wait = limits.wait_for([(name, rate)])
        if wait == 0.0:
            turns.setdefault(name, []).append(watch.now)
        else:
            assert 0 < wait <= 1 / rate + 1e-9
    for taken in turns.values():
        for earlier, later in pairwise(taken):
            assert later - earlier >= 1 / rate - 1e-9


def test_one_turn_is_given_once_however_many_ask_at_the_same_time(limits: RateLimits) -> None:
    start = threading.Barrier(16)
    taken: Counter[bool] = Counter()
    lock = threading.Lock()

    def ask() -> None:
        start.wait()
        for _ in range(50):
            free = limits.wait_for([("hook", 1.0)]) == 0.0
            with lock:
                taken[free] += 1

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert taken == {True: 1, False: 799}


def test_buckets_that_are_full_again_are_forgotten_so_that_memory_is_bounded(
    watch: Stopwatch,
) -> None:
    limits = RateLimits(watch, most=10)
    limits.back_off("slow", 500.0)
    for number in range(1000):
        watch.now += 0.4
        limits.wait_for([(f"hook-{number}", 1.0)])
        assert len(limits) <= 10
    assert limits.wait_for([("slow", 1.0)]) == pytest.approx(100.0)


def test_where_too_many_are_shut_those_that_open_last_are_remembered(watch: Stopwatch) -> None:
    limits = RateLimits(watch, most=10)
    for number in range(1, 100):
        limits.back_off(f"hook-{number}", float(number))
        assert len(limits) <= 10
    assert limits.wait_for([("hook-99", 1.0)]) == 99.0
    assert limits.wait_for([("hook-1", 1.0)]) == 0.0


def test_the_longest_wait_is_remembered_whatever_its_name(watch: Stopwatch) -> None:
    limits = RateLimits(watch, most=4)
    for number in range(9, 0, -1):
        limits.back_off(f"hook-{number}", 100.0 - number)
    assert limits.wait_for([("hook-1", 1.0)]) == 99.0
    assert limits.wait_for([("hook-2", 1.0)]) == 98.0
