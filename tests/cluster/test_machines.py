"""What several machines do together: each posting once, whatever becomes of a machine.

Set ``VIGILIA_CHAOS`` to a number of deliveries to have the storm blow over more of them.
"""

from __future__ import annotations

import os
import random
import re
import signal
import threading
from datetime import UTC, datetime, timedelta

import pytest

from bot.ledger.rows import DeliveryRow, State
from bot.planning import Planned, Posting, Slot
from tests.cluster.conftest import Starting
from tests.cluster.machines import Cluster, unavailable_once
from tests.receiver import Answer, wait_until
from tests.service.installation import TOKEN

DELIVERIES = int(os.environ.get("VIGILIA_CHAOS", "400"))
THREADS = 8


def test_two_planners_and_two_workers_post_each_thing_once(cluster: Starting) -> None:
    group = cluster(60)
    for number in range(2):
        group.start(f"planner-{number}", "planner")
        group.start(f"worker-{number}", "worker")
    group.wait_until_settled(60, 60)
    arrived = group.arrived()
    assert len(arrived) == 60, group.said()
    assert set(arrived.values()) == {1}
    assert group.counts()[State.DELIVERED] == 60


def account(group: Cluster, number: int, again: set[str], lost: int) -> None:
    """Holds the ledger to what arrived, row by row. ``again``: the channels whose receiver said 503
    once; ``lost``: how many deliveries can have been under way when a machine or the database was
    lost."""
    rows = group.rows()
    arrived = group.arrived()
    assert len(rows) == number
    assert {row.key for row in rows} >= set(arrived)
    for row in rows:
        said_later = 1 if row.channel in again else 0
        match row.state:
            case State.DELIVERED:
                # an attempt that was lost before it was sent is one of its attempts all the same
                assert arrived[row.key] == 1 + said_later, row
            case State.UNKNOWN:
                assert arrived[row.key] <= 1 + said_later, row
            case _:
                raise AssertionError(row)
    unknown = [row for row in rows if row.state is State.UNKNOWN]
    assert len(unknown) <= lost


def test_nothing_is_lost_or_doubled_whatever_becomes_of_machines_and_database(
    cluster: Starting,
) -> None:
    group = cluster(DELIVERIES, lease="6s", stalled_after="4s", workers=THREADS)
    by_chance = random.Random(9)
    again = {f"c{number}" for number in by_chance.sample(range(DELIVERIES), DELIVERIES // 20)}
    for number in range(DELIVERIES):
        path = f"/c{number}/{TOKEN}"
        if f"c{number}" in again:
            group.receiver.answer(path, *unavailable_once())
        else:
            group.receiver.answer(path, Answer(delay=by_chance.uniform(0.0, 0.2)))
    planners = [group.start(f"planner-{number}", "planner") for number in range(2)]
    workers = [group.start(f"worker-{number}", "worker") for number in range(4)]

    def after(part: float) -> None:
        wait_until(lambda: len(group.receiver.requests) >= DELIVERIES * part, 120 + DELIVERIES / 10)

    after(0.1)
    planners[0].signal(signal.SIGKILL)
    after(0.2)
    by_chance.choice(workers[:3]).signal(signal.SIGKILL)
    frozen = workers[3]
    frozen.signal(signal.SIGSTOP)
    after(0.4)
    group.postgres.stop(signal.SIGQUIT)
    group.postgres.start()
    group.start("worker-again", "worker")
    after(0.6)
    group.start("planner-again", "planner")
    # for longer than its lease
    threading.Event().wait(7.0)
    frozen.signal(signal.SIGCONT)
    group.wait_until_settled(DELIVERIES, 180 + DELIVERIES / 10)
    # what the frozen one held on to is told by now
    group.stop_all()
    account(group, DELIVERIES, again, lost=THREADS * 7)


def test_what_a_person_sets_going_gets_a_job(cluster: Starting) -> None:
    group = cluster(3)
    group.receiver.answer(f"/c1/{TOKEN}", Answer(400), Answer())
    group.start("all", "all")
    group.wait_until_settled(3, 60)
    (failed,) = [row for row in group.rows() if row.state is State.FAILED]
    now = datetime.now(UTC)
    with group.ledger() as ledger:
        ledger.retry(failed.key, now, failed.useful_until, "Ana")
    wait_until(lambda: group.counts()[State.DELIVERED] == 3, 30)
    assert group.arrived()[failed.key] == 2


@pytest.mark.parametrize("role", ["planner", "worker", "web", "all"])
def test_each_part_ends_when_it_is_told_to(cluster: Starting, role: str) -> None:
    group = cluster(1)
    machine = group.start(role, role)
    machine.wait_for("started")
    assert machine.stop() == 0
    assert machine.said("stopped")


def test_the_rate_of_a_webhook_holds_on_all_machines_together(cluster: Starting) -> None:
    group = cluster(30)
    one = group.receiver.url(f"/one/{TOKEN}")
    channels = group.root / "config" / "channels.toml"
    channels.write_text(re.sub(r'url = "[^"]*"', f'url = "{one}"', channels.read_text("utf-8")))
    for number in range(3):
        group.start(f"all-{number}", "all")
    group.wait_until_settled(30, 60)
    assert set(group.arrived().values()) == {1}
    at = sorted(request.arrived_at for request in group.receiver.requests)
    # five a second; a machine that is slow only makes it longer
    assert at[-1] - at[0] >= timedelta(seconds=29 / 5 - 0.5)
    assert group.counts()[State.DELIVERED] == 30


def test_machines_go_on_after_the_database_was_away(cluster: Starting) -> None:
    group = cluster(4)
    machine = group.start("all", "all")
    group.wait_until_settled(4, 60)
    group.postgres.stop()
    machine.wait_for("queue-lost", timeout=60)
    group.postgres.start()
    # what a person sets going meanwhile is all there is to do
    (row, *_) = group.rows()
    now = datetime.now(UTC)
    planned = plan_for_again(row)
    with group.ledger() as ledger:
        ledger.insert_by_hand(planned, now, again=True)
    wait_until(lambda: group.counts()[State.DELIVERED] == 5, 60)


def plan_for_again(row: DeliveryRow) -> Planned:
    """Gives what `send --again` would plan."""
    slots = tuple(Slot(id_, row.date, row.lead_days, row.channel) for id_ in row.observances)
    posting = Posting(
        key=row.key,
        observances=row.observances,
        date=row.date,
        lead_days=row.lead_days,
        channel=row.channel,
        languages=row.languages,
        due_at=row.due_at,
        useful_until=row.useful_until,
    )
    return Planned(slots, (posting,))


def test_a_worker_that_does_not_know_a_channel_yet_fails_nothing(cluster: Starting) -> None:
    group = cluster(2)
    behind = group.start("behind", "worker")
    behind.wait_for("started")
    channels = group.root / "config" / "channels.toml"
    before = channels.read_text("utf-8")
    # a machine whose files come later: it looks at its files, which know one channel less
    channels.write_text(before.partition("[channels.c1]")[0], "utf-8")
    behind.wait_for("reloaded", timeout=60)
    other = group.copy_of_config("ahead", before)
    group.start("planner", "planner", "--config", str(other))
    wait_until(lambda: group.counts()[State.RETRYING] == 1, 60)
    group.start("ahead", "worker", "--config", str(other))
    behind.stop()
    wait_until(lambda: group.counts()[State.DELIVERED] == 2, 60)
    assert set(group.arrived().values()) == {1}
