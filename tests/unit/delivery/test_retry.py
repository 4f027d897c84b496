"""When an attempt is followed by another, and what a delivery comes to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.outcome import Delivered, Outcome, Reason, Rejected, Retry, Unknown
from bot.delivery.retry import LONGEST, SHORTEST, next_delay, settlement
from bot.ledger.rows import Settlement, State

NOW = datetime(2026, 12, 9, 14, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)

chances = st.floats(0, 1, exclude_max=True)
waits = st.timedeltas(timedelta(days=-2), timedelta(days=50))
instants = waits.map(lambda wait: NOW + wait)
outcomes: st.SearchStrategy[Outcome] = st.one_of(
    st.builds(Delivered, st.none() | st.just("77")),
    st.builds(Retry, st.sampled_from(Reason), st.sampled_from(["", "It was busy."])),
    st.builds(Rejected, st.sampled_from(Reason), st.just("No."), st.booleans()),
    st.builds(Unknown, st.sampled_from(Reason), st.just("Nobody knows.")),
)


def settled(
    outcome: Outcome,
    *,
    in_: timedelta = HOUR,
    useful_for: timedelta = 2 * HOUR,
    on_unknown: Literal["hold", "resend"] = "hold",
    repeat_safe_for: timedelta | None = None,
    in_doubt: bool = False,
    may_have_arrived: bool = False,
) -> Settlement:
    return settlement(
        outcome,
        now=NOW,
        next_attempt_at=NOW + in_,
        useful_until=NOW + useful_for,
        on_unknown=on_unknown,
        repeat_safe_until=None if repeat_safe_for is None else NOW + repeat_safe_for,
        in_doubt=in_doubt,
        may_have_arrived=may_have_arrived,
    )


@given(st.integers(1, 10**6), chances)
def test_a_delay_is_at_least_five_seconds_and_at_most_an_hour(attempt: int, chance: float) -> None:
    assert SHORTEST <= next_delay(attempt, None, lambda: chance) <= LONGEST


@given(st.integers(1, 30))
def test_the_ceiling_of_the_delay_doubles_up_to_an_hour(attempt: int) -> None:
    nearly_one = 1 - 2**-40
    expected = min(3600, 5 * 2**attempt)
    longest = next_delay(attempt, None, lambda: nearly_one).total_seconds()
    assert longest == pytest.approx(expected, abs=0.001)


def test_the_whole_range_of_the_delay_is_used() -> None:
    assert next_delay(3, None, lambda: 0.0) == timedelta(seconds=5)
    assert next_delay(3, None, lambda: 0.5) == timedelta(seconds=22.5)


@given(st.integers(1, 40), st.timedeltas(timedelta(days=-9), timedelta(days=60)), chances)
def test_the_wait_that_was_asked_for_is_never_cut_short_nor_made_much_longer(
    attempt: int, asked: timedelta, chance: float
) -> None:
    delay = next_delay(attempt, asked, lambda: chance)
    own = next_delay(attempt, None, lambda: chance)
    assert max(asked, own) <= delay <= max(asked + SHORTEST, own)


@given(st.timedeltas())
def test_an_absurd_wait_still_gives_an_instant_that_exists(asked: timedelta) -> None:
    assert NOW + next_delay(1, asked, lambda: 0.999) < NOW + timedelta(days=61)


def test_two_channels_that_were_told_the_same_wait_do_not_come_back_at_once() -> None:
    minute = timedelta(minutes=1)
    assert next_delay(1, minute, lambda: 0.1) != next_delay(1, minute, lambda: 0.9)


def test_what_was_delivered_is_delivered_with_its_remote_id() -> None:
    assert settled(Delivered("77", "as 77")) == Settlement(
        State.DELIVERED, "delivered", Reason.ACCEPTED, "as 77", "77"
    )


def test_a_failure_that_may_pass_is_tried_again_while_the_message_is_useful() -> None:
    assert settled(Retry(Reason.DNS, "No name.")) == Settlement(
        State.RETRYING, "retry", Reason.DNS, "No name.", next_attempt_at=NOW + HOUR
    )


def test_a_next_attempt_at_the_very_end_of_usefulness_comes_too_late() -> None:
    late = settled(Retry(Reason.DNS, "No name."), in_=2 * HOUR)
    assert (late.state, late.reason) == ("failed", Reason.EXPIRED)
    assert late.detail == (
        "Given up: the next attempt would come after 2026-12-09 16:00 UTC, when the message is no "
        "longer useful. The last failure: No name."
    )


def test_a_failure_without_words_is_named_by_its_reason_when_given_up() -> None:
    late = settled(Retry(Reason.SERVER_ERROR), in_=3 * HOUR)
    assert late.detail.endswith("The last failure: server-error.")


def test_a_refusal_fails() -> None:
    assert settled(Rejected(Reason.TOO_LARGE, "Too long.")) == Settlement(
        State.FAILED, "rejected", Reason.TOO_LARGE, "Too long."
    )


def test_what_may_have_arrived_waits_for_a_person() -> None:
    assert settled(Unknown(Reason.NO_ANSWER, "Cut.")) == Settlement(
        State.UNKNOWN, "unknown", Reason.NO_ANSWER, "Cut."
    )


def test_what_may_have_arrived_is_repeated_while_a_repeat_is_harmless() -> None:
    repeat = settled(Unknown(Reason.NO_ANSWER), repeat_safe_for=2 * HOUR)
    assert (repeat.state, repeat.next_attempt_at) == ("retrying", NOW + HOUR)
    assert settled(Unknown(Reason.NO_ANSWER), repeat_safe_for=HOUR).state == "unknown"


def test_a_harmless_repeat_is_not_made_when_the_message_is_no_longer_useful() -> None:
    late = settled(Unknown(Reason.NO_ANSWER), useful_for=HOUR, repeat_safe_for=9 * HOUR)
    assert late.state == "unknown"


def test_a_channel_may_ask_for_unknowns_to_be_sent_again_within_usefulness() -> None:
    assert settled(Unknown(Reason.DEADLINE), on_unknown="resend").state == "retrying"
    late = settled(Unknown(Reason.DEADLINE), on_unknown="resend", in_=2 * HOUR)
    assert (late.state, late.reason) == ("unknown", Reason.DEADLINE)


def test_a_harmless_repeat_that_fails_is_not_tried_again_once_it_would_be_a_second_post() -> None:
    busy = Retry(Reason.SERVER_ERROR, "It was busy.")
    late = settled(busy, repeat_safe_for=HOUR, in_doubt=True, may_have_arrived=True)
    assert (late.state, late.reason) == ("unknown", Reason.SERVER_ERROR)
    assert settled(busy, repeat_safe_for=2 * HOUR, in_doubt=True).state == "retrying"


def test_a_refused_repeat_does_not_say_that_the_first_one_failed() -> None:
    refused = settled(Rejected(Reason.GONE, "Gone.", gone=True), may_have_arrived=True)
    assert (refused.state, refused.outcome) == ("unknown", "rejected")


def test_a_resend_is_tried_again_whatever_became_of_the_words_before() -> None:
    busy = Retry(Reason.SERVER_ERROR, "It was busy.")
    assert settled(busy, may_have_arrived=True).state == "retrying"
    late = settled(busy, useful_for=HOUR, may_have_arrived=True)
    assert (late.state, late.reason) == ("unknown", Reason.SERVER_ERROR)


@given(
    outcomes,
    instants,
    instants,
    st.sampled_from(["hold", "resend"]),
    st.none() | instants,
    st.booleans(),
    st.booleans(),
)
def test_every_settlement_keeps_the_promises_to_readers(
    outcome: Outcome,
    next_attempt_at: datetime,
    useful_until: datetime,
    on_unknown: Literal["hold", "resend"],
    repeat_safe_until: datetime | None,
    earlier_in_doubt: bool,
    earlier_generation_in_doubt: bool,
) -> None:
    result = settlement(
        outcome,
        now=NOW,
        next_attempt_at=next_attempt_at,
        useful_until=useful_until,
        on_unknown=on_unknown,
        repeat_safe_until=repeat_safe_until,
        in_doubt=earlier_in_doubt,
        may_have_arrived=earlier_in_doubt or earlier_generation_in_doubt,
    )
    in_doubt = earlier_in_doubt or isinstance(outcome, Unknown)
    may_have_arrived = in_doubt or earlier_generation_in_doubt
    assert (result.state == "delivered") == isinstance(outcome, Delivered)
    assert (result.next_attempt_at is not None) == (result.state == "retrying")
    if result.state == "failed":
        assert not may_have_arrived
    if result.state == "unknown":
        assert may_have_arrived
    if result.state == "retrying":
        assert next_attempt_at < useful_until
        if in_doubt and on_unknown == "hold":
            assert repeat_safe_until is not None
            assert next_attempt_at < repeat_safe_until
