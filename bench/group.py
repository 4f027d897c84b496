"""A group for measuring: so many channels with something due on one day, on its receiver."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.request import Request, urlopen

from bot.delivery.planner import write_down
from bot.ledger.rows import State
from bot.opening import open_ledger
from bot.project.load import load_project

DAY = "day-of-measuring"
_SECRET = "whsec_dGhlIHRlc3RzIHNpZ24gd2l0aCB0aGlzIGtleSE="

_SETTINGS = """
timezone = "UTC"
post_at = "{due_at:%H:%M}"
[ledger]
url = "{url}"
[engine]
kind = "{kind}"
[delivery]
workers = {workers}
[network]
trusted_hosts = ["127.0.0.1"]
[web]
listen = "off"
"""

_STORY = (
    "As long as a story of the calendar is, with a word in **bold** and one that is *said*. " * 7
)


@dataclass(frozen=True)
class Receiving:
    """A receiver in a process of its own."""

    port: int

    def arrivals(self) -> list[float]:
        """Return the instants at which requests arrived, in seconds since 1970."""
        with urlopen(f"http://127.0.0.1:{self.port}/") as answer:
            return [float(at) for at in json.load(answer)]

    def count(self) -> int:
        """Return how many have arrived."""
        with urlopen(f"http://127.0.0.1:{self.port}/count") as answer:
            return int(answer.read())

    def forget(self) -> None:
        urlopen(Request(f"http://127.0.0.1:{self.port}/", method="DELETE")).close()


@contextmanager
def receiving(delay_s: float) -> Iterator[Receiving]:
    """Has a receiver run that answers after ``delay_s``."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.receiver", str(delay_s)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield Receiving(int(process.stdout.readline()))
    finally:
        process.terminate()
        process.communicate()


def write_group(
    root: Path,
    url: str,
    channels: int,
    *,
    kind: str,
    threads: int | str,
    port: int,
    due_at: datetime | None = None,
) -> None:
    """Writes the configuration. ``due_at`` is a whole minute, UTC; last midnight unless given."""
    due_at = due_at or datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    config = root / "config"
    for folder in (config / "observances", config / "channels"):
        folder.mkdir(parents=True, exist_ok=True)
    (config / "vigilia.toml").write_text(
        _SETTINGS.format(url=url, kind=kind, workers=json.dumps(threads), due_at=due_at)
    )
    table = config / "channels" / "all.csv"
    with table.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["name", "platform", "url", "secret", "include"])
        for number in range(channels):
            address = f"http://127.0.0.1:{port}/c{number}/Xk7Qp2Vt9mNbL4sR8wYz3HcJ"
            rows.writerow([f"c{number}", "webhook", address, _SECRET, DAY])
    table.chmod(0o600)
    words = "".join(
        f'name.{code} = "A day"\nopening.{code} = "On {{{{ date }}}} we remember, together."\n'
        for code in ("en", "fr", "es")
    )
    (config / "observances" / "own.toml").write_text(
        f'[{DAY}]\nkind = "day"\non = "{due_at.day} {due_at:%B}"\nthemes = ["own"]\n{words}'
        'sources = [{ title = "A source", url = "https://example.org/" }]\n'
        f'[[{DAY}.story]]\nen = "{_STORY}"\nfr = "{_STORY}"\nes = "{_STORY}"\n'
    )


def known_since_yesterday(root: Path, url: str) -> None:
    """Makes the ledger of a service that knew all its channels by yesterday."""
    yesterday = datetime.now(UTC) - timedelta(days=1)
    with open_ledger(url, base=root, mode="real", create=True, now=yesterday) as ledger:
        run = ledger.begin_run(yesterday, "bench")
        write_down(ledger, load_project(root / "config", environ={}), yesterday)
        ledger.alive(run, yesterday)
        ledger.end_run(run, yesterday)


def wait_until_delivered(root: Path, url: str, number: int, timeout_s: float = 600.0) -> None:
    """Returns when so many are delivered."""
    ends = time.monotonic() + timeout_s
    now = datetime.now(UTC)
    with open_ledger(url, base=root, mode=None, create=False, now=now) as ledger:
        while ledger.counts()[State.DELIVERED] < number:
            if time.monotonic() > ends:
                raise TimeoutError(f"{ledger.counts()[State.DELIVERED]} of {number} in time")
            time.sleep(0.5)
