"""The files of a ledger as a power cut would leave them, copied at random moments and opened.

The service is stopped for the copy (SIGSTOP), so that file and log are of one moment, as they are
on a disk; what was written and not yet committed is in the copy, torn or whole.
"""

from __future__ import annotations

import random
import shutil
import signal
import time
from contextlib import suppress
from pathlib import Path

from bot.clock import SettableClock
from bot.delivery.courier import request_id
from bot.delivery.planner import recover, write_down
from bot.ledger.rows import CLAIMABLE, State
from tests.receiver import Answer, wait_until
from tests.service.installation import NINE, TOKEN, Installation, Running, seconds, webhook

NAMES = [f"site-{number}" for number in range(60)]
CUTS = 25
FILES = ("vigilia.db", "vigilia.db-wal")


def cut(service: Running, source: Path, target: Path) -> None:
    """Copies the ledger's files as they are at this moment."""
    target.mkdir(parents=True)
    service.signal(signal.SIGSTOP)
    try:
        for name in FILES:
            with suppress(FileNotFoundError):
                shutil.copy(source / name, target / name)
    finally:
        service.signal(signal.SIGCONT)


def test_a_ledger_after_a_power_cut_knows_all_that_had_left(
    installed: Installation, tmp_path: Path
) -> None:
    seed = time.time_ns()
    print(f"seed: {seed}")
    chance = random.Random(seed)
    receiver = installed.receiver
    for name in NAMES:
        receiver.answer(f"/{name}/{TOKEN}", Answer(delay=0.02))
    installed.write(
        *(webhook(name, receiver) for name in NAMES), settings="[delivery]\nworkers = 4"
    )
    installed.known_since(NINE - seconds(60), real=False)
    service = installed.rehearse(NINE)
    service.wait_for("started")
    cuts: list[tuple[Path, set[str]]] = []
    for number in range(CUTS):
        time.sleep(chance.random() * 0.12)
        left_before = {r.headers["webhook-id"] for r in receiver.requests}
        copy = tmp_path / f"cut-{number}" / "var"
        cut(service, installed.root / "var", copy)
        cuts.append((copy, left_before))
    receiver.wait_for(len(NAMES), timeout=60)
    wait_until(
        lambda: {row.state for row in installed.rows().values()} == {State.DELIVERED}, timeout=60
    )
    assert service.stop() == 0

    doubted = 0
    for copy, left_before in cuts:
        shutil.copytree(installed.root / "config", copy.parent / "config")
        torn(copy / "vigilia.db-wal", chance)
        after = Installation(copy.parent, receiver)
        with after.open(real=False, now=NINE) as ledger:
            assert ledger.check() == ()
            run = ledger.begin_run(NINE + seconds(90), "0.1.0")
            recover(ledger, after.project(), run, SettableClock(NINE + seconds(90)))
            rows = ledger.history()
            # what a portion of was not written down by then is due still
            write_down(ledger, after.project(), NINE + seconds(90))
            assert ledger.counts()[State.MISSED] == 0
            assert len(ledger.history()) == len(NAMES)
        for row in rows:
            if request_id(row.key, 0) in left_before:
                # it will not be sent once more: it is known, or known to be in doubt
                assert row.state in (State.DELIVERED, State.UNKNOWN), (row.key, row.state)
            doubted += row.state is State.UNKNOWN
            assert row.state in (*CLAIMABLE, State.DELIVERED, State.UNKNOWN)
        assert len(rows) in (0, 1, 5, 21, len(NAMES))
    before = sum(len(left) for _, left in cuts)
    print(f"{CUTS} cuts, {before} requests had left before them, {doubted} in doubt, 0 forgotten")
    assert before


def torn(log: Path, chance: random.Random) -> None:
    """Adds what a write leaves that the power did not let end: a part of a page, or nonsense."""
    if log.exists() and log.stat().st_size:
        with log.open("ab") as file:
            file.write(chance.randbytes(chance.randint(0, 4000)))
