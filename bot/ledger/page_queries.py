"""The questions that a page asks of the ledger, each in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

from bot.ledger import search as searching
from bot.ledger.rows import DeliveryRow, State
from bot.ledger.search import FanOut, Wanted
from bot.ledger.transactions import Transactions


class Looking(Transactions):
    """An open ledger, as far as somebody looks at it."""

    def search(self, wanted: Wanted, limit: int) -> tuple[DeliveryRow, ...]:
        """Gives the deliveries that fit, the last due first.

        The text is looked for in the words sent and in the keys, whole words or their beginnings,
        accents and capitals aside.
        """
        with self._reading() as conn:
            return searching.search(conn, wanted, limit)

    def count_since(self, state: State, since: datetime, most: int = 1000) -> int:
        """Gives how many deliveries due since an instant are in a state, counting to ``most``."""
        with self._reading() as conn:
            return searching.count_since(conn, state, since, most)

    def last_delivered(self, channels: Sequence[str]) -> Mapping[str, datetime]:
        """Gives when each of the channels last took a message."""
        with self._reading() as conn:
            return searching.last_delivered(conn, channels)

    def fan_out(self, since: datetime | None = None) -> FanOut | None:
        """Gives how far what is being sent has come, None while nothing is.

        ``since`` is of an earlier answer: what was done in the meantime still counts.
        """
        with self._reading() as conn:
            return searching.fan_out(conn, since)

    def change_mark(self) -> str:
        """Gives a short text that is another one after whatever a page might have to show anew."""
        with self._reading() as conn:
            return searching.change_mark(conn)

    def days_marked(
        self, states: Collection[State], start: datetime, end: datetime
    ) -> Mapping[date, set[State]]:
        """Gives, for each date of a day, in which of the states deliveries due in that time are."""
        with self._reading() as conn:
            return searching.days_marked(conn, states, start, end)

    def index_words(self, limit: int = 50) -> int:
        """Makes the words of some more deliveries findable; gives how many: 0 when all are."""
        with self._writing() as conn:
            return searching.index_words(conn, limit)
