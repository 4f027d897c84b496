"""How late the first request leaves: ``python -m bench.alarm [CHANNELS …]``.

Starts the real service, with the engine's threads and a ledger in a file, with 1 channel and with
10,000 that are all due at one coming minute, three times each, and prints how many milliseconds
after that instant the first request arrived at the receiver. Each time takes one to two minutes.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.cluster import machines
from bench.group import Receiving, known_since_yesterday, receiving, write_group

CHANNELS = (1, 10_000)
TIMES = 3
_URL = "sqlite:///vigilia.db"

_AHEAD = timedelta(seconds=30)
"""At least so long before its instant the service is started: ten thousand channels are read by
then, and it has come to rest."""

_MOST_LATE_S = 60.0


def _coming_minute() -> datetime:
    soon = datetime.now(UTC) + _AHEAD
    return soon.replace(second=0, microsecond=0) + timedelta(minutes=1)


def lateness_ms(receiver: Receiving, channels: int) -> list[float]:
    """Return how many milliseconds after the due instant each request came that came within the
    first second after the first."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        due_at = _coming_minute()
        write_group(
            root, _URL, channels, kind="embedded", threads="auto", port=receiver.port, due_at=due_at
        )
        known_since_yesterday(root, _URL)
        receiver.forget()
        with machines(root) as made:
            made.start()
            made.wait_until_started()
            ahead_s = due_at.timestamp() - time.time()
            if ahead_s < 0:
                raise TimeoutError("the service was not ready by then")
            time.sleep(ahead_s)
            while not receiver.arrivals():
                if time.time() - due_at.timestamp() > _MOST_LATE_S:
                    raise TimeoutError("no request came")
                time.sleep(0.5)
            time.sleep(1.0)
        return [(at - due_at.timestamp()) * 1000 for at in sorted(receiver.arrivals())]


def main(words: Sequence[str]) -> None:
    print(f"load of this machine before: {os.getloadavg()[0]:.2f} on {os.cpu_count()} cores")
    with receiving(0.0) as receiver:
        for channels in [int(word) for word in words] or CHANNELS:
            for _ in range(TIMES):
                late = lateness_ms(receiver, channels)
                in_a_second = sum(at < late[0] + 1000 for at in late)
                print(
                    f"{channels} channel(s): the first request {late[0]:.1f} ms late,"
                    f" {in_a_second} within a second of it",
                    flush=True,
                )


if __name__ == "__main__":
    main(sys.argv[1:])
