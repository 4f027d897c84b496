"""Deliveries a second: ``python -m bench.throughput [beside|slow]``.

beside  2,000 messages go to a receiver on loopback, which answers at once: by a bare pool of
        threads with ``requests.Session`` that records nothing, by Apprise in such a pool, by
        Alertmanager, and by Vigilia, where each is durable in the ledger before it leaves and
        settled durably after. Each in a process of its own, in turn, five rounds in one run. Of the
        pools the best number of threads counts, of Vigilia what it does unless told otherwise
slow    10,000 channels whose servers answer after 200 ms, with what Vigilia does unless told
        otherwise, and by the bare pool with as many threads as that comes to at most

Without a word: both. CPU is that of the process that sends, the receiver's not counted.

Alertmanager is the nearest thing to Vigilia that many people run: it sends, tries again and groups.
Here it gets 2,000 alerts through its API, has no group to wait for, and sends each by itself to a
webhook, with the same text in it. It is compiled, writes nothing to the disk before it sends
(https://prometheus.io/docs/alerting/latest/alertmanager/: a log of notifications, written every 15
minutes), and renders nothing. So the figure says what a durable ledger and Python cost beside it,
and not which of the two would be better at the other's work.
"""

from __future__ import annotations

import json
import logging
import os
import platform
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import apprise
import requests

from bench.cluster import cpu_s_of
from bench.group import Receiving, known_since_yesterday, receiving, write_group
from bot.assembly import assembled
from bot.channels.platform import Envelope
from bot.channels.request import HttpRequest
from bot.clock import SystemClock
from bot.delivery.planner import write_down
from bot.delivery.prefetch import Prepared, practise
from bot.delivery.rendering import write_message
from bot.engines.workers import MOST, fixed_workers
from bot.ledger.rows import Settled, State
from bot.logs import configure_logs
from bot.project.load import Project, load_project
from bot.project.secrets import tell_the_logs
from bot.settings.models import Workers

THREADS: dict[str, tuple[Workers, ...]] = {
    "bare": (4, 8, 16, 32),
    "apprise": (4, 8, 16, 32),
    "alertmanager": ("auto",),
    "vigilia": ("auto", 8, 16, 32, 64),
}
"""Threads of each. Alertmanager has as many goroutines as notifications."""

DELIVERIES = 2000
ROUNDS = 5
SLOW_CHANNELS = 10_000
SLOW_S = 0.2
URL = "sqlite:///vigilia.db"


@dataclass(frozen=True)
class Cost:
    """What the messages took: seconds by the clock, and of CPU."""

    took_s: float
    cpu_s: float


def example(project: Project) -> HttpRequest:
    """Return a request as Vigilia makes it, for the others to send."""
    channel = next(iter(project.channels.values()))
    now = datetime.now(UTC)
    (planned, *_) = project.plan.due(now - timedelta(days=1), now)
    message = write_message(project, planned.postings[0])
    request = channel.platform.request(message, channel.options, Envelope("key", "vg_1", now))
    assert isinstance(request, HttpRequest)
    return request


def addresses(project: Project) -> list[str]:
    """Return where each channel posts."""
    return [channel.options.url.get_secret_value() for channel in project.channels.values()]


def pooled(threads: int, urls: list[str], post: Callable[[str], None]) -> Cost:
    """Return what it takes a pool of threads to post to each address once."""
    with ThreadPoolExecutor(threads) as pool:
        began, worked = time.perf_counter(), time.process_time()
        list(pool.map(post, urls))
        return Cost(time.perf_counter() - began, time.process_time() - worked)


def bare(project: Project, threads: Workers) -> Cost:
    """Post with ``requests.Session``, one for each thread."""
    request, own = example(project), threading.local()

    def post(url: str) -> None:
        session = getattr(own, "session", None)
        if session is None:
            session = own.session = requests.Session()
        answer = session.post(url, data=request.body, headers=dict(request.headers), timeout=20)
        assert answer.status_code == 200

    return pooled(fixed_workers(threads), addresses(project), post)


def apprised(project: Project, threads: Workers) -> Cost:
    """Post with Apprise."""
    logging.disable(logging.CRITICAL)
    body = example(project).body.decode()

    def post(url: str) -> None:
        parts = urlsplit(url)
        target = apprise.Apprise()
        assert target.add(f"json://{parts.netloc}{parts.path}")
        assert target.notify(body=body, title="A day")

    return pooled(fixed_workers(threads), addresses(project), post)


def alerted(project: Project, _threads: Workers) -> Cost:
    """Have Alertmanager notify: measured from the POST of the alerts until the last has arrived."""
    body, urls = example(project).body.decode(), addresses(project)
    at = urlsplit(urls[0])
    receiver = Receiving(at.port or 80)
    with alertmanager(f"http://{at.netloc}/alerts") as (process, address):
        alerts = [
            {"labels": {"channel": f"c{number}"}, "annotations": {"message": body}}
            for number in range(len(urls))
        ]
        before, began = cpu_s_of(process.pid), time.time()
        for start in range(0, len(alerts), 100):
            portion = alerts[start : start + 100]
            requests.post(f"{address}/api/v2/alerts", json=portion, timeout=20).raise_for_status()
        while receiver.count() < len(urls):
            if time.time() - began > 120:
                raise TimeoutError(f"{receiver.count()} of {len(urls)} arrived")
            time.sleep(0.1)
        return Cost(max(receiver.arrivals()) - began, cpu_s_of(process.pid) - before)


_IN_PLACE = """
mount -t tmpfs tmpfs /mnt && cp -r "$0/share/prometheus" /mnt && mount --bind /mnt /usr/share \\
&& exec "$0/bin/prometheus-alertmanager" "$@"
"""
"""Debian's reads its templates in /usr/share, where nothing is to be installed: it sees one of its
own."""


@contextmanager
def alertmanager(url: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Have an Alertmanager run that sends each alert to ``url`` by itself, and at once; yield it
    and its address."""
    unpacked = Path(__file__).resolve().parents[1] / ".cache/alertmanager/usr"
    with tempfile.TemporaryDirectory() as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        listen = f"127.0.0.1:{probe.getsockname()[1]}"
        probe.close()
        config = Path(folder) / "alertmanager.yml"
        config.write_text(
            f"""
route: {{receiver: bench, group_by: ["..."], group_wait: 0s}}
receivers: [{{name: bench, webhook_configs: [{{url: "{url}", send_resolved: false}}]}}]
"""
        )
        process = subprocess.Popen(
            ["unshare", "--map-root-user", "--mount", "sh", "-c", _IN_PLACE, str(unpacked),
             f"--config.file={config}", f"--storage.path={folder}",
             f"--web.listen-address={listen}", "--cluster.listen-address=", "--log.level=error"],
            stdout=sys.stderr,
        )  # fmt: skip
        try:
            while not _ready(f"http://{listen}/-/ready"):
                assert process.poll() is None, "Alertmanager has ended"
                time.sleep(0.05)
            yield process, f"http://{listen}"
        finally:
            process.terminate()
            process.wait()


def _ready(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).ok
    except requests.ConnectionError:
        return False


def ours(project: Project, workers: Workers) -> Cost:
    """Measured from the instant at which the engine starts, all being planned, until the last
    outcome is recorded."""
    assert workers == project.settings.delivery.workers
    number, settled = len(project.channels), threading.Semaphore(0)

    def listener(delivery: Settled) -> None:
        assert delivery.state is State.DELIVERED, delivery
        settled.release()

    clock = SystemClock()
    with assembled(project, clock, URL, listeners=(listener,)) as parts:
        write_down(parts.ledger, project, clock.now())
        # as a service does before an instant: what is read at first use has been read
        (planned, *_) = project.plan.due(clock.now() - timedelta(days=1), clock.now())
        practise(Prepared(project, clock.now(), (planned,)))
        began, worked = time.perf_counter(), time.process_time()
        parts.engine.start()
        for _ in range(number):
            assert settled.acquire(timeout=60)
        cost = Cost(time.perf_counter() - began, time.process_time() - worked)
        parts.engine.stop(5.0)
        assert parts.ledger.counts()[State.DELIVERED] == number
    return cost


CONTENDERS = {"bare": bare, "apprise": apprised, "alertmanager": alerted, "vigilia": ours}


def _measure(name: str, threads: Workers, root: Path) -> None:
    """Print the cost. The log is written as a service's is."""
    with (root / "log").open("w") as log:
        configure_logs(log)
        project = load_project(root / "config", environ={}, cwd=root)
        tell_the_logs(project)
        cost = CONTENDERS[name](project, threads)
    print(json.dumps(asdict(cost)))


def measured(name: str, threads: Workers, number: int, receiver: Receiving) -> Cost:
    """Return the cost of one contender, measured in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        workers = threads if name == "vigilia" else "auto"
        write_group(root, URL, number, kind="embedded", threads=workers, port=receiver.port)
        if name == "vigilia":
            known_since_yesterday(root, URL)
        receiver.forget()
        words = [sys.executable, "-m", "bench.throughput", "_measure", name, str(threads), folder]
        output = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout
        arrived = receiver.count()
        if arrived != number:
            raise AssertionError(f"{name}: {arrived} of {number} arrived")
        return Cost(**json.loads(output))


def beside() -> None:
    costs: dict[tuple[str, Workers], list[Cost]] = {}
    with receiving(0.0) as receiver:
        for _ in range(ROUNDS):
            for name in CONTENDERS:
                for threads in THREADS[name]:
                    cost = measured(name, threads, DELIVERIES, receiver)
                    costs.setdefault((name, threads), []).append(cost)
    best: dict[str, float] = {}
    for (name, threads), rounds in costs.items():
        rates = [DELIVERIES / cost.took_s for cost in rounds]
        cpu_ms = statistics.median(cost.cpu_s for cost in rounds) / DELIVERIES * 1000
        middle = statistics.median(rates)
        if name != "vigilia" or threads == "auto":
            best[name] = max(best.get(name, 0.0), middle)
        print(
            f"{name}, {threads} threads: {middle:,.0f} a second"
            f" ({min(rates):,.0f} to {max(rates):,.0f}), {cpu_ms:.2f} ms of CPU each"
        )
    for name in ("bare", "apprise", "alertmanager"):
        print(f"vigilia / {name}: {best['vigilia'] / best[name]:.2f}")


def slow() -> None:
    print(f"{SLOW_CHANNELS:,} channels that answer after {SLOW_S * 1000:.0f} ms:")
    slowly: tuple[tuple[str, Workers], ...] = (("vigilia", "auto"), ("bare", MOST))
    with receiving(SLOW_S) as receiver:
        for name, threads in slowly:
            cost = measured(name, threads, SLOW_CHANNELS, receiver)
            cpu_ms = cost.cpu_s / SLOW_CHANNELS * 1000
            print(f"{name}, {threads} threads: {cost.took_s:.1f} s, {cpu_ms:.2f} ms of CPU each")


def main() -> None:
    words = sys.argv[1:]
    if words[:1] == ["_measure"]:
        _measure(words[1], "auto" if words[2] == "auto" else int(words[2]), Path(words[3]))
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
