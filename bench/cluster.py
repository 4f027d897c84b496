"""How fast a cluster is: ``python -m bench.cluster [loading|enqueuing|delivering|engines|cost]``.

loading     100,000 channels from a CSV: seconds to load them, to plan their day, memory
enqueuing   10,000 postings written down with their jobs, and without
delivering  with 1, 2 and 4 workers against receivers that take 200 ms
engines     the same work on SQLite with threads, and on PostgreSQL with the queue
cost        of one delivery in CPU time, commits and bytes

Without a word: all of them. Each worker has 4 threads, so that what is measured is how the work is
shared out and not how many cores this machine has: 4 / 0.2 s = 20 deliveries a second is all that
one worker can do.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.group import (
    Receiving,
    known_since_yesterday,
    receiving,
    wait_until_delivered,
    write_group,
)
from bot.cluster.jobs import for_new
from bot.cluster.queue import enqueue, make_tables
from bot.cluster.shared_ledger import SharedLedger
from bot.delivery.planner import write_down
from bot.opening import open_ledger
from bot.project.load import load_project
from tests.postgres import Postgres, running

CHANNELS = 100_000
POSTINGS = 10_000
DELAY_S = 0.2
THREADS = 4
SECONDS = 20
"""For about so long each measurement of deliveries runs."""


def loading() -> None:
    """Measured in a process of its own, for its memory."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_group(root, "sqlite:///v.db", CHANNELS, kind="embedded", threads=THREADS, port=9)
        words = [sys.executable, "-m", "bench.cluster", "_loading", folder]
        subprocess.run(words, check=True)


def _load(root: Path) -> None:
    began = time.perf_counter()
    project = load_project(root / "config", environ={})
    loaded = time.perf_counter()
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    due = project.plan.due(midnight - timedelta(seconds=1), midnight + timedelta(days=1))
    planned = time.perf_counter()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"loading {len(project.channels)} channels: {loaded - began:.2f} s")
    print(f"planning their day ({len(due)} postings): {planned - loaded:.2f} s")
    print(f"memory then: {memory:.0f} MB")


def enqueuing(server: Postgres) -> None:
    for with_jobs in (True, False):
        with tempfile.TemporaryDirectory() as folder:
            root, url = Path(folder), server.database()
            write_group(root, url, POSTINGS, kind="cluster", threads=THREADS, port=9)
            known_since_yesterday(root, url)
            project, now = load_project(root / "config", environ={}), datetime.now(UTC)
            with open_ledger(url, base=root, mode="real", create=False, now=now) as ledger:
                assert isinstance(ledger, SharedLedger)
                ledger.with_driver(make_tables)
                began = time.perf_counter()
                write_down(ledger, project, now, enqueue=for_new(enqueue) if with_jobs else None)
                rate = POSTINGS / (time.perf_counter() - began)
        kind = "with their jobs" if with_jobs else "without jobs"
        print(f"writing down postings {kind}: {rate:,.0f} a second")


def cpu_s_of(pid: int) -> float:
    """Return the seconds of CPU time that a process has taken so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass
class Machines:
    """Processes of the command."""

    root: Path
    processes: list[subprocess.Popen[bytes]]

    def start(self, *words: str) -> None:
        checkout = str(Path(__file__).resolve().parents[1])
        self.processes.append(
            subprocess.Popen(
                [sys.executable, "-m", "bot", "run", *words],
                cwd=self.root,
                env={**os.environ, "PYTHONPATH": checkout},
                stdout=subprocess.DEVNULL,
                stderr=(self.root / f"{len(self.processes)}.log").open("wb"),
            )
        )

    def wait_until_started(self) -> None:
        for number in range(len(self.processes)):
            while b'"started"' not in (self.root / f"{number}.log").read_bytes():
                time.sleep(0.05)
        time.sleep(2.0)

    def cpu_s(self) -> float:
        """Return the seconds of CPU time that the processes have taken so far."""
        return sum(cpu_s_of(process.pid) for process in self.processes)


@contextmanager
def machines(root: Path) -> Iterator[Machines]:
    """Has processes end with the block."""
    made = Machines(root, [])
    try:
        yield made
    finally:
        for process in made.processes:
            process.terminate()
        for process in made.processes:
            process.wait()


def rate_of(arrivals: list[float]) -> float:
    """Return the requests a second, of the middle four fifths: without the start and the end."""
    tenth = len(arrivals) // 10
    middle = sorted(arrivals)[tenth:-tenth]
    return (len(middle) - 1) / (middle[-1] - middle[0])


def delivered(
    url: str, receiver: Receiving, workers: int, number: int, measure: Callable[[Machines], None]
) -> float:
    """Return the deliveries a second of so many workers, woken together."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_group(root, url, number, kind="cluster", threads=THREADS, port=receiver.port)
        known_since_yesterday(root, url)
        receiver.forget()
        with machines(root) as made:
            for _ in range(workers):
                made.start("--role", "worker")
            made.wait_until_started()
            measure(made)
            made.start("--role", "planner")
            wait_until_delivered(root, url, number)
            measure(made)
            return rate_of(receiver.arrivals())


def delivering(server: Postgres) -> None:
    one = 0.0
    with receiving(DELAY_S) as receiver:
        for workers in (1, 2, 4):
            number = int(workers * THREADS / DELAY_S * SECONDS)
            rate = delivered(server.database(), receiver, workers, number, lambda _made: None)
            one = one or rate
            print(
                f"{workers} worker(s), {number} deliveries: {rate:.1f} a second,"
                f" {rate / one / workers:.2f} of linear"
            )


def engines(server: Postgres) -> None:
    number = int(THREADS / DELAY_S * SECONDS)
    with receiving(DELAY_S) as receiver, tempfile.TemporaryDirectory() as folder:
        root, url = Path(folder), "sqlite:///vigilia.db"
        write_group(root, url, number, kind="embedded", threads=THREADS, port=receiver.port)
        known_since_yesterday(root, url)
        with machines(root) as made:
            made.start()
            wait_until_delivered(root, url, number)
            print(f"embedded, SQLite: {rate_of(receiver.arrivals()):.1f} a second")
        rate = delivered(server.database(), receiver, 1, number, lambda _made: None)
        print(f"cluster, PostgreSQL, 1 worker: {rate:.1f} a second")


def cost(server: Postgres) -> dict[str, float]:
    """Prints and gives what one delivery costs: CPU seconds, commits, bytes of the log and of the
    tables."""
    number, url = 1000, server.database()
    name = url.partition("?")[0].rpartition("/")[2]
    seen: list[tuple[float, int, int, int]] = []

    def measure(made: Machines) -> None:
        (row,) = server.sql(
            "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint,"
            " (SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()),"
            " pg_database_size(current_database())",
            name,
        )
        log, commits, size = (int(str(value)) for value in row)
        seen.append((made.cpu_s(), log, commits, size))

    with receiving(0.0) as receiver:
        delivered(url, receiver, 1, number, measure)
    (cpu, log, commits, size), after = seen
    found = {
        "cpu_s": (after[0] - cpu) / number,
        "commits": (after[2] - commits) / number,
        "log_bytes": (after[1] - log) / number,
        "table_bytes": (after[3] - size) / number,
    }
    print(
        f"one delivery: {found['cpu_s'] * 1000:.1f} ms of CPU (worker and planner),"
        f" {found['commits']:.1f} commits, {found['log_bytes'] / 1024:.1f} KiB of write-ahead log,"
        f" {found['table_bytes'] / 1024:.1f} KiB of tables"
    )
    return found


def main() -> None:
    words = sys.argv[1:]
    if words[:1] == ["_loading"]:
        _load(Path(words[1]))
        return
    print(f"load of this machine before: {os.getloadavg()[0]:.2f} on {os.cpu_count()} cores")
    if not words or "loading" in words:
        loading()
    with running() as server:
        for name, measure in (
            ("enqueuing", enqueuing),
            ("delivering", delivering),
            ("engines", engines),
            ("cost", cost),
        ):
            if not words or name in words:
                measure(server)


if __name__ == "__main__":
    main()
