"""Real processes on one file: racing for a row, and killed in the middle of their work."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bot.ledger.ledger import Ledger
from bot.ledger.rows import State
from tests.contract.ledger.making import LEASE, NOW, claimed, deliver, lose, open_file, plan, put_in

CLAIM_ALL = """
import sys
from pathlib import Path
from tests.contract.ledger.making import LEASE, NOW, deliver, open_file
ledger = open_file(Path(sys.argv[1]), create=False)
run = ledger.begin_run(NOW, "0.1.0")
print("ready", flush=True)
sys.stdin.readline()
for row in ledger.due(NOW, 1000):
    for claim in ledger.claim([row], run, NOW, LEASE):
        print("claimed", claim.key, flush=True)
        if deliver(ledger, claim) is not None:
            print("delivered", claim.key, flush=True)
"""

INSERT_ALL = """
import sys
from pathlib import Path
from tests.contract.ledger.making import NOW, open_file, plan, ready
ledger = open_file(Path(sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
for number in range(10_000):
    both = plan(f"c{number}", observances=["a", "b"], languages=[("en",), ("fr",)])
    for key in ledger.insert([both], NOW, state_of=ready).keys:
        print(key, flush=True)
"""


def start(code: str, base: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(base)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def killed_after(process: subprocess.Popen[str], lines: int) -> list[str]:
    """Gives all that the process said until it was killed, some time after its so-many-th line."""
    go(process)
    assert process.stdout is not None
    said = [process.stdout.readline() for _ in range(lines)]
    process.send_signal(signal.SIGKILL)
    rest = process.stdout.read().splitlines(keepends=True)
    process.communicate()
    return [line.removesuffix("\n") for line in (*said, *rest) if line.endswith("\n")]


def test_two_processes_never_claim_the_same_row(tmp_path: Path) -> None:
    with open_file(tmp_path) as ledger:
        put_in(ledger, *(plan(f"c{number}") for number in range(100)))
        racers = [start(CLAIM_ALL, tmp_path) for _ in range(2)]
        for racer in racers:
            go(racer)
        said = [racer.communicate(timeout=60)[0].splitlines() for racer in racers]
        taken = [line for lines in said for line in lines if line.startswith("claimed")]
        assert len(taken) == len(set(taken)) == 100
        assert ledger.counts()[State.DELIVERED] == 100
        assert all(row.attempts == 1 for row in ledger.history())


def test_what_was_claimed_before_a_kill_is_never_ready_again(tmp_path: Path) -> None:
    with open_file(tmp_path) as ledger:
        put_in(ledger, *(plan(f"c{number}") for number in range(200)))
    for lines in (1, 6):
        said = killed_after(start(CLAIM_ALL, tmp_path), lines)
        with open_file(tmp_path, create=False) as ledger:
            assert ledger.check() == ()
            for line in said:
                word, key = line.split(" ")
                row = ledger.delivery(key)
                assert row is not None
                assert row.state in {State.SENDING, State.DELIVERED}
                if word == "delivered":
                    assert row.state is State.DELIVERED
            left = ledger.interrupted(ledger.begin_run(NOW, "0.1.0"))
            # one was in its hands at most
            assert len(left) <= 1
            for row in left:
                ledger.settle_interrupted(row, state=State.UNKNOWN, now=NOW)
            counts = ledger.counts()
            assert counts[State.SENDING] == 0
            assert sum(counts.values()) == 200


def test_what_a_kill_interrupts_is_inserted_wholly_or_not_at_all(tmp_path: Path) -> None:
    for lines in (1, 14):
        base = tmp_path / str(lines)
        base.mkdir()
        said = killed_after(start(INSERT_ALL, base), lines)
        with open_file(base, create=False) as ledger:
            assert ledger.check() == ()
            rows = ledger.history()
            assert set(said) <= {row.key for row in rows}
            by_channel: dict[str, int] = {}
            for row in rows:
                by_channel[row.channel] = by_channel.get(row.channel, 0) + 1
            assert set(by_channel.values()) == {2}
            for channel in by_channel:
                both = plan(channel, observances=["a", "b"]).slots
                assert ledger.filled(both) == set(both)


def test_twenty_threads_claim_each_row_once(ledger: Ledger, run: str) -> None:
    put_in(ledger, *(plan(f"c{number}") for number in range(60)))
    rows = ledger.due(NOW, 100)
    together = threading.Barrier(20)

    def claim_all() -> list[str]:
        together.wait()
        mine = []
        for row in rows:
            for claim in ledger.claim([row], run, NOW, LEASE):
                if deliver(ledger, claim) is not None:
                    mine.append(claim.key)
            assert ledger.delivery(row.key) is not None
        return mine

    with ThreadPoolExecutor(20) as pool:
        taken = [key for mine in pool.map(lambda _: claim_all(), range(20)) for key in mine]
    assert sorted(taken) == sorted(row.key for row in rows)
    assert ledger.counts()[State.DELIVERED] == 60


def test_of_two_threads_that_settle_one_claim_the_first_is_right(ledger: Ledger, run: str) -> None:
    put_in(ledger)
    claim = claimed(ledger, run)
    together = threading.Barrier(2)

    def settle(number: int) -> State | None:
        together.wait()
        return deliver(ledger, claim) if number else lose(ledger, claim)

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(settle, range(2)))
    # unknown may be replaced by the answer, the answer by nothing
    assert answers in ([State.UNKNOWN, State.DELIVERED], [None, State.DELIVERED])
    assert ledger.history()[0].state is State.DELIVERED
