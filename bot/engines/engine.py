"""What the service asks of whatever delivers."""

from __future__ import annotations

from typing import Protocol

from bot.ledger.jobs import Enqueue


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
        """Begins to deliver, in the background."""
        ...

    def wake(self) -> None:
        """Makes it look at once."""
        ...

    def use(self, workers: int) -> None:
        """Has so many deliveries under way at once from now on."""
        ...

    def ailing(self) -> str | None:
        """Gives what does not get on with its work, in a sentence; None where all does."""
        ...

    def stop(self, patience_s: float) -> int:
        """Takes nothing new, waits for what is under way, and gives how many still are."""
        ...
