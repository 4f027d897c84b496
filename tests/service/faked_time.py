"""A machine's wall clock that a test sets, for a whole process: libfaketime's library, real waits.

The monotonic clock stays real, as it does when an administrator sets the clock.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.service.installation import Installation, Running


@dataclass(frozen=True)
class WallClock:
    """The clock of the processes that are started with it."""

    file: Path

    @classmethod
    def at(cls, folder: Path, instant: datetime) -> WallClock:
        clock = cls(folder / "wall-clock")
        clock.set(instant)
        return clock

    def set(self, instant: datetime) -> None:
        """Makes the clock show an instant; it goes on from there."""
        ahead = (instant - datetime.now(UTC)).total_seconds()
        new = self.file.with_suffix(".new")
        new.write_text(f"{ahead:+.3f}", "ascii")
        new.replace(self.file)

    def start(self, installed: Installation, *words: str) -> Running:
        """Starts the service, its ledger real, by this clock."""
        found = importlib.util.find_spec("libfaketime")
        assert found is not None and found.origin is not None
        library = Path(found.origin).parent / "vendor/libfaketime/src/libfaketime.so.1"
        return installed.start(
            *words,
            LD_PRELOAD=str(library),
            FAKETIME_TIMESTAMP_FILE=str(self.file),
            FAKETIME_NO_CACHE="1",
            FAKETIME_DONT_FAKE_MONOTONIC="1",
        )
