"""How fast the pages are with many deliveries in the ledger: ``python -m bench.page 10000``.

The ledger is filled by its own tables, a few words to each delivery and 40 years of postings, so
that every page has something to find; then each page is asked for over HTTP on loopback, twenty
times. Printed: the median and the slowest of them, and the bytes of the page.
"""

from __future__ import annotations

import json
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.request import urlopen

from bot.assembly import assembled
from bot.clock import SettableClock
from bot.opening import open_ledger
from bot.project.load import load_project
from bot.web.access import access_of
from bot.web.page_thread import open_page

NOW = datetime(2026, 12, 10, 16, 0, tzinfo=UTC)
TIMES = 20
PAGES = (
    "/",
    "/deliveries",
    "/deliveries?q=genocide+prevention",
    "/deliveries?q=word4711",
    "/deliveries?state=failed",
    "/deliveries?channel=c17",
    "/channels",
    "/calendar",
    "/inbox",
    "/calendar.ics",
    "/feed.atom",
    "/upcoming.atom",
    "/api/history",
    "/metrics",
)
_CHANNELS = 200


def part(title: str) -> dict[str, object]:
    """Return the stored form of a message in one language."""
    empty = {"body": "", "actions_label": "", "sources_label": "", "footer": ""}
    return {"language": "en", "title": title, "actions": [], "sources": [], **empty}


def fill(file: Path, count: int) -> None:
    """Writes ``count`` deliveries straight into the tables, findable by their words."""
    states = ["delivered"] * 97 + ["failed", "missed", "unknown"]
    with closing(sqlite3.connect(file)) as raw:
        raw.execute("PRAGMA synchronous=OFF")
        first = NOW - timedelta(days=365 * 40)
        step = timedelta(days=365 * 40) / count

        def rows() -> Iterator[tuple[str | int, ...]]:
            for n in range(count):
                due = f"{first + n * step:%Y-%m-%d %H:%M:%S.%f}"
                day = due[:10]
                old = n < count - 1000
                state = "delivered" if old and n % 3 else states[n % 100]
                message = {
                    "kind": "day",
                    "observances": ["human-rights-day"],
                    "date": day,
                    "parts": [part(f"Genocide prevention word{n % 10007}")],
                }
                key = f"human-rights-day/{day}/0/c{n % _CHANNELS}/en/again-{n}"
                yield (
                    n + 1, key, '["human-rights-day"]', day, 0, f"c{n % _CHANNELS}", '["en"]', due,
                    due, state, 0, 1, due, "accepted", "", json.dumps(message), "[]", 0, 1, due,
                    due,
                )  # fmt: skip

        raw.executemany(
            "INSERT INTO deliveries (id, key, observances, date, lead_days, channel, languages,"
            " due_at, useful_until, state, generation, attempts, settled_at, reason, detail,"
            " message, coming, by_hand, fence, created_at, updated_at) VALUES"
            " (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
            rows(),
        )
        raw.execute("INSERT INTO words_waiting SELECT id FROM deliveries")
        raw.commit()


def index(root: Path) -> float:
    """Makes all words findable; gives the seconds that it took."""
    began = time.perf_counter()
    with open_ledger(
        "sqlite:///vigilia.db", base=root, mode="rehearsal", create=False, now=NOW
    ) as ledger:
        while ledger.index_words(5_000):
            pass
    return time.perf_counter() - began


def measure(count: int) -> None:
    """Prints how long each page takes with so many deliveries."""
    with tempfile.TemporaryDirectory(prefix="vigilia-bench-", dir="/dev/shm") as name:
        root = Path(name)
        (root / "config").mkdir()
        (root / "config" / "vigilia.toml").write_text('[web]\nlisten = "127.0.0.1:0"\n')
        tables = (f'[channels.c{n}]\nplatform = "inbox"\n' for n in range(_CHANNELS))
        (root / "config" / "channels.toml").write_text("\n".join(tables))
        project = load_project(root / "config", environ={}, cwd=root)
        open_ledger(
            "sqlite:///vigilia.db", base=root, mode="rehearsal", create=True, now=NOW
        ).close()
        fill(root / "vigilia.db", count)
        took = index(root)
        size = (root / "vigilia.db").stat().st_size / 1e6
        print(f"{count:,} deliveries, {size:,.0f} MB, words indexed in {took:.1f} s")
        access = access_of(project)
        assert access is not None
        told: list[str] = []
        clock = SettableClock(NOW)
        with (
            assembled(project, clock, "sqlite:///vigilia.db") as parts,
            open_page(parts, access, clock, announce=told.append),
        ):
            time.sleep(2)  # what is worked out beforehand is
            for path in PAGES:
                times = []
                for _ in range(TIMES):
                    began = time.perf_counter()
                    with urlopen(told[0].rstrip("/") + path) as answer:
                        length = len(answer.read())
                    times.append((time.perf_counter() - began) * 1000)
                first, rest = times[0], times[1:]
                print(
                    f"  {path:<36} first {first:6.0f} ms   median {statistics.median(rest):6.0f} ms"
                    f"   slowest {max(rest):6.0f} ms   {length / 1000:5.0f} kB"
                )


if __name__ == "__main__":
    for asked in sys.argv[1:] or ["10000", "1000000"]:
        measure(int(asked))
