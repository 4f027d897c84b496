"""What machines share beside the deliveries: turns at the rate limits, jobs, and who tells."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from bot.cluster.jobs import MOST_A_JOB, Job, for_new, jobs_for
from bot.cluster.queue import enqueue, make_tables
from bot.cluster.shared_ledger import SharedLedger
from bot.delivery.planner import Intake, insert_due
from bot.delivery.prefetch import prepare
from bot.ledger.ledger import Ledger
from bot.ledger.rows import State
from bot.ledger.transactions import Lock
from bot.opening import open_ledger
from tests.contract.ledger.making import (
    HOUR,
    KEY,
    NOW,
    claimed,
    deliver,
    for_approval,
    plan,
    put_in,
    ready,
    refuse,
)
from tests.postgres import Postgres
from tests.unit.planning.plans import channel, day, project_of

WEBHOOK, HOST = ("slack:1", 1.0), ("host:hooks.slack.com", 50.0)


@pytest.fixture
def url(postgres: Postgres) -> str:
    return postgres.database()


@pytest.fixture
def shared(url: str) -> Iterator[SharedLedger]:
    with open_ledger(url, base=Path(), mode="real", create=True, now=NOW) as ledger:
        assert isinstance(ledger, SharedLedger)
        ledger.with_driver(make_tables)
        yield ledger


def jobs_of(postgres: Postgres, url: str) -> list[tuple[Any, ...]]:
    name = url.partition("?")[0].rpartition("/")[2]
    return postgres.sql(
        "SELECT id, status::text, args->'deliveries', scheduled_at FROM procrastinate_jobs"
        " ORDER BY id",
        name,
    )


def at_once(raw: Any, jobs: Sequence[Job]) -> Sequence[int]:
    """The tests' day is to come, and the queue knows only real time."""
    return enqueue(raw, [replace(job, at=datetime.now(UTC)) for job in jobs])


def test_turns_at_a_webhook_and_its_host_are_spaced(shared: SharedLedger) -> None:
    waits = shared.reserve([[WEBHOOK, HOST]] * 3, float("inf"))
    assert [round(wait) for wait in waits] == [0, 1, 2]
    # another webhook of the same host waits only for the host
    (other,) = shared.reserve([[("slack:2", 1.0), HOST]], float("inf"))
    assert 1.5 < other < 2.1
    assert shared.reserve([[]], 0.0) == [0.0]


def test_a_turn_that_nobody_will_wait_for_is_not_taken(shared: SharedLedger) -> None:
    assert shared.reserve([[WEBHOOK]], 0.0) == [0.0]
    for _ in range(3):
        (wait,) = shared.reserve([[WEBHOOK]], 0.0)
        assert 0.5 < wait <= 1.0


def test_machines_share_out_the_turns(shared: SharedLedger) -> None:
    with ThreadPoolExecutor(8) as pool:
        asked = pool.map(lambda _: shared.reserve([[("w", 100.0)]] * 5, float("inf")), range(8))
    waits = sorted(wait for some in asked for wait in some)
    # none of the forty is at the same hundredth of a second as another, as far as time has passed
    assert waits[-1] > 0.3
    assert len({round(wait, 4) for wait in waits if wait > 0}) > 30


def test_what_a_platform_asks_for_holds_on_all_machines(shared: SharedLedger) -> None:
    shared.back_off("slack:1", 60.0)
    shared.back_off("slack:1", 1.0)
    (wait,) = shared.reserve([[WEBHOOK]], 0.0)
    assert 50 < wait <= 60
    assert shared.shut_buckets(["slack:1", "slack:2"]) == {"slack:1"}


def test_buckets_that_are_long_full_are_forgotten(
    postgres: Postgres, url: str, shared: SharedLedger
) -> None:
    shared.reserve([[WEBHOOK], [HOST]], 0.0)
    name = url.partition("?")[0].rpartition("/")[2]
    postgres.sql(
        "UPDATE rate_buckets SET free_at = now() - interval '2 h' WHERE name LIKE 's%'", name
    )
    shared.forget_buckets()
    assert postgres.sql("SELECT name FROM rate_buckets", name) == [("host:hooks.slack.com",)]


def test_what_is_ready_has_its_jobs_in_the_same_transaction(
    postgres: Postgres, url: str, shared: SharedLedger
) -> None:
    planned = [plan(f"c{number}") for number in range(3)]
    shared.insert(planned, NOW, state_of=ready, enqueue=for_new(enqueue))
    shared.insert([plan("held")], NOW, state_of=for_approval, enqueue=for_new(enqueue))
    jobs = jobs_of(postgres, url)
    assert sorted(id_ for job in jobs for id_ in job[2]) == sorted(
        row.id for row in shared.history((State.READY,))
    )
    assert {job[3] for job in jobs} == {NOW}


def test_planners_that_prepared_the_same_write_it_down_once(
    postgres: Postgres, url: str, shared: SharedLedger
) -> None:
    project = project_of(*(channel(f"c{number}") for number in range(60)), days=[day("high")])
    due_at = project.plan.next_due(NOW)
    assert due_at is not None

    def plans(ledger: Ledger, begin: Barrier) -> Intake:
        prepared = prepare(ledger, project, due_at - timedelta(seconds=20), due_at)
        assert prepared is not None
        begin.wait(20)
        return insert_due(
            ledger, project, prepared.due(project, due_at), due_at, enqueue=for_new(enqueue)
        )

    begin = Barrier(2)
    with (
        open_ledger(url, base=Path(), mode="real", create=False, now=NOW) as other,
        ThreadPoolExecutor(2) as pool,
    ):
        found = list(pool.map(plans, (shared, other), (begin, begin)))
    keys = [key for intake in found for key in intake.inserted]
    assert len(keys) == len(set(keys)) == 60
    ready = {row.id for row in shared.history((State.READY,))}
    assert sorted(id_ for job in jobs_of(postgres, url) for id_ in job[2]) == sorted(ready)
    assert len(ready) == 60


def test_where_the_rows_do_not_come_to_be_neither_do_the_jobs(
    postgres: Postgres, url: str, shared: SharedLedger
) -> None:
    put_in(shared)
    done = shared.insert([plan()], NOW, state_of=ready, enqueue=for_new(enqueue))
    assert done.keys == ()

    def failing(raw: Any, jobs: Sequence[Job]) -> Sequence[int]:
        enqueue(raw, jobs)
        raise LookupError

    with pytest.raises(LookupError):
        shared.insert([plan("x")], NOW, state_of=ready, enqueue=for_new(failing))
    assert jobs_of(postgres, url) == []
    assert [row.key for row in shared.history()] == [KEY]


def test_what_is_due_without_a_job_gets_one_once(
    postgres: Postgres, url: str, shared: SharedLedger
) -> None:
    put_in(shared, plan("due"), plan("later", due_at=NOW + HOUR))
    run = shared.begin_run(NOW, "0.1.0")
    assert shared.give_jobs(NOW, 100, at_once) == 1
    assert shared.give_jobs(NOW, 100, at_once) == 0
    ((first, _, ids, _),) = jobs_of(postgres, url)
    assert [row.channel for row in shared.waiting(ids)] == ["due"]
    # its job is gone without having been done
    name = url.partition("?")[0].rpartition("/")[2]
    postgres.sql(f"UPDATE procrastinate_jobs SET status = 'failed' WHERE id = {first}", name)
    assert shared.give_jobs(NOW, 100, at_once) == 1
    # what is being sent needs none; what a person sets going does
    claim = claimed(shared, run, plan("due").postings[0].key)
    postgres.sql("DELETE FROM procrastinate_jobs", name)
    assert shared.give_jobs(NOW, 100, at_once) == 0
    refuse(shared, claim)
    shared.retry(claim.key, NOW, NOW + HOUR, "Ana")
    assert shared.give_jobs(NOW, 100, at_once) == 1
    deliver(shared, claimed(shared, run, claim.key))
    assert shared.waiting([claim.id]) == ()


def test_a_job_that_waits_for_later_is_none_for_what_is_due_now(
    postgres: Postgres, url: str, shared: SharedLedger
) -> None:
    """A person may have set going what waited for its next try."""
    put_in(shared)
    (row,) = shared.history()
    later = datetime.now(UTC) + HOUR
    shared.enqueue([Job((row.id,), later, reserved=True)], enqueue)
    # its turn at the rate limits comes later: that is a reason
    assert shared.give_jobs(NOW, 100, enqueue) == 0
    shared.enqueue([Job((row.id,), later)], enqueue)
    assert shared.give_jobs(NOW, 100, enqueue) == 1
    assert len(jobs_of(postgres, url)) == 3


def test_a_job_that_takes_longer_than_any_should_is_lost(
    postgres: Postgres, url: str, shared: SharedLedger
) -> None:
    put_in(shared)
    shared.give_jobs(NOW, 100, enqueue)
    ((job, *_),) = jobs_of(postgres, url)
    name = url.partition("?")[0].rpartition("/")[2]
    postgres.sql(f"UPDATE procrastinate_jobs SET status = 'doing' WHERE id = {job}", name)
    assert shared.lost_jobs(timedelta(minutes=5)) == []
    postgres.sql("UPDATE procrastinate_events SET at = now() - interval '6 min'", name)
    assert shared.lost_jobs(timedelta(minutes=5)) == [job]


def test_one_machine_at_a_time_is_alone(url: str, shared: SharedLedger) -> None:
    with open_ledger(url, base=Path(), mode="real", create=False, now=NOW) as other:
        with shared.alone(Lock.TELLING) as first, other.alone(Lock.TELLING) as second:
            assert (first, second) == (True, False)
        with other.alone(Lock.TELLING) as later:
            assert later
    with (
        open_ledger("sqlite://", base=Path(), mode="real", create=True, now=NOW) as small,
        small.alone(Lock.TELLING) as always,
    ):
        assert always


def test_a_sign_of_life_is_no_planning(shared: SharedLedger) -> None:
    run = shared.begin_run(NOW, "0.1.0")
    before = shared.last_alive()
    shared.beat(run)
    latest = shared.latest_run()
    assert latest is not None
    assert datetime.now(UTC) - latest.beat_at < timedelta(minutes=1)
    assert shared.last_alive() == before
    assert shared.latest_run("another-machine") is None


def test_a_small_morning_is_shared_out_and_a_great_one_bundled() -> None:
    numbers = count(1)
    small = jobs_for((next(numbers), NOW) for _ in range(50))
    assert [len(job.deliveries) for job in small] == [1] * 50
    great = jobs_for((next(numbers), NOW) for _ in range(5000))
    assert {len(job.deliveries) for job in great[:-1]} == {MOST_A_JOB}
    two = jobs_for([(1, NOW), (2, NOW + HOUR)])
    assert [job.at for job in two] == [NOW, NOW + HOUR]


def test_the_queues_tables_are_made_once_and_brought_up_to_date(
    postgres: Postgres, url: str, shared: SharedLedger
) -> None:
    shared.with_driver(make_tables)
    name = url.partition("?")[0].rpartition("/")[2]
    # as a version before the last step would have left them
    step = "03.04.00_50_post_add_retry_failed_job_procedure.sql"
    postgres.sql(f"DELETE FROM vigilia_queue WHERE step = '{step}'", name)
    shared.with_driver(make_tables)
    assert postgres.sql(f"SELECT step FROM vigilia_queue WHERE step = '{step}'", name) == [(step,)]
