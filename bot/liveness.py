"""Whether a service lives, as `vigilia health` tells it from the ledger alone."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from bot.clock import SystemClock
from bot.errors import LedgerError
from bot.ledger.ledger import Ledger
from bot.opening import open_ledger


@dataclass(frozen=True)
class VitalSigns:
    """Whether a service lives, and a sentence about it."""

    alive: bool
    message: str
    alive_at: datetime | None = None
    counts: dict[str, int] | None = None
    config_problems: tuple[str, ...] = ()
    """Why the files of the configuration, as they were changed, are not in force."""


def vital_signs(url: str, root: Path, max_age: timedelta) -> VitalSigns:
    """Look into the ledger for a sign of life that is at most ``max_age`` old, in real time.
    ``root`` is the folder from which a relative path in ``url`` counts."""
    now = SystemClock().now()
    try:
        with open_ledger(url, base=root, mode=None, create=False, now=now) as ledger:
            return signs_in(ledger, max_age)
    except LedgerError as error:
        return VitalSigns(False, str(error))


def signs_in(ledger: Ledger, max_age: timedelta) -> VitalSigns:
    """Look into a ledger that is open. Raises LedgerError."""
    now = SystemClock().now()
    # where machines share it, this one's
    run = ledger.latest_run(socket.gethostname() if ledger.shared else None)
    counts = {state.value: count for state, count in ledger.counts().items()}
    noted = ledger.noted_config()
    if run is None:
        return VitalSigns(False, "No service has run on this ledger yet.", None, counts)
    if run.ended_at is not None:
        return VitalSigns(False, "The service was stopped.", run.beat_at, counts)
    age = now - run.beat_at
    if age > max_age:
        seconds = int(age.total_seconds())
        sentence = f"The service has shown no sign of life for {seconds} s (process {run.pid})."
        return VitalSigns(False, sentence, run.beat_at, counts)
    sentence = f"The service is alive (process {run.pid})."
    if noted is None:
        return VitalSigns(True, sentence, run.beat_at, counts)
    sentence += (
        f" The configuration was changed and cannot be used; the one before is in force since"
        f" {noted[0]:%Y-%m-%d %H:%M} UTC. {' '.join(noted[1])}"
    )
    return VitalSigns(True, sentence, run.beat_at, counts, noted[1])
