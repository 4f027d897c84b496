"""Rate limits kept per webhook and per host by all machines together, in the shared ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.cluster.buckets import Rates
from bot.cluster.shared_ledger import SharedLedger
from bot.errors import LedgerError
from bot.logs import log


@dataclass(frozen=True)
class SharedLimits:
    """As :class:`bot.delivery.rate_limits.RateLimits`. Asking for a turn raises LedgerError."""

    ledger: SharedLedger

    def wait_for(self, keys: Rates) -> float:
        """Return the seconds until every bucket has a token; 0.0 takes one of each."""
        (wait,) = self.ledger.reserve([keys], 0.0) if keys else [0.0]
        return wait

    def reserve(self, wanted: Sequence[Rates]) -> list[float]:
        """Return for each request the seconds until it may go. Its turn is taken."""
        return self.ledger.reserve(wanted, float("inf"))

    def is_shut(self, keys: Rates) -> bool:
        """Whether a platform asked to be left alone since a turn was taken."""
        return bool(keys) and bool(self.ledger.shut_buckets([name for name, _ in keys]))

    def back_off(self, key: str, seconds: float) -> None:
        """Keep ``key`` shut for ``seconds`` from now on all machines."""
        try:
            self.ledger.back_off(key, seconds)
        except LedgerError as error:
            # what was sent is settled all the same; the platform says it again
            log("not-recorded", str(error), level="warning")
