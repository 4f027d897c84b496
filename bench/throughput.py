"""Deliveries a second: ``python -m bench.throughput [beside|slow]``.

beside  2,000 messages go to a receiver on loopback, which answers at once: by a bare pool of
        threads with ``requests.Session`` that records nothing, by Apprise in such a pool, and by
        Vigilia, where each is durable in the ledger before it leaves and settled durably after.
        Each in a process of its own, in turn, five rounds in one run; of each, the best number of
        threads counts
slow    10,000 channels whose servers answer after 200 ms, beside what workers × latency allow

Without a word: both.
"""

from __future__ import annotations

import json
import logging
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import apprise
import requests

from bench.group import Receiving, known_since_yesterday, receiving, write_group
from bot.channels.platform import Envelope
from bot.channels.request import HttpRequest
from bot.clock import SystemClock
from bot.delivery.planner import write_down
from bot.delivery.prefetch import Prepared, practise
from bot.delivery.rendering import write_message
from bot.ledger.rows import Settled, State
from bot.logs import configure_logs
from bot.project.load import Project, load_project
from bot.project.secrets import tell_the_logs
from bot.running import assembled

THREADS = {"bare": (4, 8, 16, 32), "apprise": (4, 8, 16, 32), "vigilia": (8, 16, 32, 64)}
DELIVERIES = 2000
ROUNDS = 5
SLOW_CHANNELS = 10_000
SLOW_WORKERS = 64
SLOW_S = 0.2
URL = "sqlite:///vigilia.db"


def example(project: Project) -> HttpRequest:
    """Gives a request as Vigilia makes it, for the others to send."""
    channel = next(iter(project.channels.values()))
    now = datetime.now(UTC)
    (planned, *_) = project.plan.due(now - timedelta(days=1), now)
    message = write_message(project, planned.postings[0])
    request = channel.platform.request(message, channel.options, Envelope("key", "vg_1", now))
    assert isinstance(request, HttpRequest)
    return request


def addresses(project: Project) -> list[str]:
    """Gives where each channel posts."""
    return [channel.options.url.get_secret_value() for channel in project.channels.values()]


def pooled(threads: int, urls: list[str], post: Callable[[str], None]) -> float:
    """Gives the seconds that a pool of threads takes to post to each address once."""
    with ThreadPoolExecutor(threads) as pool:
        began = time.perf_counter()
        list(pool.map(post, urls))
        return time.perf_counter() - began


def bare(project: Project, threads: int) -> float:
    request, own = example(project), threading.local()

    def post(url: str) -> None:
        session = getattr(own, "session", None)
        if session is None:
            session = own.session = requests.Session()
        answer = session.post(url, data=request.body, headers=dict(request.headers), timeout=20)
        assert answer.status_code == 200

    return pooled(threads, addresses(project), post)


def apprised(project: Project, threads: int) -> float:
    logging.disable(logging.CRITICAL)
    body = example(project).body.decode()

    def post(url: str) -> None:
        parts = urlsplit(url)
        target = apprise.Apprise()
        assert target.add(f"json://{parts.netloc}{parts.path}")
        assert target.notify(body=body, title="A day")

    return pooled(threads, addresses(project), post)


def ours(project: Project, threads: int) -> float:
    """Measured from the instant at which the engine starts, all being planned, until the last
    outcome is recorded."""
    assert threads == project.settings.delivery.workers
    number, settled = len(project.channels), threading.Semaphore(0)

    def listener(one: Settled) -> None:
        assert one.state is State.DELIVERED, one
        settled.release()

    clock = SystemClock()
    with assembled(project, clock, URL, listeners=(listener,)) as parts:
        write_down(parts.ledger, project, clock.now())
        # as a service does before an instant: what is read at first use has been read
        (planned, *_) = project.plan.due(clock.now() - timedelta(days=1), clock.now())
        practise(Prepared(project, clock.now(), (planned,)))
        began = time.perf_counter()
        parts.engine.start()
        for _ in range(number):
            assert settled.acquire(timeout=60)
        took = time.perf_counter() - began
        parts.engine.stop(5.0)
        assert parts.ledger.counts()[State.DELIVERED] == number
    return took


CONTENDERS = {"bare": bare, "apprise": apprised, "vigilia": ours}


def _measure(name: str, threads: int, root: Path) -> None:
    """Prints the seconds. The log is written as a service's is."""
    with (root / "log").open("w") as log:
        configure_logs(log)
        project = load_project(root / "config", environ={}, cwd=root)
        tell_the_logs(project)
        took = CONTENDERS[name](project, threads)
    print(json.dumps(took))


def measured(name: str, threads: int, number: int, receiver: Receiving) -> float:
    """Gives the deliveries a second of one contender, measured in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        write_group(root, URL, number, kind="embedded", threads=threads, port=receiver.port)
        if name == "vigilia":
            known_since_yesterday(root, URL)
        receiver.forget()
        words = [sys.executable, "-m", "bench.throughput", "_measure", name, str(threads), folder]
        told = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout
        arrived = len(receiver.arrivals())
        if arrived != number:
            raise AssertionError(f"{name}: {arrived} of {number} arrived")
        return number / float(json.loads(told))


def beside() -> None:
    found: dict[tuple[str, int], list[float]] = {}
    with receiving(0.0) as receiver:
        for _ in range(ROUNDS):
            for name in CONTENDERS:
                for threads in THREADS[name]:
                    rate = measured(name, threads, DELIVERIES, receiver)
                    found.setdefault((name, threads), []).append(rate)
    best: dict[str, float] = {}
    for (name, threads), rates in found.items():
        middle = statistics.median(rates)
        best[name] = max(best.get(name, 0.0), middle)
        print(
            f"{name}, {threads} threads: {middle:,.0f} a second"
            f" ({min(rates):,.0f} to {max(rates):,.0f})"
        )
    for name in ("bare", "apprise"):
        print(f"vigilia / {name}: {best['vigilia'] / best[name]:.2f}")


def slow() -> None:
    with receiving(SLOW_S) as receiver:
        took = SLOW_CHANNELS / measured("vigilia", SLOW_WORKERS, SLOW_CHANNELS, receiver)
    ideal = SLOW_CHANNELS * SLOW_S / SLOW_WORKERS
    print(
        f"{SLOW_CHANNELS:,} channels that answer after {SLOW_S * 1000:.0f} ms, {SLOW_WORKERS}"
        f" workers: {took:.1f} s, {took / ideal:.2f} of the ideal {ideal:.1f} s"
    )


def main() -> None:
    words = sys.argv[1:]
    if words[:1] == ["_measure"]:
        _measure(words[1], int(words[2]), Path(words[3]))
        return
    print(
        f"load of this machine before: {os.getloadavg()[0]:.2f} on {os.cpu_count()} cores,"
        f" Python {platform.python_version()}"
    )
    for measure in (beside, slow):
        if not words or measure.__name__ in words:
            measure()


if __name__ == "__main__":
    main()
