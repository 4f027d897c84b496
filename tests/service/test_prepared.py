"""What is due next is prepared by the wake before: when its instant comes it is written at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest

from bot.clock import RehearsalClock, SettableClock, SystemClock
from bot.delivery.planner import Intake, write_down
from bot.errors import LedgerError
from bot.ledger.ledger import Ledger
from bot.ledger.rows import State
from bot.project.load import Project
from bot.service import AlarmTrigger, Service
from tests.receiver import wait_until
from tests.service.installation import DAY, NINE, Installation, seconds, webhook
from tests.service.running_here import running

KEY = f"{DAY}/2026-12-09/0/site/en"
MANY = 30


@dataclass
class Noting:
    """An engine that delivers nothing and notes how many rows there were at each of its wakes."""

    ledger: Ledger
    found: list[int] = field(default_factory=list)
    enqueue: None = None
    is_well: bool = True
    in_flight: int = 0

    def start(self) -> None: ...

    def wake(self) -> None:
        self.found.append(len(self.ledger.history()))

    def use(self, workers: object) -> None: ...

    def health_problem(self) -> None: ...

    def stop(self, patience_s: float) -> int:
        return 0


@dataclass
class Woken:
    """A planner that is woken by hand, under a clock that is set by hand."""

    service: Service
    engine: Noting
    ledger: Ledger
    clock: SettableClock
    project: Project

    def at(self, instant: datetime) -> list[int]:
        """Wakes it at an instant; gives how many rows there were at each wake of the engine."""
        self.clock.set(instant)
        self.engine.found.clear()
        self.service.wake()
        return list(self.engine.found)


@contextmanager
def woken(installed: Installation) -> Iterator[Woken]:
    project = installed.project()
    with installed.open(create=True, now=NINE - seconds(60)) as ledger:
        clock, engine = SettableClock(NINE - seconds(60)), Noting(ledger)
        it: Woken
        service = Service(
            ledger=ledger,
            run=ledger.begin_run(NINE - seconds(60), "0.1.0"),
            clock=clock,
            engine=engine,
            project=lambda: it.project,
        )
        it = Woken(service, engine, ledger, clock, project)
        yield it


@pytest.fixture
def site(installed: Installation) -> Installation:
    installed.write(webhook("site", installed.receiver))
    return installed


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many rows there were at the beginning of each look at the whole plan."""
    found: list[int] = []

    def noting(ledger: Ledger, *words: Any, **more: Any) -> Intake:
        found.append(len(ledger.history()))
        return write_down(ledger, *words, **more)

    monkeypatch.setattr("bot.service.write_down", noting)
    return found


def test_at_the_instant_it_is_written_before_the_look_at_the_whole_plan(
    site: Installation, looks: list[int]
) -> None:
    with woken(site) as it:
        it.at(NINE - seconds(20))
        assert it.ledger.history() == ()
        it.at(NINE)
        assert looks == [0, 1]


def test_a_wake_that_is_too_long_before_prepares_nothing(
    site: Installation, looks: list[int]
) -> None:
    with woken(site) as it:
        it.at(NINE - seconds(31))
        it.at(NINE)
        assert looks == [0, 0]
        assert [row.key for row in it.ledger.history()] == [KEY]


@pytest.mark.parametrize("prepared", [True, False])
def test_the_engine_is_woken_when_the_first_of_many_is_written(
    installed: Installation, prepared: bool
) -> None:
    receiver = installed.receiver
    installed.write(*(webhook(f"c{number}", receiver) for number in range(MANY)))
    with woken(installed) as it:
        it.at(NINE - seconds(20 if prepared else 40))
        assert it.at(NINE) == [1, 5, 21, 30, 30]


def test_between_two_alarms_that_the_planner_slept_through_it_is_written_once(
    site: Installation, looks: list[int]
) -> None:
    with woken(site) as it:
        it.at(NINE - seconds(20))
        it.at(NINE + seconds(3 * 3600))
        it.at(NINE + seconds(3 * 3600 + 30))
        assert looks == [0, 1, 1]
        assert [row.state for row in it.ledger.history()] == [State.READY]


def test_what_is_no_longer_useful_when_the_alarm_rings_is_missed(site: Installation) -> None:
    with woken(site) as it:
        it.at(NINE - seconds(20))
        it.at(NINE + seconds(37 * 3600))
        assert [row.state for row in it.ledger.history()] == [State.MISSED]


def test_a_clock_that_was_set_back_finds_nothing_due(site: Installation) -> None:
    with woken(site) as it:
        it.at(NINE - seconds(20))
        it.at(NINE - seconds(86400))
        assert it.ledger.history() == ()
        it.at(NINE - seconds(20))
        it.at(NINE)
        assert [row.key for row in it.ledger.history()] == [KEY]


def test_another_configuration_posts_what_it_says_and_not_what_was_prepared(
    site: Installation,
) -> None:
    with woken(site) as it:
        it.at(NINE - seconds(20))
        site.write(webhook("site", site.receiver, post_at="09:30"))
        it.project = site.project()
        it.at(NINE)
        assert it.ledger.history() == ()
        it.at(NINE + seconds(1800))
        assert [row.key for row in it.ledger.history()] == [KEY]


def test_what_a_person_skips_after_it_was_prepared_is_skipped(site: Installation) -> None:
    with woken(site) as it:
        it.at(NINE - seconds(20))
        it.ledger.decide(KEY, "skip", "Ana", "not today", NINE - seconds(10))
        it.at(NINE)
        assert [row.state for row in it.ledger.history()] == [State.SKIPPED]


def test_what_another_process_sends_after_it_was_prepared_is_not_written_again(
    site: Installation,
) -> None:
    with woken(site) as it:
        it.at(NINE - seconds(20))
        (planned,) = it.project.plan.due(NINE - seconds(1), NINE)
        it.ledger.insert_by_hand(planned, NINE - seconds(10))
        it.at(NINE)
        (row,) = it.ledger.history()
        assert row.by_hand


def test_a_pause_that_begins_after_it_was_prepared_holds_it(site: Installation) -> None:
    with woken(site) as it:
        it.at(NINE - seconds(20))
        it.ledger.set_pause(NINE + seconds(3600), NINE - seconds(10))
        it.at(NINE)
        (row,) = it.ledger.history()
        assert (row.state, row.held_for) == (State.HELD, "pause")


def test_what_could_not_be_prepared_is_posted_all_the_same(
    site: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise LedgerError("The disk is full.")

    monkeypatch.setattr("bot.service.prepare", fails)
    with woken(site) as it:
        it.at(NINE - seconds(20))
        it.at(NINE)
        assert [row.key for row in it.ledger.history()] == [KEY]


def test_what_cannot_be_practised_is_prepared_all_the_same(
    site: Installation, looks: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("bot.service.practise", fails)
    with woken(site) as it:
        it.at(NINE - seconds(20))
        it.at(NINE)
        assert looks == [0, 1]


def test_where_the_whole_look_fails_what_was_prepared_is_out_already(
    site: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.known_since(NINE - seconds(60))

    def fails_from_nine(ledger: Ledger, project: Project, now: datetime, **more: Any) -> Intake:
        if now >= NINE:
            raise LedgerError("The disk is full.")
        return write_down(ledger, project, now, **more)

    monkeypatch.setattr("bot.service.write_down", fails_from_nine)
    with running(site, RehearsalClock(NINE - seconds(2))):
        site.receiver.wait_for(1, timeout=20)
        wait_until(lambda: site.rows()["site"].state is State.DELIVERED, timeout=20)
    assert len(site.receiver.requests) == 1


@pytest.mark.parametrize(
    ("due_in", "rings_in"), [(7, 7), (30, 30), (31, 16), (40, 25), (45, 30), (100, 30)]
)
def test_no_alarm_rings_shortly_before_an_instant(due_in: float, rings_in: float) -> None:
    now = datetime.now(NINE.tzinfo) + seconds(3600)  # further than the test takes
    rings = AlarmTrigger(SystemClock(), lambda _: now + seconds(due_in))
    assert rings.get_next_fire_time(None, now) == now + seconds(rings_in)
