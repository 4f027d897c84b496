"""A network that swallows what is sent between a worker and the database."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from bot.ledger.rows import State
from tests.cluster.machines import Cluster
from tests.cluster.test_machines import DELIVERIES, THREADS, account
from tests.cluster.wires import KINDS, wire_of
from tests.receiver import Answer, Receiver, wait_until
from tests.service.installation import TOKEN

NUMBER = DELIVERIES // 4
CUT_S = 8.0 if DELIVERIES <= 1000 else 45.0
"""For longer than the lease; in the long storm for longer than TCP itself is patient."""


@pytest.mark.parametrize("kind", KINDS)
def test_a_worker_that_is_cut_off_loses_and_doubles_nothing_and_comes_back(
    kind: str, tmp_path: Path, receiver: Receiver
) -> None:
    with wire_of(kind) as wire:
        group = Cluster(
            tmp_path, wire.postgres, receiver, NUMBER, stalled_after="3s", workers=THREADS
        )
        group.known_since_yesterday()
        for number in range(NUMBER):
            receiver.answer(f"/c{number}/{TOKEN}", Answer(delay=0.1 + number % 3 / 10))
        try:
            far = group.start("far", "worker", "--ledger", wire.url(group.url))
            far.wait_for("started")
            group.start("near", "worker")
            group.start("planner", "planner")
            wait_until(lambda: len(far.said("delivered")) >= 3, 60)
            wire.cut()
            threading.Event().wait(CUT_S)
            # the others have done its part, or what it may have sent is known to be unknown
            wait_until(lambda: group.settled() >= NUMBER - THREADS, 120)
            wire.mend()
            group.wait_until_settled(NUMBER, 120)
            before = _beats(group, far.process.pid)
            wait_until(lambda: _beats(group, far.process.pid) > before, 60)
            group.stop_all()
            account(group, NUMBER, set(), lost=THREADS)
            assert group.counts()[State.DELIVERED] >= NUMBER - THREADS
        finally:
            group.end()


def _beats(group: Cluster, pid: int) -> str:
    name = group.url.partition("?")[0].rpartition("/")[2]
    ((beat,),) = group.postgres.sql(f"SELECT beat_at::text FROM runs WHERE pid = {pid}", name)
    return str(beat)
