"""A ledger on PostgreSQL, which any number of machines use at the same time, and their limits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine

from bot.cluster import buckets, jobs, postgresql
from bot.cluster.buckets import Rates
from bot.errors import LedgerError
from bot.ledger import queries, sqlite
from bot.ledger.ledger import Ledger
from bot.ledger.rows import Mode
from bot.ledger.transactions import Lock, reads, writes
from bot.logs import log


class SharedLedger(Ledger):
    """As :class:`bot.ledger.ledger.Ledger`, and what only several machines ask."""

    shared = True

    def __init__(self, engine: Engine, *, mode: Mode, place: str) -> None:
        super().__init__(engine, path=None, mode=mode, place=place)
        # a server has a lock for each row
        self._write_lock = nullcontext()
        self._explain = postgresql.explain

    # jobs of the task queue
    waiting = reads(queries.claimable_rows)
    give_jobs = writes(jobs.give_jobs)
    lost_jobs = reads(jobs.lost)
    enqueue = writes(jobs.enqueue_all)
    with_driver = writes(jobs.with_driver)

    # rate limits
    reserve = writes(buckets.reserve)
    back_off = writes(buckets.back_off)
    shut_buckets = reads(buckets.shut)
    forget_buckets = writes(buckets.forget)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Yield one transaction that reads: all its questions are of one moment."""
        with sqlite.plain_errors(self._place, self._explain), self._engine.connect() as conn:
            # SQLite gives that by itself
            conn.execution_options(isolation_level="REPEATABLE READ")
            with conn.begin():
                yield conn

    @contextmanager
    def alone(self, lock: Lock) -> Iterator[bool]:
        """Yield as Ledger does, by a lock on the server."""
        with self._engine.connect() as conn, postgresql.try_to_hold(conn, lock) as held:
            yield held

    def backup(self, file: Path) -> None:
        """Raise LedgerError: its server makes the backup."""
        raise LedgerError(
            f"The ledger at {self._place} is backed up by its server: `pg_dump --format=custom`"
            " with the database's address. docs/cluster.md says more."
        )


@dataclass(frozen=True)
class SharedLimits:
    """As :class:`bot.delivery.rate_limits.RateLimits`, kept by all machines, per webhook and
    per host. Asking for a turn raises LedgerError."""

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
