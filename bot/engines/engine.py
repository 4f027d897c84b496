"""What the service asks of whatever delivers."""

from __future__ import annotations

from typing import Protocol

from bot.ledger.slots import Enqueue
from bot.settings.models import Workers


class Engine(Protocol):
    """Delivers what the ledger says is due, until it is stopped."""

    @property
    def enqueue(self) -> Enqueue | None:
        """Puts jobs for what is written down into a queue; None: the engine looks by itself."""
        ...

    @property
    def is_well(self) -> bool:
        """Whether it gets on with its work."""
        ...

    @property
    def in_flight(self) -> int:
        """How many deliveries are under way here."""
        ...

    def start(self) -> None:
        """Begin to deliver, in the background."""
        ...

    def wake(self) -> None:
        """Look at once."""
        ...

    def use(self, workers: Workers) -> None:
        """Have so many deliveries under way at once from now on."""
        ...

    def health_problem(self) -> str | None:
        """Return what does not get on with its work, in a sentence; None where all does."""
        ...

    def stop(self, patience_s: float) -> int:
        """Take nothing new, wait for what is under way, and return how many still are."""
        ...


_LONGEST_DELIVERY_S = 300.0
"""Over every deadline of a request: what takes longer waits for the ledger, or hangs."""


def hanging(longest_s: float) -> str | None:
    """Return what is wrong, in a sentence, where a delivery has been under way for too long."""
    if longest_s <= _LONGEST_DELIVERY_S:
        return None
    return f"A delivery has been under way for {longest_s:.0f} s."
