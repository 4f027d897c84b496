"""Date rules (placeholder types; see phrases)."""

from __future__ import annotations

from datetime import date
from typing import Protocol


class Rule(Protocol):
    """Gives the dates of a Gregorian year."""

    def dates(self, year: int) -> tuple[date, ...]: ...
