"""What the page asks: found by words, state, channel and day, a page at a time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

import pytest

from bot.ledger.ledger import Ledger
from bot.ledger.rows import State
from bot.ledger.search import Wanted
from tests.contract.ledger.making import (
    HOUR,
    NOW,
    claimed,
    deliver,
    for_approval,
    lose,
    plan,
    put_in,
    try_later,
)


def send(ledger: Ledger, run: str, channel: str, title: str) -> str:
    one = plan(channel)
    put_in(ledger, one)
    key = one.postings[0].key
    words = {"parts": [{"title": title, "sources": [["A source", "https://x"]]}]}
    deliver(ledger, claimed(ledger, run, key, words=words), NOW + HOUR)
    return key


def found(ledger: Ledger, text: str = "", **more: Any) -> list[str]:
    return [row.channel for row in ledger.search(Wanted(text, **more), 50)]


def test_deliveries_are_found_by_the_words_that_were_sent(ledger: Ledger, run: str) -> None:
    send(ledger, run, "ottawa", "Commémorer les victimes")
    send(ledger, run, "mexico", "Recordar a las víctimas")
    assert found(ledger, text="commemorer") == []
    assert ledger.index_words(1) == 1
    assert ledger.index_words() == 1
    assert ledger.index_words() == 0
    assert found(ledger, text="commemorer") == ["ottawa"]
    assert found(ledger, text="VICTIM") == ["mexico", "ottawa"]
    assert found(ledger, text="recordar victimas") == ["mexico"]
    assert found(ledger, text="source") == ["mexico", "ottawa"]
    assert found(ledger, text="recordar commemorer") == []
    assert found(ledger, text='"*(') == []


def test_what_was_never_sent_is_found_by_its_key(ledger: Ledger) -> None:
    ledger.insert([plan("mexico"), plan("ottawa")], NOW, state_of=for_approval)
    assert found(ledger, text="prevention-day/2026-12-09/0/mex") == ["mexico"]
    assert found(ledger, text="%") == []


def test_new_words_of_a_retry_are_found_beside_the_old(ledger: Ledger, run: str) -> None:
    put_in(ledger)
    (key,) = [row.key for row in ledger.history()]
    for number, title in enumerate(("old words", "new phrase")):
        now = NOW + number * 2 * HOUR
        claim = claimed(ledger, run, key, now, words={"title": title})
        try_later(ledger, claim, now + HOUR, now)
        ledger.index_words()
    assert found(ledger, text="old") == found(ledger, text="phrase") == ["ottawa"]


def test_filters_narrow_and_pages_follow_each_other(ledger: Ledger, run: str) -> None:
    for number in range(5):
        put_in(ledger, plan(f"c{number}", due_at=NOW - timedelta(days=number // 2)))
    deliver(ledger, claimed(ledger, run, ledger.history(channel="c1")[0].key))
    assert found(ledger) == ["c1", "c0", "c3", "c2", "c4"]
    assert found(ledger, states=(State.DELIVERED,)) == ["c1"]
    assert found(ledger, channel="c3") == ["c3"]
    assert found(ledger, observance="no-such-day") == []
    assert len(found(ledger, observance="genocide-prevention-day")) == 5
    first = ledger.search(Wanted(), 2)
    rest = ledger.search(Wanted(before=(first[-1].due_at, first[-1].id)), 50)
    assert [row.channel for row in (*first, *rest)] == ["c1", "c0", "c3", "c2", "c4"]


def test_counting_stops_where_it_is_told_to(ledger: Ledger) -> None:
    for number in range(4):
        put_in(ledger, plan(f"c{number}", due_at=NOW - timedelta(days=number)))
    assert ledger.count_since(State.READY, NOW - timedelta(days=9)) == 4
    assert ledger.count_since(State.READY, NOW - timedelta(days=1)) == 2
    assert ledger.count_since(State.READY, NOW - timedelta(days=9), 3) == 3
    assert ledger.count_since(State.FAILED, NOW - timedelta(days=9)) == 0


def test_the_last_success_of_a_channel_is_told(ledger: Ledger, run: str) -> None:
    key = send(ledger, run, "ottawa", "words")
    put_in(ledger, plan("mexico"))
    assert ledger.last_delivered(["ottawa", "mexico"]) == {"ottawa": NOW + HOUR}
    row = ledger.delivery(key)
    assert row is not None and row.settled_at == NOW + HOUR


def test_a_fan_out_is_told_while_it_lasts(ledger: Ledger, run: str) -> None:
    assert ledger.fan_out() is None
    put_in(ledger, plan("old", due_at=NOW - HOUR), plan("a"), plan("b"), plan("c"))
    deliver(ledger, claimed(ledger, run, ledger.history(channel="old")[0].key))
    lose(ledger, claimed(ledger, run, ledger.history(channel="a")[0].key))
    claimed(ledger, run, ledger.history(channel="b")[0].key)
    progress = ledger.fan_out()
    assert progress is not None
    assert (progress.since, progress.done, progress.total) == (NOW, 1, 3)
    from_the_first_on = ledger.fan_out(NOW - HOUR)
    assert from_the_first_on is not None
    assert (from_the_first_on.done, from_the_first_on.total) == (2, 4)


def test_the_mark_changes_with_what_a_page_shows(ledger: Ledger) -> None:
    marks = [ledger.change_mark()]
    ledger.insert([plan("a")], NOW, state_of=for_approval)
    marks.append(ledger.change_mark())
    ledger.decide(plan("a").postings[0].key, "approve", "Ana", "", NOW)
    marks.append(ledger.change_mark())
    ledger.decide("some/other/key", "skip", "Ana", "", NOW)
    marks.append(ledger.change_mark())
    assert len(set(marks)) == 4


def test_days_tell_what_became_of_them(ledger: Ledger, run: str) -> None:
    put_in(ledger, plan("a"), plan("b"))
    lose(ledger, claimed(ledger, run, ledger.history(channel="a")[0].key))
    marked = ledger.days_marked((State.UNKNOWN,), NOW - HOUR, NOW + HOUR)
    assert marked == {plan().postings[0].date: {State.UNKNOWN}}
    assert ledger.days_marked((State.UNKNOWN,), NOW + HOUR, NOW + 2 * HOUR) == {}


@pytest.mark.parametrize("verdict", ["approve", "hold", "skip"])
def test_a_held_posting_waits_until_it_is_approved(
    ledger: Ledger, verdict: Literal["approve", "hold", "skip"]
) -> None:
    put_in(ledger)
    (row,) = ledger.history()
    held = ledger.decide(row.key, "hold", "Ana", "the news", NOW)
    assert held is not None
    assert (held.state, held.held_for) == (State.HELD, "approval")
    assert ledger.due(NOW, 10) == ()
    if verdict != "hold":
        after = ledger.decide(row.key, verdict, "Ana", "", NOW)
        assert after is not None
        assert after.state is (State.READY if verdict == "approve" else State.SKIPPED)
