from __future__ import annotations

import os
from datetime import timedelta

import pytest

from bot.channels.outcome import Reason
from bot.clock import SystemClock
from bot.errors import LedgerError
from bot.ledger.ledger import Ledger
from bot.ledger.rows import Settlement, State
from tests.contract.ledger.making import (
    HOUR,
    KEY,
    LEASE,
    NOW,
    OBSERVANCE,
    USEFUL,
    claimed,
    deliver,
    delivered,
    for_approval,
    lose,
    plan,
    put_in,
    refuse,
    refused,
    settle,
    state_of,
    try_later,
)


def test_what_is_due_comes_longest_due_first_and_no_more_than_asked(ledger: Ledger) -> None:
    put_in(
        ledger,
        plan("late", due_at=NOW + HOUR),
        plan("second", due_at=NOW),
        plan("first", due_at=NOW - HOUR),
    )
    assert [row.channel for row in ledger.due(NOW, 10)] == ["first", "second"]
    assert [row.channel for row in ledger.due(NOW, 1)] == ["first"]
    assert [row.channel for row in ledger.due(NOW, 10, skip_channels=["first"])] == ["second"]
    assert [row.channel for row in ledger.due(NOW + USEFUL, 10)] == ["late"]
    assert ledger.next_attempt_at() == NOW - HOUR


def test_nothing_waits_in_a_new_ledger(ledger: Ledger) -> None:
    assert ledger.next_attempt_at() is None
    assert ledger.due(NOW, 10) == ()


def test_a_claim_begins_an_attempt_and_is_given_once(ledger: Ledger, run: str) -> None:
    put_in(ledger)
    claim = claimed(ledger, run)
    assert (claim.key, claim.run_id, claim.fence, claim.number) == (KEY, run, 1, 1)
    row = claim.delivery
    assert ledger.claim([row], run, NOW, LEASE) == []
    assert (row.state, row.run_id, row.attempts, row.tries) == (State.SENDING, run, 1, 1)
    assert row.next_attempt_at is None
    # a machine's own clock, or the one that all machines share
    assert row.lease_until is not None
    assert row.lease_until == NOW + LEASE or ledger.shared
    (attempt,) = ledger.attempts(KEY)
    assert (attempt.number, attempt.generation, attempt.started_at) == (1, 0, NOW)
    assert (attempt.ended_at, attempt.outcome) == (None, None)


def test_what_is_not_due_or_no_longer_useful_is_not_claimed(ledger: Ledger, run: str) -> None:
    put_in(ledger)
    row = ledger.history()[0]
    assert ledger.claim([row], run, NOW - HOUR, LEASE) == []
    assert ledger.claim([row], run, NOW + USEFUL, LEASE) == []
    assert state_of(ledger) is State.READY


def test_what_was_held_since_it_was_found_due_is_not_claimed(ledger: Ledger, run: str) -> None:
    put_in(ledger)
    (row,) = ledger.due(NOW, 1)
    ledger.set_pause(NOW + HOUR, NOW)
    assert ledger.claim([row], run, NOW, LEASE) == []
    assert state_of(ledger) is State.HELD


def test_what_was_tried_since_it_was_found_due_is_not_claimed(ledger: Ledger, run: str) -> None:
    put_in(ledger)
    (row,) = ledger.due(NOW, 1)
    try_later(ledger, claimed(ledger, run, words={"title": "first"}), NOW)
    assert ledger.claim([row], run, NOW, LEASE, {row.id: {"title": "second"}}) == []
    kept = ledger.delivery(KEY)
    assert kept is not None
    assert (kept.state, kept.message) == (State.RETRYING, {"title": "first"})


def test_many_are_claimed_and_settled_together_each_as_it_is(ledger: Ledger, run: str) -> None:
    put_in(ledger, *(plan(channel) for channel in "abcdefgh"))
    rows = {row.channel: row for row in ledger.due(NOW, 10)}
    ledger.decide(rows["h"].key, "hold", "ana", "", NOW)
    french, english = {"title": "Une journée"}, {"title": "A day"}
    (first,) = ledger.claim([rows["a"]], run, NOW, LEASE, {rows["a"].id: french})
    try_later(ledger, first, NOW)
    rows = {row.channel: row for row in ledger.due(NOW, 10)} | {"h": rows["h"]}
    words = {
        row.id: french if row.channel in "bc" else english
        for row in rows.values()
        if row.message is None
    }
    claims = ledger.claim(list(rows.values()), run, NOW, LEASE, words)
    assert [claim.delivery.channel for claim in claims] == list("abcdefg")
    assert [claim.number for claim in claims] == [2, 1, 1, 1, 1, 1, 1]
    for claim in claims:
        stored = ledger.delivery(claim.key)
        assert stored == claim.delivery
        assert stored.message == (french if stored.channel in "abc" else english)
    a, b, c, d, e, f, g = claims
    lose(ledger, f)
    ledger.resolve(f.key, "delivered", NOW, "ana")
    ended = [
        delivered(a, "post-a"),
        delivered(b, "post-b"),
        delivered(c, None),
        refused(d),
        (e, Settlement(State.RETRYING, "retry", Reason.DNS, next_attempt_at=NOW + HOUR)),
        delivered(f, "too late"),
        (g, Settlement(State.FAILED, "rejected", Reason.GONE, "404", status=404, gone="digest")),
    ]
    settled = ledger.settle(ended, NOW + HOUR)
    assert [(one.claim, one.settlement) for one in settled] == ended
    assert [(one.state, one.channel_paused) for one in settled] == [
        (State.DELIVERED, False),
        (State.DELIVERED, False),
        (State.DELIVERED, False),
        (State.FAILED, False),
        (State.RETRYING, False),
        (None, False),
        (State.FAILED, True),
    ]
    after = ledger.deliveries([claim.key for claim in claims])
    assert [row.remote_id for row in after] == ["post-a", "post-b", *[None] * 5]
    assert [ledger.attempts(claim.key)[-1].remote_id for claim in claims] == [
        *("post-a", "post-b"),
        *[None] * 5,
    ]
    assert [len(ledger.attempts(claim.key)) for claim in claims] == [2, 1, 1, 1, 1, 1, 1]
    assert ledger.paused_channels().keys() == {"g"}


def test_nothing_is_claimed_or_settled_where_nothing_is_given(ledger: Ledger, run: str) -> None:
    assert ledger.claim([], run, NOW, LEASE) == []
    assert ledger.settle([], NOW) == []


def test_the_words_are_kept_with_the_claim_and_stay(ledger: Ledger, run: str) -> None:
    put_in(ledger)
    claim = claimed(ledger, run, words={"title": "Génocide — ñ"})
    assert claim.delivery.message == {"title": "Génocide — ñ"}
    try_later(ledger, claim, NOW)
    deliver(ledger, claimed(ledger, run))
    row = ledger.delivery(KEY)
    assert row is not None
    assert row.message == {"title": "Génocide — ñ"}


def test_what_was_delivered_is_settled_with_the_platforms_name_for_it(
    ledger: Ledger, run: str
) -> None:
    put_in(ledger)
    assert deliver(ledger, claimed(ledger, run), NOW + HOUR) is State.DELIVERED
    row = ledger.delivery(KEY)
    assert row is not None
    assert (row.state, row.settled_at, row.remote_id) == (State.DELIVERED, NOW + HOUR, "post-1")
    assert (row.reason, row.lease_until) == (Reason.ACCEPTED, None)
    (attempt,) = ledger.attempts(KEY)
    assert (attempt.ended_at, attempt.outcome, attempt.reason) == (
        NOW + HOUR,
        "delivered",
        Reason.ACCEPTED,
    )
    assert (attempt.status, attempt.remote_id) == (200, "post-1")


def test_a_retry_waits_for_its_instant_and_counts_on(ledger: Ledger, run: str) -> None:
    put_in(ledger)
    assert try_later(ledger, claimed(ledger, run), NOW + HOUR) is State.RETRYING
    assert ledger.due(NOW, 10) == ()
    assert ledger.next_attempt_at() == NOW + HOUR
    row = ledger.delivery(KEY)
    assert row is not None
    assert (row.settled_at, row.detail) == (None, "the server said 503")
    claim = claimed(ledger, run, now=NOW + HOUR)
    assert (claim.number, claim.fence, claim.delivery.tries) == (2, 2, 2)
    assert [attempt.outcome for attempt in ledger.attempts(KEY)] == ["retry", None]


def test_a_retry_needs_an_instant_and_nothing_else_has_one(ledger: Ledger, run: str) -> None:
    put_in(ledger)
    claim = claimed(ledger, run)
    for state, at in ((State.RETRYING, None), (State.DELIVERED, NOW)):
        with pytest.raises(ValueError, match="does not go with"):
            (claim, Settlement(state, "retry", Reason.DNS, next_attempt_at=at))
        with pytest.raises(ValueError, match="does not go with"):
            ledger.settle_interrupted(claim.delivery, state=state, now=NOW, next_attempt_at=at)
    assert state_of(ledger) is State.SENDING


def test_a_lost_claim_no_longer_settles(ledger: Ledger, run: str) -> None:
    put_in(ledger)
    first = claimed(ledger, run)
    try_later(ledger, first, NOW)
    second = claimed(ledger, run)
    assert deliver(ledger, first) is None
    assert state_of(ledger) is State.SENDING
    assert refuse(ledger, second) is State.FAILED
    assert deliver(ledger, second) is None
    assert [attempt.outcome for attempt in ledger.attempts(KEY)] == ["retry", "rejected"]


def test_what_another_run_left_is_found_and_becomes_unknown(ledger: Ledger, run: str) -> None:
    put_in(ledger, plan(), plan("mexico"))
    if ledger.shared:
        # where several machines work, what counts is the lease
        claimed(ledger, run, lease=timedelta())
    else:
        claimed(ledger, run)
        assert ledger.interrupted(run) == ()
    (row,) = ledger.interrupted(ledger.begin_run(NOW, "0.1.0"))
    assert row.key == KEY
    assert ledger.settle_interrupted(row, state=State.UNKNOWN, now=NOW) is State.UNKNOWN
    assert ledger.settle_interrupted(row, state=State.UNKNOWN, now=NOW) is None
    found = ledger.delivery(KEY)
    assert found is not None
    assert (found.state, found.reason, found.settled_at) == (State.UNKNOWN, Reason.INTERRUPTED, NOW)
    (attempt,) = ledger.attempts(KEY)
    assert (attempt.outcome, attempt.reason) == ("unknown", Reason.INTERRUPTED)


def test_a_late_answer_of_its_own_replaces_unknown(ledger: Ledger, run: str) -> None:
    put_in(ledger)
    claim = claimed(ledger, run)
    ledger.settle_interrupted(claim.delivery, state=State.UNKNOWN, now=NOW)
    assert deliver(ledger, claim) is State.DELIVERED
    row = ledger.delivery(KEY)
    assert row is not None
    assert (row.state, row.may_have_arrived) == (State.DELIVERED, False)


def test_a_late_refusal_of_its_own_says_that_it_did_not_arrive(ledger: Ledger, run: str) -> None:
    put_in(ledger)
    claim = claimed(ledger, run)
    lose(ledger, claim)
    assert refuse(ledger, claim) is State.FAILED
    assert state_of(ledger) is State.FAILED


def test_a_late_answer_still_counts_when_the_resend_was_never_sent(
    ledger: Ledger, run: str
) -> None:
    put_in(ledger)
    claim = claimed(ledger, run)
    lose(ledger, claim)
    ledger.resolve(KEY, "resend", NOW, "ana")
    assert [row.state for row in ledger.expire(NOW + USEFUL)] == [State.UNKNOWN]
    assert deliver(ledger, claim) is State.DELIVERED


def test_a_late_answer_does_not_replace_what_an_operator_said(ledger: Ledger, run: str) -> None:
    put_in(ledger)
    claim = claimed(ledger, run)
    lose(ledger, claim)
    ledger.resolve(KEY, "resend", NOW, "ana")
    assert refuse(ledger, claim) is None
    assert state_of(ledger) is State.READY


def test_a_harmless_repeat_is_sent_again_by_itself(ledger: Ledger, run: str) -> None:
    put_in(ledger)
    row = claimed(ledger, run).delivery
    settled = ledger.settle_interrupted(
        row, state=State.RETRYING, now=NOW, next_attempt_at=NOW + HOUR
    )
    assert settled is State.RETRYING
    again = claimed(ledger, run, now=NOW + HOUR)
    assert (again.delivery.generation, again.delivery.may_have_arrived) == (0, True)


def test_a_refusal_after_what_may_have_arrived_leaves_it_unknown(ledger: Ledger, run: str) -> None:
    put_in(ledger)
    row = claimed(ledger, run).delivery
    ledger.settle_interrupted(row, state=State.RETRYING, now=NOW, next_attempt_at=NOW)
    assert refuse(ledger, claimed(ledger, run)) is State.UNKNOWN
    assert state_of(ledger) is State.UNKNOWN


def test_what_was_never_tried_is_missed_when_it_is_no_longer_useful(ledger: Ledger) -> None:
    put_in(ledger)
    ledger.insert([plan("mexico")], NOW, state_of=for_approval)
    assert ledger.expire(NOW + USEFUL - HOUR) == ()
    missed = ledger.expire(NOW + USEFUL)
    assert [(row.state, row.reason, row.held_for) for row in missed] == [
        (State.MISSED, Reason.EXPIRED, None),
        (State.MISSED, Reason.EXPIRED, "approval"),
    ]
    assert ledger.next_attempt_at() is None
    assert ledger.expire(NOW + USEFUL) == ()


def test_what_was_tried_in_vain_is_failed_when_it_is_no_longer_useful(
    ledger: Ledger, run: str
) -> None:
    put_in(ledger)
    try_later(ledger, claimed(ledger, run), NOW + HOUR)
    (row,) = ledger.expire(NOW + USEFUL)
    assert (row.state, row.reason, row.settled_at) == (State.FAILED, Reason.EXPIRED, NOW + USEFUL)


def test_what_may_have_arrived_is_unknown_when_it_is_no_longer_useful(
    ledger: Ledger, run: str
) -> None:
    put_in(ledger)
    row = claimed(ledger, run).delivery
    ledger.settle_interrupted(row, state=State.RETRYING, now=NOW, next_attempt_at=NOW)
    assert [row.state for row in ledger.expire(NOW + USEFUL)] == [State.UNKNOWN]


def test_what_is_being_sent_does_not_expire(ledger: Ledger, run: str) -> None:
    put_in(ledger)
    claimed(ledger, run)
    assert ledger.expire(NOW + 2 * USEFUL) == ()
    assert state_of(ledger) is State.SENDING


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("see https://hooks.example.org/services/T0/B0/x1y2z3", "see ***"),
        (
            "Max retries exceeded with url: /services/T0/x1y2z3 (x)",
            "Max retries exceeded with url: *** (x)",
        ),
        ("550 <maria@example.org>: no such user", "550 <***>: no such user"),
        ("the server said 503", "the server said 503"),
        ("x" * 5000, "x" * 2000),
    ],
)
def test_no_address_in_a_detail_is_kept(ledger: Ledger, run: str, said: str, kept: str) -> None:
    put_in(ledger)
    settle(ledger, (claimed(ledger, run), Settlement(State.FAILED, "rejected", Reason.GONE, said)))
    row = ledger.delivery(KEY)
    assert row is not None
    assert (row.detail, ledger.attempts(KEY)[0].detail) == (kept, kept)


def test_history_is_newest_first_and_can_be_narrowed(ledger: Ledger, run: str) -> None:
    put_in(
        ledger,
        plan("a", due_at=NOW - HOUR),
        plan("b", observances=["x", "y"]),
        plan("c", due_at=NOW + HOUR),
    )
    deliver(ledger, claimed(ledger, run, f"{OBSERVANCE}/2026-12-09/0/a/en"))
    assert [row.channel for row in ledger.history()] == ["c", "b", "a"]
    assert [row.channel for row in ledger.history(limit=2)] == ["c", "b"]
    assert [row.channel for row in ledger.history([State.DELIVERED])] == ["a"]
    assert [row.channel for row in ledger.history(channel="b")] == ["b"]
    assert [row.channel for row in ledger.history(observance="y")] == ["b"]
    assert ledger.counts() == dict.fromkeys(State, 0) | {State.READY: 2, State.DELIVERED: 1}


def test_a_key_that_is_not_there_has_no_delivery_and_no_attempts(ledger: Ledger) -> None:
    assert ledger.delivery("none") is None
    assert ledger.attempts("none") == ()


def test_deliveries_are_given_in_the_order_asked_for(ledger: Ledger) -> None:
    put_in(ledger, plan("a"), plan("b"))
    keys = [plan(channel).postings[0].key for channel in ("b", "a")]
    assert [row.key for row in ledger.deliveries(keys)] == keys
    with pytest.raises(LedgerError, match="No posting has the key none"):
        ledger.deliveries([*keys, "none"])


def test_what_is_under_way_is_known_whoever_took_it(ledger: Ledger, run: str) -> None:
    put_in(ledger, plan(), plan("mexico"))
    assert ledger.sending() == ()
    claim = claimed(ledger, run)
    assert ledger.sending() == (claim.delivery,)
    deliver(ledger, claim)
    assert ledger.sending() == ()


def test_the_latest_run_is_the_one_that_showed_a_sign_of_life_last(ledger: Ledger) -> None:
    assert ledger.latest_run() is None
    begun = SystemClock().now()
    first, second = (ledger.begin_run(NOW, "0.1.0") for _ in range(2))
    latest = ledger.latest_run()
    assert latest is not None
    assert (latest.id, latest.started_at, latest.version, latest.pid) == (
        second,
        NOW,
        "0.1.0",
        os.getpid(),
    )
    ledger.alive(first, NOW + HOUR)
    latest = ledger.latest_run()
    assert latest is not None
    assert (latest.id, latest.alive_at, latest.ended_at) == (first, NOW + HOUR, None)
    assert begun <= latest.beat_at <= SystemClock().now()
    ledger.end_run(second, NOW)
    latest = ledger.latest_run()
    assert latest is not None
    assert (latest.id, latest.ended_at) == (second, NOW)


def test_the_last_run_that_was_alive_is_known(ledger: Ledger) -> None:
    assert ledger.last_alive() is None
    first, second = (ledger.begin_run(NOW, "0.1.0") for _ in range(2))
    assert first != second
    ledger.alive(first, NOW + 2 * HOUR)
    ledger.end_run(second, NOW + HOUR)
    assert ledger.last_alive() == NOW + 2 * HOUR


def test_the_inbox_keeps_a_message_once(ledger: Ledger) -> None:
    assert ledger.inbox_put("k1", "local", {"title": "a"}, "A", NOW)
    assert not ledger.inbox_put("k1", "local", {"title": "b"}, "B", NOW + HOUR)
    assert ledger.inbox_put("k2", "other", {"title": "c"}, "C", NOW + HOUR)
    assert [row.text for row in ledger.inbox()] == ["C", "A"]
    assert [row.message for row in ledger.inbox("local")] == [{"title": "a"}]
    assert [row.key for row in ledger.inbox(limit=1)] == ["k2"]
