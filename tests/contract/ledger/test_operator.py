from __future__ import annotations

from datetime import timedelta
from typing import Literal

import pytest

from bot.channels.outcome import Reason
from bot.errors import LedgerError
from bot.ledger.ledger import Ledger
from bot.ledger.rows import Decision, State, in_force
from tests.contract.ledger.making import (
    HOUR,
    KEY,
    LEASE,
    NOW,
    USEFUL,
    claimed,
    deliver,
    for_approval,
    lose,
    plan,
    put_in,
    ready,
    refuse,
    state_of,
    try_later,
)

MINUTE = timedelta(minutes=1)
LATER = NOW + USEFUL + HOUR


def test_a_coming_posting_is_decided_by_its_key(ledger: Ledger) -> None:
    assert ledger.decide(KEY, "skip", "ana", "the news", NOW) is None
    assert ledger.decide(KEY, "approve", "luc", "", NOW + HOUR, digest="d1") is None
    decided = ledger.decisions([KEY, "other"])
    assert list(decided) == [KEY]
    assert (decided[KEY].verdict, decided[KEY].who, decided[KEY].digest, decided[KEY].at) == (
        "approve",
        "luc",
        "d1",
        NOW + HOUR,
    )
    assert [one.why for one in ledger.decision_log(KEY)] == ["the news", ""]


def test_what_is_approved_goes_on(ledger: Ledger) -> None:
    ledger.insert([plan()], NOW, state_of=for_approval)
    assert ledger.due(NOW, 10) == ()
    row = ledger.decide(KEY, "approve", "ana", "", NOW)
    assert row is not None
    assert (row.state, row.held_for) == (State.READY, None)
    assert [row.key for row in ledger.due(NOW, 10)] == [KEY]


def test_what_is_approved_too_late_is_missed(ledger: Ledger) -> None:
    ledger.insert([plan()], NOW, state_of=for_approval)
    row = ledger.decide(KEY, "approve", "ana", "", LATER)
    assert row is not None
    assert row.state is State.MISSED


def test_approving_what_needs_no_approval_changes_nothing(ledger: Ledger) -> None:
    put_in(ledger)
    before = ledger.delivery(KEY)
    assert ledger.decide(KEY, "approve", "ana", "", NOW) == before


def test_what_is_skipped_is_not_sent(ledger: Ledger, run: str) -> None:
    ledger.insert([plan()], NOW, state_of=for_approval)
    put_in(ledger, plan("mexico"))
    for row in ledger.history():
        skipped = ledger.decide(row.key, "skip", "ana", "see https://x.org/secret", NOW)
        assert skipped is not None
        assert (skipped.state, skipped.reason, skipped.detail) == (
            State.SKIPPED,
            Reason.OPERATOR,
            "see ***",
        )
    assert ledger.next_attempt_at() is None


def test_what_may_have_arrived_is_stopped_by_skip_but_stays_unknown(
    ledger: Ledger, run: str
) -> None:
    put_in(ledger)
    claim = claimed(ledger, run)
    ledger.settle_interrupted(claim.delivery, state=State.RETRYING, now=NOW, next_attempt_at=NOW)
    row = ledger.decide(KEY, "skip", "ana", "", NOW)
    assert row is not None
    assert row.state is State.UNKNOWN
    assert try_later(ledger, claim, NOW) is None


@pytest.mark.parametrize("verdict", ["approve", "skip"])
def test_what_was_delivered_is_not_decided_on(
    ledger: Ledger, run: str, verdict: Literal["approve", "skip"]
) -> None:
    put_in(ledger)
    deliver(ledger, claimed(ledger, run))
    with pytest.raises(LedgerError, match=f"delivered already, so there is nothing to {verdict}"):
        ledger.decide(KEY, verdict, "ana", "", NOW)
    assert ledger.decision_log(KEY) == ()


def test_what_failed_is_retried_with_new_words_and_a_new_generation(
    ledger: Ledger, run: str
) -> None:
    put_in(ledger)
    refuse(ledger, claimed(ledger, run, words={"title": "with a mistake"}))
    row = ledger.retry(KEY, LATER, LATER + HOUR, "ana", "corrected")
    assert (row.state, row.generation, row.tries, row.attempts) == (State.READY, 1, 0, 1)
    assert (row.message, row.settled_at, row.useful_until) == (None, None, LATER + HOUR)
    again = claimed(ledger, run, now=LATER)
    assert (again.number, again.delivery.tries) == (2, 1)
    assert [one.verdict for one in ledger.decision_log(KEY)] == ["retry"]


def test_what_was_missed_or_skipped_can_be_retried(ledger: Ledger) -> None:
    put_in(ledger, plan(), plan("mexico"))
    ledger.decide(KEY, "skip", "ana", "", NOW)
    (missed,) = ledger.expire(LATER)
    for key in (KEY, missed.key):
        row = ledger.retry(key, LATER, LATER + HOUR, "ana")
        assert (row.state, row.generation) == (State.READY, 0)


def test_what_waits_for_approval_is_retried_only_once_approved(ledger: Ledger) -> None:
    ledger.insert([plan()], NOW, state_of=for_approval)
    with pytest.raises(LedgerError, match="Nobody has approved"):
        ledger.retry(KEY, NOW, LATER, "ana")
    ledger.expire(LATER)
    with pytest.raises(LedgerError, match="Nobody has approved"):
        ledger.retry(KEY, LATER, LATER + HOUR, "ana")
    ledger.decide(KEY, "approve", "ana", "", LATER)
    assert state_of(ledger) is State.MISSED
    assert ledger.retry(KEY, LATER, LATER + HOUR, "ana").state is State.READY


def test_what_is_delivered_unknown_retracted_or_under_way_is_not_retried(
    ledger: Ledger, run: str
) -> None:
    put_in(ledger, plan(), plan("unknown"))
    with pytest.raises(LedgerError, match="is ready: it is on its way already"):
        ledger.retry(KEY, NOW, LATER, "ana")
    deliver(ledger, claimed(ledger, run))
    with pytest.raises(LedgerError, match=r"was delivered.*--again"):
        ledger.retry(KEY, NOW, LATER, "ana")
    ledger.retract(KEY, NOW, "ana")
    with pytest.raises(LedgerError, match=r"was retracted.*--again"):
        ledger.retry(KEY, NOW, LATER, "ana")
    other = plan("unknown").postings[0].key
    lose(ledger, claimed(ledger, run, other))
    with pytest.raises(LedgerError, match=f"may have arrived.*resolve {other} --delivered"):
        ledger.retry(other, NOW, LATER, "ana")
    with pytest.raises(LedgerError, match="No posting has the key none"):
        ledger.retry("none", NOW, LATER, "ana")


def test_an_unknown_delivery_is_resolved_as_delivered(ledger: Ledger, run: str) -> None:
    put_in(ledger)
    lose(ledger, claimed(ledger, run))
    row = ledger.resolve(KEY, "delivered", LATER, "ana", "seen in the channel")
    assert (row.state, row.reason, row.detail) == (
        State.DELIVERED,
        Reason.OPERATOR,
        "seen in the channel",
    )
    assert row.settled_at == LATER
    with pytest.raises(LedgerError, match="only what is unknown can be resolved"):
        ledger.resolve(KEY, "resend", NOW, "ana")


def test_an_unknown_delivery_is_resent_with_the_same_words_as_a_new_generation(
    ledger: Ledger, run: str
) -> None:
    put_in(ledger)
    lose(ledger, claimed(ledger, run, words={"title": "the same"}))
    row = ledger.resolve(KEY, "resend", NOW + HOUR, "ana")
    assert (row.state, row.generation, row.message) == (State.READY, 1, {"title": "the same"})
    assert (row.next_attempt_at, row.useful_until) == (NOW + HOUR, NOW + USEFUL)
    assert refuse(ledger, claimed(ledger, run, now=NOW + HOUR)) is State.UNKNOWN
    assert [one.verdict for one in ledger.decision_log(KEY)] == ["resolve-resend"]


def test_a_resend_past_its_useful_time_needs_a_new_one(ledger: Ledger, run: str) -> None:
    put_in(ledger)
    lose(ledger, claimed(ledger, run))
    with pytest.raises(LedgerError, match="was useful until 2026-12-11 02:00 UTC"):
        ledger.resolve(KEY, "resend", LATER, "ana")
    row = ledger.resolve(KEY, "resend", LATER, "ana", useful_until=LATER + HOUR)
    assert (row.state, row.useful_until) == (State.READY, LATER + HOUR)


def test_only_what_was_delivered_is_retracted(ledger: Ledger, run: str) -> None:
    put_in(ledger)
    with pytest.raises(LedgerError, match="only what was delivered can be retracted"):
        ledger.retract(KEY, NOW, "ana")
    deliver(ledger, claimed(ledger, run))
    row = ledger.retract(KEY, NOW + HOUR, "ana", "a wrong figure")
    assert (row.state, row.remote_id) == (State.RETRACTED, "post-1")
    assert (row.detail, row.settled_at) == ("a wrong figure", NOW + HOUR)
    assert [one.verdict for one in ledger.decision_log(KEY)] == ["retract"]


def test_nothing_is_retried_on_a_paused_channel(ledger: Ledger) -> None:
    put_in(ledger)
    ledger.decide(KEY, "skip", "ana", "", NOW)
    pause(ledger)
    with pytest.raises(LedgerError, match="The channel ottawa is paused"):
        ledger.retry(KEY, NOW, LATER, "ana")
    assert state_of(ledger) is State.SKIPPED


def pause(ledger: Ledger, channel: str = "ottawa") -> bool:
    return ledger.pause_channel(channel, Reason.GONE, "404 from https://x.org/s3cr3t", "dig", NOW)


def test_a_paused_channel_holds_what_waits_and_what_comes(ledger: Ledger, run: str) -> None:
    put_in(ledger, plan(), plan(observances=["retried"]), plan("mexico"))
    retried = plan(observances=["retried"]).postings[0].key
    try_later(ledger, claimed(ledger, run, retried), NOW + HOUR)
    assert pause(ledger)
    assert not pause(ledger)
    ledger.insert([plan(observances=["new"])], NOW, state_of=ready)
    assert [row.channel for row in ledger.due(LATER - 2 * HOUR, 10)] == ["mexico"]
    held = ledger.history([State.HELD])
    assert {row.held_for for row in held} == {"channel"}
    assert len(held) == 3
    paused = ledger.paused_channels()["ottawa"]
    assert (paused.reason, paused.detail, paused.address_digest, paused.since) == (
        Reason.GONE,
        "404 from ***",
        "dig",
        NOW,
    )


def test_a_channel_that_is_resumed_sends_what_is_useful_and_misses_the_rest(
    ledger: Ledger, run: str
) -> None:
    old = plan(observances=["old"], due_at=NOW - USEFUL)
    tried = plan(observances=["tried"])
    put_in(ledger, plan(), old, tried, plan("mexico"))
    try_later(ledger, claimed(ledger, run, tried.postings[0].key), NOW + HOUR)
    pause(ledger)
    pause(ledger, "mexico")
    freed = ledger.resume_channel("ottawa", NOW)
    assert [(row.observance, row.state) for row in freed] == [
        ("old", State.MISSED),
        (plan().slots[0].observance, State.READY),
        ("tried", State.RETRYING),
    ]
    assert freed[2].next_attempt_at == NOW + HOUR
    assert list(ledger.paused_channels()) == ["mexico"]
    assert [row.channel for row in ledger.history([State.HELD])] == ["mexico"]


def test_what_was_being_sent_when_its_channel_was_paused_is_held(ledger: Ledger, run: str) -> None:
    put_in(ledger)
    claim = claimed(ledger, run)
    pause(ledger)
    assert state_of(ledger) is State.SENDING
    assert try_later(ledger, claim, NOW + HOUR) is State.HELD
    row = ledger.delivery(KEY)
    assert row is not None
    assert (row.held_for, row.next_attempt_at) == ("channel", NOW + HOUR)


def test_a_pause_holds_everything_until_it_is_ended(ledger: Ledger) -> None:
    put_in(ledger)
    assert ledger.paused_until() is None
    assert ledger.set_pause(NOW + HOUR, NOW) == ()
    put_in(ledger, plan("mexico"))
    assert ledger.paused_until() == NOW + HOUR
    assert ledger.counts()[State.HELD] == 2
    assert {row.held_for for row in ledger.history()} == {"pause"}
    ledger.set_pause(NOW + 2 * HOUR, NOW)
    assert ledger.paused_until() == NOW + 2 * HOUR
    freed = ledger.set_pause(None, NOW + HOUR)
    assert [row.state for row in freed] == [State.READY, State.READY]
    assert ledger.paused_until() is None


def test_a_pause_that_is_over_holds_nothing_new(ledger: Ledger) -> None:
    ledger.set_pause(NOW + HOUR, NOW)
    ledger.insert([plan()], NOW + HOUR, state_of=ready)
    assert state_of(ledger) is State.READY
    assert ledger.paused_until() == NOW + HOUR
    assert ledger.set_pause(NOW, NOW + HOUR) == ()
    assert ledger.paused_until() is None


def test_the_end_of_one_pause_does_not_end_another(ledger: Ledger) -> None:
    put_in(ledger)
    pause(ledger)
    ledger.set_pause(NOW + HOUR, NOW)
    (row,) = ledger.resume_channel("ottawa", NOW)
    assert (row.state, row.held_for) == (State.HELD, "pause")
    pause(ledger)
    (row,) = ledger.set_pause(None, NOW)
    assert (row.state, row.held_for) == (State.HELD, "channel")


def test_approved_in_a_pause_is_held_for_the_pause(ledger: Ledger) -> None:
    ledger.insert([plan()], NOW, state_of=for_approval)
    ledger.set_pause(NOW + HOUR, NOW)
    row = ledger.decide(KEY, "approve", "ana", "", NOW)
    assert row is not None
    assert (row.state, row.held_for) == (State.HELD, "pause")


def test_what_is_taken_back_makes_a_claim_of_before_worthless(ledger: Ledger, run: str) -> None:
    put_in(ledger)
    read_before = ledger.due(NOW, 1)
    skipped = ledger.decide(KEY, "skip", "ana", "", NOW)
    (decision,) = ledger.decision_log(KEY)
    ready_again = ledger.undo(decision, False, NOW, "ana")
    assert skipped is not None and ready_again is not None
    assert (ready_again.state, ready_again.fence) == (State.READY, skipped.fence + 1)
    assert ledger.claim(read_before, run, NOW, LEASE) == []


def test_in_a_pause_nothing_is_sent_by_hand(ledger: Ledger, run: str) -> None:
    failed, unknown = plan("failed"), plan("unknown")
    put_in(ledger, failed, unknown)
    refuse(ledger, claimed(ledger, run, failed.postings[0].key))
    lose(ledger, claimed(ledger, run, unknown.postings[0].key))
    ledger.set_pause(NOW + HOUR, NOW)
    before = ledger.history()
    with pytest.raises(LedgerError, match=r"held until 2026-12-09 15:00 UTC.*`vigilia resume`"):
        ledger.insert_by_hand(plan(), NOW)
    with pytest.raises(LedgerError, match="`vigilia resume`"):
        ledger.retry(failed.postings[0].key, NOW, LATER, "ana")
    with pytest.raises(LedgerError, match="`vigilia resume`"):
        ledger.resolve(unknown.postings[0].key, "resend", NOW, "ana")
    ledger.set_pause(None, NOW)
    pause(ledger)
    with pytest.raises(LedgerError, match=r"ottawa is paused.*\(gone\).*`vigilia channels test"):
        ledger.insert_by_hand(plan(), NOW)
    assert ledger.history() == before


class TestUndoing:
    """A decision is taken back while it still matters, and the log keeps all of it."""

    def last(self, ledger: Ledger) -> Decision:
        return in_force(ledger.decision_log(KEY))[-1]

    def test_the_decision_before_it_is_in_force_again(self, ledger: Ledger) -> None:
        ledger.decide(KEY, "hold", "ana", "", NOW)
        ledger.decide(KEY, "skip", "ana", "", NOW + MINUTE)
        assert ledger.undo(self.last(ledger), False, NOW + 2 * MINUTE, "ben") is None
        assert ledger.decisions([KEY])[KEY].verdict == "hold"
        ledger.undo(self.last(ledger), False, NOW + 3 * MINUTE, "ben")
        assert ledger.decisions([KEY]) == {}
        log = ledger.decision_log(KEY)
        assert [(d.verdict, d.who) for d in log] == [
            ("hold", "ana"),
            ("skip", "ana"),
            ("undo", "ben"),
            ("undo", "ben"),
        ]

    @pytest.mark.parametrize("waits", [True, False])
    def test_what_was_left_out_goes_on_or_waits(self, ledger: Ledger, waits: bool) -> None:
        put_in(ledger)
        ledger.decide(KEY, "skip", "ana", "a mistake", NOW)
        row = ledger.undo(self.last(ledger), waits, NOW + MINUTE, "ben")
        assert row is not None
        expected = (State.HELD, "approval") if waits else (State.READY, None)
        assert (row.state, row.held_for) == expected
        assert (row.settled_at, row.reason, row.detail) == (None, None, "")
        assert [due.key for due in ledger.due(NOW + MINUTE, 5)] == ([] if waits else [KEY])

    def test_what_a_claim_has_taken_is_not_touched(self, ledger: Ledger, run: str) -> None:
        put_in(ledger)
        ledger.decide(KEY, "approve", "ana", "", NOW)
        claimed(ledger, run, now=NOW + MINUTE)
        with pytest.raises(LedgerError, match="is sending by now"):
            ledger.undo(self.last(ledger), True, NOW + 2 * MINUTE, "ben")
        assert [d.verdict for d in ledger.decision_log(KEY)] == ["approve"]

    def test_what_was_tried_since_is_not(self, ledger: Ledger, run: str) -> None:
        put_in(ledger)
        ledger.decide(KEY, "approve", "ana", "", NOW)
        try_later(ledger, claimed(ledger, run, now=NOW + MINUTE), NOW + HOUR)
        with pytest.raises(LedgerError, match="was tried since"):
            ledger.undo(self.last(ledger), True, NOW + 2 * MINUTE, "ben")

    def test_what_was_tried_before_it_was_held_is_tried_again(
        self, ledger: Ledger, run: str
    ) -> None:
        put_in(ledger)
        try_later(ledger, claimed(ledger, run), NOW + HOUR)
        ledger.decide(KEY, "hold", "ana", "", NOW + MINUTE)
        row = ledger.undo(self.last(ledger), False, NOW + 2 * MINUTE, "ben")
        assert row is not None
        assert (row.state, row.next_attempt_at) == (State.RETRYING, NOW + HOUR)

    def test_a_decision_that_is_not_the_last_any_more_stays(self, ledger: Ledger) -> None:
        ledger.decide(KEY, "skip", "ana", "", NOW)
        seen = self.last(ledger)
        ledger.decide(KEY, "hold", "carla", "", NOW + MINUTE)
        with pytest.raises(LedgerError, match="Somebody has decided"):
            ledger.undo(seen, False, NOW + 2 * MINUTE, "ben")
        assert ledger.decisions([KEY])[KEY].who == "carla"

    def test_what_may_have_arrived_stays_in_doubt(self, ledger: Ledger, run: str) -> None:
        put_in(ledger)
        ledger.settle_interrupted(
            claimed(ledger, run).delivery, state=State.RETRYING, now=NOW, next_attempt_at=NOW
        )
        ledger.decide(KEY, "skip", "ana", "", NOW + MINUTE)
        with pytest.raises(LedgerError, match="is unknown by now"):
            ledger.undo(self.last(ledger), False, NOW + 2 * MINUTE, "ben")
