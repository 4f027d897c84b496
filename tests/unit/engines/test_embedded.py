"""The engine in one process, with a courier that posts nothing and records only in memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from bot.channels.outcome import Delivered, Reason, Retry
from bot.clock import SettableClock
from bot.delivery.courier import Begun, Carried, Courier
from bot.engines import due_queue, embedded
from bot.engines.embedded import EmbeddedEngine
from bot.errors import LedgerError
from bot.ledger.ledger import Ledger
from bot.ledger.rows import DeliveryRow, Settlement, State
from bot.opening import open_ledger
from bot.settings.models import Workers
from tests.contract.ledger.making import LEASE, NOW, plan, put_in
from tests.receiver import wait_until


class FakeCourier:
    """Claims in the ledger, as the real one does; posts when ``gate`` is open; settles into a list.

    ``defect`` and ``refusal`` are raised where the batch to settle has the channel of that name.
    """

    def __init__(self, ledger: Ledger, record_for: timedelta | None = None) -> None:
        self.ledger = ledger
        self.run = ledger.begin_run(NOW, "test")
        self.record_for = record_for
        self.ending = threading.Event()
        self.gate = threading.Event()
        self.gate.set()
        self.posted: list[str] = []
        self.batches: list[list[str]] = []
        self.settled: list[Carried] = []
        self.defect: str | None = None
        self.refusal: str | None = None

    def ready_in(self, _row: DeliveryRow) -> float:
        return 0.0

    def begin(self, rows: Sequence[DeliveryRow]) -> list[Begun]:
        claims = self.ledger.claim(rows, self.run, NOW, LEASE)
        unsaid = Retry(Reason.OPERATOR, "")
        return [Begun(claim, None, unsaid, float("inf")) for claim in claims]

    def carry(self, begun: Begun) -> Carried:
        self.posted.append(begun.claim.delivery.channel)
        self.gate.wait(10)
        return Carried(begun, Delivered())

    def end(self, batch: Sequence[Carried]) -> list[Settlement]:
        names = [carried.begun.claim.delivery.channel for carried in batch]
        self.batches.append(names)
        if self.defect in names:
            raise ZeroDivisionError
        if self.refusal in names:
            raise LedgerError("The disk is full.")
        self.settled += batch
        return [Settlement(State.DELIVERED, "delivered", Reason.ACCEPTED) for _ in batch]

    @property
    def names(self) -> list[str]:
        return [carried.begun.claim.delivery.channel for carried in self.settled]


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    with open_ledger("sqlite://", base=Path(), mode="rehearsal", create=True, now=NOW) as made:
        yield made


@pytest.fixture
def courier(ledger: Ledger) -> FakeCourier:
    return FakeCourier(ledger)


Engines = Callable[..., EmbeddedEngine]


@pytest.fixture
def engine(ledger: Ledger, courier: FakeCourier) -> Iterator[Engines]:
    engines: list[EmbeddedEngine] = []

    def make(workers: Workers = "auto") -> EmbeddedEngine:
        engines.append(
            EmbeddedEngine(ledger, cast(Courier, courier), SettableClock(NOW), workers=workers)
        )
        return engines[-1]

    yield make
    courier.gate.set()
    courier.refusal = courier.defect = None
    for each in engines:
        each.stop(5.0)


def broken(records: Sequence[Any]) -> list[str]:
    return [record["key"] for record in records if record["action"] == "delivery-broke"]


def test_all_that_is_due_is_posted_once_and_settled(
    ledger: Ledger, courier: FakeCourier, engine: Engines
) -> None:
    names = [f"c{number}" for number in range(700)]
    put_in(ledger, *(plan(name) for name in names))
    engine().drain()
    assert sorted(courier.posted) == sorted(courier.names) == sorted(names)


def test_where_settling_together_meets_a_defect_each_is_settled_by_itself(
    ledger: Ledger, courier: FakeCourier, engine: Engines
) -> None:
    put_in(ledger, plan("a"), plan("b"), plan("c"))
    courier.defect = "b"
    courier.gate.clear()
    running = engine()
    with capture_logs() as records:
        running.start()
        wait_until(lambda: len(courier.posted) >= 1)
        courier.gate.set()
        wait_until(lambda: running.in_flight == 0 and len(courier.names) == 2)
    assert sorted(courier.names) == ["a", "c"]
    assert [key.split("/")[3] for key in broken(records)] == ["b"]
    assert running.is_well


def test_what_could_not_be_settled_is_raised_at_the_end_of_a_run_that_ends_by_itself(
    ledger: Ledger, courier: FakeCourier, engine: Engines
) -> None:
    put_in(ledger)
    courier.defect = "ottawa"
    with pytest.raises(ZeroDivisionError):
        engine().drain()


def test_what_a_full_disk_refuses_is_kept_and_settled_once_there_is_room(
    ledger: Ledger, courier: FakeCourier, engine: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "_RECORD_AGAIN_S", 0.02)
    monkeypatch.setattr(due_queue, "_LOOK_S", 0.05)
    put_in(ledger)
    courier.refusal = "ottawa"
    running = engine()
    running.start()
    wait_until(lambda: len(courier.batches) >= 3)
    assert running.in_flight == 1
    courier.refusal = None
    wait_until(lambda: running.in_flight == 0)
    assert (courier.posted, courier.names) == (["ottawa"], ["ottawa"])


def test_what_was_settled_before_the_ledger_refused_the_next_is_not_settled_again(
    ledger: Ledger, courier: FakeCourier, engine: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "_RECORD_AGAIN_S", 0.02)
    monkeypatch.setattr(due_queue, "_LOOK_S", 0.05)
    put_in(ledger, *(plan(f"c{number}") for number in range(5)))
    courier.gate.clear()
    running = engine()
    running.start()
    wait_until(lambda: len(courier.posted) == 5)
    end, refusals = courier.end, 3

    def one_by_one(batch: Sequence[Carried]) -> list[Settlement]:
        nonlocal refusals
        if len(batch) > 1:
            raise ZeroDivisionError
        if courier.settled and refusals:
            refusals -= 1
            raise LedgerError("The disk is full.")
        return end(batch)

    monkeypatch.setattr(courier, "end", one_by_one)
    courier.gate.set()
    wait_until(lambda: running.in_flight == 0)
    assert sorted(courier.names) == [f"c{number}" for number in range(5)]


def test_a_command_that_ends_by_itself_says_what_the_ledger_never_took(
    ledger: Ledger, engine: Engines, courier: FakeCourier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "_RECORD_AGAIN_S", 0.01)
    put_in(ledger)
    courier.record_for = timedelta(seconds=0.05)
    courier.refusal = "ottawa"
    with pytest.raises(LedgerError, match="disk is full"):
        engine().drain()
    assert len(courier.batches) >= 2


def test_where_no_thread_is_left_it_is_tried_again_unsent(
    ledger: Ledger, courier: FakeCourier, engine: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_more(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    put_in(ledger)
    monkeypatch.setattr(threading.Thread, "start", no_more)
    engine().drain()
    assert courier.posted == []
    (outcome,) = [carried.outcome for carried in courier.settled]
    assert isinstance(outcome, Retry)
    assert outcome.reason is Reason.INTERRUPTED


def test_no_more_is_claimed_than_there_are_free_workers(
    ledger: Ledger, courier: FakeCourier, engine: Engines
) -> None:
    put_in(ledger, *(plan(f"c{number}") for number in range(9)))
    courier.gate.clear()
    running = engine(3)
    running.start()
    wait_until(lambda: running.in_flight == 3)
    running.wake()
    threading.Event().wait(0.1)
    assert (running.in_flight, running.limit) == (3, 3)
    running.use(5)
    wait_until(lambda: running.in_flight == 5)


def test_what_waits_decides_how_many_are_under_way(
    ledger: Ledger, courier: FakeCourier, engine: Engines
) -> None:
    put_in(ledger, *(plan(f"c{number}") for number in range(1000)))
    courier.gate.clear()
    running = engine()
    assert running.limit == 8
    running.start()
    wait_until(lambda: running.in_flight == 31)
    assert running.limit == 31
    courier.gate.set()
    wait_until(lambda: len(courier.settled) == 1000)
    wait_until(lambda: running.limit == 8)


def test_a_request_is_under_way_until_its_outcome_is_recorded_and_a_full_disk_counts_for_nothing(
    ledger: Ledger, courier: FakeCourier, engine: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(embedded, "time", SimpleNamespace(monotonic=lambda: now))
    put_in(ledger, plan("slow"), plan("refused"))
    running = engine()
    slow, refused = courier.begin(ledger.due(NOW, limit=2))
    for begun in (slow, refused):
        running._hand_over(begun)
    wait_until(lambda: len(running._returned) == 2)
    slow_one, refused_one = sorted(running._returned, key=lambda one: one.begun is refused)
    now += 3.0
    running._forget([slow_one])
    assert running._latency_s == 3.0
    courier.refusal = "refused"
    running._returned = [refused_one]
    running._record()
    now += 3600.0
    courier.refusal = None
    running._record()
    assert running.in_flight == 0
    assert running._latency_s < 3.0


def test_what_is_under_way_at_the_end_is_settled_and_nothing_else_begun(
    ledger: Ledger, courier: FakeCourier, engine: Engines
) -> None:
    put_in(ledger, *(plan(f"c{number}") for number in range(20)))
    courier.gate.clear()
    running = engine(4)
    running.start()
    wait_until(lambda: len(courier.posted) == 4)
    assert running.stop(0.05) == 4
    assert courier.ending.is_set()
    courier.gate.set()
    assert running.stop(5.0) == 0
    assert len(courier.posted) == len(courier.settled) == 4


def test_what_was_claimed_and_not_sent_at_the_end_is_tried_again_unsent(
    ledger: Ledger, courier: FakeCourier, engine: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "_GROW_S", 0.5)  # one thread has it all
    put_in(ledger, *(plan(f"c{number}") for number in range(4)))
    courier.gate.clear()
    running = engine(4)
    running.start()
    wait_until(lambda: running.in_flight == 4 and len(courier.posted) == 1)
    running.stop(0.0)
    courier.gate.set()
    assert running.stop(5.0) == 0
    unsent = [carried.outcome for carried in courier.settled[1:]]
    assert len(courier.posted) + len(unsent) == 4
    assert all(isinstance(each, Retry) and each.reason is Reason.INTERRUPTED for each in unsent)


def test_at_the_end_a_ledger_that_refuses_is_asked_once_more_and_left(
    ledger: Ledger, courier: FakeCourier, engine: Engines
) -> None:
    put_in(ledger)
    courier.gate.clear()
    courier.refusal = "ottawa"
    running = engine()
    running.start()
    wait_until(lambda: running.in_flight == 1)
    with capture_logs() as records:
        running.stop(0.0)
        courier.gate.set()
        assert running.stop(5.0) == 0
    assert [key.split("/")[3] for key in broken(records)] == ["ottawa"]


def test_a_ledger_that_cannot_be_claimed_from_is_left_alone_for_a_while_and_all_goes_on(
    ledger: Ledger, courier: FakeCourier, engine: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "_REST_S", 0.05)
    begin, refusals = courier.begin, 2

    def refuses(rows: Sequence[DeliveryRow]) -> list[Begun]:
        nonlocal refusals
        if refusals:
            refusals -= 1
            raise LedgerError("The ledger is locked.")
        return begin(rows)

    monkeypatch.setattr(courier, "begin", refuses)
    put_in(ledger)
    running = engine()
    with capture_logs() as records:
        running.start()
        wait_until(lambda: courier.names == ["ottawa"], timeout=10)
    assert sum(record["action"] == "dispatch-failed" for record in records) == 2


def test_it_says_when_it_does_not_look_and_when_a_delivery_hangs(
    ledger: Ledger, courier: FakeCourier, engine: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = engine()
    assert "have not looked" in (running.health_problem() or "")
    put_in(ledger)
    courier.gate.clear()
    running.start()
    wait_until(lambda: running.in_flight == 1)
    assert running.health_problem() is None
    monkeypatch.setattr("bot.engines.engine._LONGEST_DELIVERY_S", -1.0)
    assert "under way for 0 s" in (running.health_problem() or "")
