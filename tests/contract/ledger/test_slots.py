from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from bot.errors import LedgerError
from bot.ledger.ledger import Ledger
from bot.ledger.rows import Decision, HeldFor, State
from bot.planning import DigestLine, Planned, Posting, Slot
from tests.contract.ledger.making import (
    DAY,
    HOUR,
    KEY,
    NOW,
    OBSERVANCE,
    USEFUL,
    claimed,
    deliver,
    for_approval,
    plan,
    put_in,
    ready,
    state_of,
)


def test_what_is_inserted_reads_back_as_it_was_planned(ledger: Ledger) -> None:
    lines = (DigestLine("human-rights-day", date(2026, 12, 10)),)
    put_in(ledger, plan(observances=["a", "b"], languages=[("en", "fr")], lines=lines))
    row = ledger.delivery("a+b/2026-12-09/0/ottawa/en+fr")
    assert row is not None
    assert (row.observances, row.observance, row.date) == (("a", "b"), "a+b", DAY)
    assert (row.lead_days, row.channel, row.languages) == (0, "ottawa", ("en", "fr"))
    assert (row.due_at, row.useful_until, row.lines) == (NOW, NOW + USEFUL, lines)
    assert (row.state, row.held_for, row.settled_at) == (State.READY, None, None)
    assert (row.generation, row.attempts, row.tries, row.fence) == (0, 0, 0, 0)
    assert (row.next_attempt_at, row.by_hand, row.message) == (NOW, False, None)
    assert (row.created_at, row.updated_at, row.may_have_arrived) == (NOW, NOW, False)


def test_instants_are_given_back_in_utc_whatever_zone_they_came_in(ledger: Ledger) -> None:
    toronto = timezone(-timedelta(hours=5))
    put_in(ledger, plan(due_at=NOW.astimezone(toronto)))
    row = ledger.delivery(KEY)
    assert row is not None
    assert row.due_at == NOW
    assert row.due_at.tzinfo is UTC


def test_an_instant_without_a_zone_is_refused(ledger: Ledger) -> None:
    with pytest.raises(Exception, match="an instant needs a time zone"):
        ledger.begin_run(datetime(2026, 12, 9, 9, 0), "0.1.0")  # noqa: DTZ001
    assert ledger.last_alive() is None


def test_a_slot_is_planned_once_and_never_again(ledger: Ledger) -> None:
    put_in(ledger)
    changed = plan(languages=[("en", "fr")], due_at=NOW + HOUR)
    inserted = ledger.insert([changed, plan("mexico")], NOW, state_of=ready)
    assert inserted.refused == (changed,)
    assert inserted.keys == (f"{OBSERVANCE}/2026-12-09/0/mexico/en",)
    assert len(ledger.history()) == 2


def test_one_filled_slot_refuses_the_whole_of_what_was_merged(ledger: Ledger) -> None:
    put_in(ledger, plan(observances=["a"]))
    merged = plan(observances=["b", "a"])
    assert ledger.insert([merged], NOW, state_of=ready).refused == (merged,)
    slots = {Slot(day, DAY, 0, "ottawa") for day in ("a", "b")}
    assert ledger.filled(slots) == {Slot("a", DAY, 0, "ottawa")}
    assert ledger.check() == ()


def test_a_key_that_is_there_refuses_the_whole(ledger: Ledger) -> None:
    put_in(ledger)
    posting = plan().postings[0]
    other = Planned((Slot("other", DAY, 0, "ottawa"),), (posting,))
    assert ledger.insert([other], NOW, state_of=ready).refused == (other,)
    assert ledger.filled(other.slots) == set()


def test_a_slot_is_filled_by_a_posting_in_each_language(ledger: Ledger) -> None:
    put_in(ledger, plan(languages=[("en",), ("fr",)]))
    assert [row.languages for row in ledger.history()] == [("fr",), ("en",)]
    assert ledger.filled(plan().slots) == set(plan().slots)


def test_more_than_a_transaction_takes_is_inserted_all_the_same(ledger: Ledger) -> None:
    many = [plan(f"c{number}") for number in range(250)]
    assert len(ledger.insert(many, NOW, state_of=ready).keys) == 250
    assert ledger.insert(many, NOW, state_of=ready).refused == tuple(many)
    assert ledger.counts()[State.READY] == 250


def test_the_planner_says_in_which_state_a_delivery_begins(ledger: Ledger) -> None:
    ledger.insert([plan("a")], NOW, state_of=for_approval)
    ledger.insert([plan("b")], NOW, state_of=lambda *_: (State.MISSED, None))
    held, missed = (ledger.history([state])[0] for state in (State.HELD, State.MISSED))
    assert (held.held_for, held.settled_at) == ("approval", None)
    assert (missed.settled_at, missed.next_attempt_at) == (NOW, None)


def test_the_planner_sees_decisions_at_the_moment_of_writing(ledger: Ledger) -> None:
    ledger.decide(KEY, "skip", "ana", "", NOW)

    def by_decision(_: Posting, decision: Decision | None) -> tuple[State, HeldFor | None]:
        return (State.SKIPPED if decision else State.READY), None

    ledger.insert([plan(), plan("mexico")], NOW, state_of=by_decision)
    assert state_of(ledger) is State.SKIPPED
    assert ledger.counts()[State.READY] == 1


def test_a_planner_that_fails_leaves_nothing_behind(ledger: Ledger) -> None:
    def fail(posting: Posting, _: Decision | None) -> tuple[State, HeldFor | None]:
        if posting.channel == "mexico":
            raise LookupError(posting.key)
        return State.READY, None

    with pytest.raises(LookupError):
        ledger.insert([plan("mexico"), plan()], NOW, state_of=fail)
    assert ledger.history() == ()
    assert ledger.filled(plan().slots) == set()


def test_what_has_no_state_yet_is_postponed_with_all_that_fills_its_slots(ledger: Ledger) -> None:
    both = plan("mexico", languages=[("en",), ("fr",)])

    def unsaid(posting: Posting, _: Decision | None) -> tuple[State, HeldFor | None] | None:
        return None if posting.languages == ("fr",) else (State.READY, None)

    inserted = ledger.insert([both, plan()], NOW, state_of=unsaid)
    assert (inserted.keys, inserted.refused, inserted.postponed) == ((KEY,), (), (both,))
    assert ledger.filled(both.slots) == set()


def test_by_hand_fills_a_free_slot_and_is_due_at_once(ledger: Ledger) -> None:
    keys = ledger.insert_by_hand(plan(languages=[("en",), ("fr",)], due_at=NOW - HOUR), NOW)
    assert keys == (KEY, KEY.removesuffix("en") + "fr")
    assert [row.by_hand for row in ledger.due(NOW, 10)] == [True, True]
    coming = plan("mexico", due_at=NOW + HOUR)
    (early,) = ledger.insert_by_hand(coming, NOW)
    assert early in [row.key for row in ledger.due(NOW, 10)]
    assert ledger.insert([plan()], NOW, state_of=ready).refused == (plan(),)


def test_by_hand_is_refused_where_the_slot_is_filled(ledger: Ledger, run: str) -> None:
    put_in(ledger)
    deliver(ledger, claimed(ledger, run))
    with pytest.raises(LedgerError, match=rf"{KEY} is delivered already.*--again"):
        ledger.insert_by_hand(plan(languages=[("fr",)]), NOW)
    assert len(ledger.history()) == 1


def test_again_takes_the_next_free_number(ledger: Ledger) -> None:
    put_in(ledger)
    assert ledger.insert_by_hand(plan(), NOW, again=True) == (f"{KEY}/again-1",)
    both = ledger.insert_by_hand(plan(languages=[("en",), ("fr",)]), NOW, again=True)
    assert both == (f"{KEY}/again-2", f"{KEY.removesuffix('en')}fr/again-2")
    assert ledger.check() == ()


def test_again_where_nothing_was_before_adds_no_number(ledger: Ledger) -> None:
    assert ledger.insert_by_hand(plan(), NOW, again=True) == (KEY,)


def test_by_hand_is_refused_where_its_key_is_there_in_another_slot(ledger: Ledger) -> None:
    put_in(ledger)
    other = Planned((Slot("other", DAY, 0, "ottawa"),), plan().postings)
    with pytest.raises(LedgerError, match=f"{KEY} is in the ledger already"):
        ledger.insert_by_hand(other, NOW)
    assert ledger.filled(other.slots) == set()


def test_a_day_is_first_seen_once(ledger: Ledger) -> None:
    assert ledger.see({"ottawa": ["a", "b"], "mexico": ["a"]}, NOW) == {
        "ottawa": {"a": NOW, "b": NOW},
        "mexico": {"a": NOW},
    }
    later = ledger.see({"ottawa": ["a", "c"], "mexico": ["a"]}, NOW + HOUR)
    assert later["ottawa"] == {"a": NOW, "c": NOW + HOUR}
    assert ledger.first_seen() == later


def test_a_day_or_channel_that_returns_is_new(ledger: Ledger) -> None:
    ledger.see({"ottawa": ["a", "b"], "mexico": ["a"]}, NOW)
    ledger.see({"ottawa": ["b"]}, NOW)
    assert ledger.first_seen() == {"ottawa": {"b": NOW}}
    returned = ledger.see({"ottawa": ["a", "b"], "mexico": ["a"]}, NOW + HOUR)
    assert returned == {"ottawa": {"a": NOW + HOUR, "b": NOW}, "mexico": {"a": NOW + HOUR}}


def test_since_is_when_what_is_new_counts_as_seen(ledger: Ledger) -> None:
    ledger.see({"ottawa": ["a"]}, NOW)
    seen = ledger.see({"ottawa": ["a", "b"]}, NOW + HOUR, since=NOW - HOUR)
    assert seen == {"ottawa": {"a": NOW, "b": NOW - HOUR}}
