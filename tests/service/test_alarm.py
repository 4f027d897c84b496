"""The alarm clock: when the planner is woken, and that nothing can make it stop or spin."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
import time_machine
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from hypothesis import given
from hypothesis import strategies as st

from bot.clock import Clock, RehearsalClock, SystemClock
from bot.ledger.rows import State
from bot.service import AlarmTrigger
from tests.receiver import wait_until
from tests.service.installation import DAY, NINE, Installation, seconds, webhook
from tests.service.running_here import running

LONGEST = timedelta(seconds=30)
EARLIEST, LATEST = (datetime(year, 1, 3, tzinfo=UTC).replace(tzinfo=None) for year in (1, 9999))
INSTANTS = st.datetimes(EARLIEST, LATEST, timezones=st.just(UTC))
CLOCKS: st.SearchStrategy[Clock] = st.one_of(
    st.just(SystemClock()), st.builds(RehearsalClock, INSTANTS, st.floats(0.01, 100_000))
)


def broken(_: datetime) -> datetime:
    raise ZeroDivisionError("a defect in the plan")


@given(
    clock=CLOCKS,
    due=st.one_of(st.none(), INSTANTS, st.timedeltas(timedelta(days=-2), timedelta(days=2))),
    now=INSTANTS,
    previous=st.none() | INSTANTS,
)
def test_the_next_alarm_is_always_soon_and_never_past(
    clock: Clock, due: datetime | timedelta | None, now: datetime, previous: datetime | None
) -> None:
    def next_due(after: datetime) -> datetime | None:
        return after + due if isinstance(due, timedelta) else due

    trigger = AlarmTrigger(clock, next_due)
    before = max(now, datetime.now(UTC))
    rings = trigger.get_next_fire_time(previous, now)
    after = max(now, datetime.now(UTC))
    assert before + timedelta(milliseconds=50) <= rings <= after + LONGEST
    assert trigger.get_next_fire_time(rings, rings) > rings


def test_the_alarm_is_the_due_instant_when_that_is_near() -> None:
    now = datetime.now(UTC)
    soon = now + timedelta(seconds=7)
    assert AlarmTrigger(SystemClock(), lambda _: soon).get_next_fire_time(None, now) == soon
    clock = RehearsalClock(NINE - seconds(60), speed=10)
    rings = AlarmTrigger(clock, lambda _: NINE).get_next_fire_time(None, now)
    assert abs(rings - now - seconds(6)) < seconds(1)


def test_a_rehearsal_begins_at_an_instant_and_goes_forward() -> None:
    with pytest.raises(ValueError, match="time zone"):
        RehearsalClock(NINE.replace(tzinfo=None))
    with pytest.raises(ValueError, match="over 0"):
        RehearsalClock(NINE, speed=0)
    clock = RehearsalClock(NINE, speed=60)
    assert NINE <= clock.now() < clock.after(seconds(1))
    assert clock.after(seconds(10)) >= NINE + seconds(600)
    assert clock.real_seconds_until(NINE + seconds(600)) <= 10


def test_a_plan_that_breaks_is_asked_again() -> None:
    now = datetime.now(UTC)
    rings = AlarmTrigger(SystemClock(), broken).get_next_fire_time(None, now)
    assert now < rings <= datetime.now(UTC) + LONGEST


def rung(
    next_due: Callable[[datetime], datetime | None], until: Callable[[list[datetime]], bool]
) -> list[datetime]:
    """Gives the instants at which APScheduler rang, until enough of them had come."""
    instants: list[datetime] = []
    enough = Event()

    def ring() -> None:
        instants.append(datetime.now(UTC))
        if until(instants):
            enough.set()

    scheduler = BackgroundScheduler(
        timezone=UTC,
        executors={"default": ThreadPoolExecutor(1)},
        job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 2},
    )
    scheduler.add_job(ring, AlarmTrigger(SystemClock(), next_due))
    scheduler.start()
    try:
        assert enough.wait(20)
    finally:
        scheduler.shutdown()
    return instants


def test_the_scheduler_rings_at_each_due_instant() -> None:
    step = timedelta(milliseconds=60)
    start = datetime.now(UTC) + seconds(0.2)
    due = [start + number * step for number in range(50)]

    def next_due(after: datetime) -> datetime | None:
        return min((instant for instant in due if instant > after), default=None)

    # a machine that is busy rings once for two instants: what counts is that none is rung before
    instants = rung(next_due, lambda instants: instants[-1] >= due[-1])
    assert len(instants) <= len(due)
    assert instants[0] >= due[0]
    late = sorted(
        (min(rang for rang in instants if rang >= instant) - instant).total_seconds() * 1000
        for instant in due
    )
    print(f"late (ms): median {late[len(late) // 2]:.2f}, p99 {late[-1]:.2f}")


def test_a_due_instant_that_stays_in_the_past_does_not_make_it_spin() -> None:
    began = time.monotonic()
    instants = rung(lambda _: datetime(2020, 1, 1, tzinfo=UTC), lambda instants: len(instants) >= 6)
    assert time.monotonic() - began >= 0.25
    assert len(instants) <= 7


def test_a_wall_clock_set_ahead_wakes_the_planner(installed: Installation) -> None:
    installed.write(webhook("site", installed.receiver))
    eve = NINE - timedelta(days=1, hours=2)
    installed.known_since(eve - timedelta(hours=1), real=True)
    with time_machine.travel(eve) as travel, running(installed, SystemClock()):
        wait_until(lambda: beat(installed) >= eve, timeout=20)
        assert installed.rows() == {}
        # as after a night in which the machine slept: its monotonic clock stood still
        travel.move_to(NINE + timedelta(hours=1))
        installed.receiver.wait_for(1, timeout=20)
        wait_until(lambda: installed.rows()["site"].state is State.DELIVERED, timeout=20)


def test_a_wall_clock_set_back_by_a_day_posts_nothing_twice_and_the_next_in_time(
    installed: Installation,
) -> None:
    days = [DAY, "human-rights-day"]
    installed.write(webhook("site", installed.receiver, include=days))
    installed.known_since(NINE - timedelta(days=1), real=True)
    with time_machine.travel(NINE + seconds(60)) as travel, running(installed, SystemClock()):
        installed.receiver.wait_for(1, timeout=20)
        wait_until(lambda: installed.rows()["site"].state is State.DELIVERED, timeout=20)
        travel.move_to(NINE - timedelta(days=1))
        wait_until(lambda: beat(installed) < NINE, timeout=20)
        travel.move_to(NINE + timedelta(days=1))
        installed.receiver.wait_for(2, timeout=20)
        wait_until(lambda: beat(installed) > NINE + timedelta(days=1), timeout=20)
    posted = [request.json["data"]["observances"] for request in installed.receiver.requests]
    assert posted == [[day] for day in days]


def beat(installed: Installation) -> datetime:
    """Gives up to when the running service has written down what is due."""
    with installed.reading() as ledger:
        run = ledger.latest_run()
        assert run is not None
        return run.alive_at
