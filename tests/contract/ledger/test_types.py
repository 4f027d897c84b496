"""The ledger's methods keep the signatures of the functions they are made of: mypy sees them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]

CALLS = """
from datetime import datetime, timedelta
from typing import assert_type

from bot.ledger.ledger import Ledger
from bot.ledger.rows import Claim, DeliveryRow


def calls(ledger: Ledger, now: datetime) -> None:
    assert_type(ledger.due(now, 10, skip_channels=["ottawa"]), tuple[DeliveryRow, ...])
    assert_type(ledger.claim([], "run", now, timedelta(minutes=1)), list[Claim])
    assert_type(ledger.expire(now), tuple[DeliveryRow, ...])
    ledger.due(now, "ten")
    ledger.due(now, 10, ["ottawa"])
    ledger.claim([now], "run", now, timedelta(minutes=1))
    ledger.alive(now)
    ledger.expire("today")
"""


def test_a_wrong_argument_is_refused_by_mypy_and_a_right_one_is_not() -> None:
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file=", "--strict", "-c", CALLS],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    refused = [line.split(":")[1] for line in checked.stdout.splitlines() if "error:" in line]
    assert refused == ["13", "14", "15", "16", "16", "17"], checked.stdout + checked.stderr
