"""What is due, read ahead."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.clock import SettableClock
from bot.engines import due_queue
from bot.engines.due_queue import DueQueue
from bot.ledger.ledger import Ledger
from bot.ledger.rows import DeliveryRow
from bot.opening import open_ledger
from tests.contract.ledger.making import HOUR, NOW, plan, put_in


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    with open_ledger("sqlite://", base=Path(), mode="rehearsal", create=True, now=NOW) as made:
        yield made


def free(_row: DeliveryRow) -> float:
    return 0.0


def names(rows: list[DeliveryRow]) -> list[str]:
    return [row.channel for row in rows]


def test_what_is_due_comes_longest_due_first_and_each_once(ledger: Ledger) -> None:
    put_in(ledger, plan("late", due_at=NOW), plan("early", due_at=NOW - HOUR), plan("last"))
    waiting = DueQueue(ledger, SettableClock(NOW), free)
    assert names(waiting.take(2, ())[0]) == ["early", "late"]
    assert names(waiting.take(2, ())[0]) == ["last"]
    assert waiting.take(2, ())[0] == []


def test_the_ledger_is_asked_for_many_at_a_time(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_in(ledger, *(plan(f"c{number}") for number in range(1200)))
    asked: Counter[str] = Counter()
    due = ledger.due

    def counted(*args: object, **more: object) -> tuple[DeliveryRow, ...]:
        asked["due"] += 1
        return due(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(ledger, "due", counted)
    waiting, taken, busy = DueQueue(ledger, SettableClock(NOW), free), [], set[int]()
    while rows := waiting.take(8, busy)[0]:
        taken += rows
        busy |= {row.id for row in rows}
    assert len({row.id for row in taken}) == len(taken) == 1200
    assert asked["due"] <= 6


def test_what_waits_for_its_turn_holds_up_no_other(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due_queue, "_LOOK_S", 60.0)
    put_in(ledger, *(plan(f"limited{number}") for number in range(9)), plan("other"))
    turns = {"limited0": 0.0}

    def ready_in(row: DeliveryRow) -> float:
        return turns.get(row.channel, 7.0 if row.channel.startswith("limited") else 0.0)

    waiting = DueQueue(ledger, SettableClock(NOW), ready_in)
    rows, pause = waiting.take(5, ())
    assert names(rows) == ["limited0", "other"]
    assert pause == 7.0
    turns["limited5"] = 0.0
    assert names(waiting.take(5, {row.id for row in rows})[0]) == ["limited5"]


def test_what_is_under_way_is_not_given_again(ledger: Ledger) -> None:
    put_in(ledger, plan("a"), plan("b"))
    busy = {row.id for row in ledger.history(channel="a")}
    assert names(DueQueue(ledger, SettableClock(NOW), free).take(5, busy)[0]) == ["b"]


def test_what_is_not_due_yet_is_found_when_it_is(ledger: Ledger) -> None:
    put_in(ledger, plan("a", due_at=NOW + timedelta(seconds=1)))
    clock = SettableClock(NOW)
    waiting = DueQueue(ledger, clock, free)
    rows, pause = waiting.take(5, ())
    assert rows == []
    assert 0.9 < pause <= 1.0
    clock.set(NOW + timedelta(seconds=1))
    waiting.is_outdated = True
    assert names(waiting.take(5, ())[0]) == ["a"]


def test_what_came_meanwhile_is_found_at_once_when_that_is_said(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due_queue, "_LOOK_S", 60.0)
    waiting = DueQueue(ledger, SettableClock(NOW), free)
    assert waiting.take(5, ())[0] == []
    put_in(ledger)
    assert waiting.take(5, ())[0] == []
    waiting.is_outdated = True
    assert names(waiting.take(5, ())[0]) == ["ottawa"]
