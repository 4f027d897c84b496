"""What several machines ask of the ledger that they share on a server."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar

from bot.ledger import buckets, jobs, runs
from bot.ledger.buckets import Rates
from bot.ledger.jobs import Enqueue, Job
from bot.ledger.operator_outbox import Telling
from bot.ledger.postgresql import Lock, take, try_to_hold
from bot.ledger.rows import DeliveryRow

_T = TypeVar("_T")


class Sharing(Telling):
    """An open ledger, as far as machines share it. All but :meth:`beat` and :meth:`alone` is for a
    ledger on PostgreSQL only."""

    def beat(self, run: str) -> None:
        """Notes that a run is alive, whether or not it plans."""
        with self._writing() as conn:
            runs.beat(conn, run)

    def waiting(self, ids: Sequence[int]) -> tuple[DeliveryRow, ...]:
        """Gives those of the deliveries that are still to be sent, now or later."""
        with self._reading() as conn:
            return jobs.waiting(conn, ids)

    def give_jobs(self, now: datetime, limit: int, enqueue: Enqueue) -> int:
        """Gives a job to what is due and has none that lives; gives how many deliveries."""
        with self._writing() as conn:
            return jobs.give_jobs(conn, now, limit, enqueue)

    def lost_jobs(self, after: timedelta) -> list[int]:
        """Gives the jobs that have been worked on for longer than any job should take."""
        with self._reading() as conn:
            return jobs.lost(conn, after)

    def enqueue(self, these: Sequence[Job], enqueue: Enqueue) -> None:
        """Gives deliveries another job than they had."""
        with self._writing() as conn:
            jobs.enqueue_all(conn, these, enqueue)

    def reserve(self, wanted: Sequence[Rates], patience_s: float) -> list[float]:
        """Gives for each request the seconds until its rate limits let it go, and takes its turn
        where that is at most ``patience_s``."""
        with self._writing() as conn:
            return buckets.reserve(conn, wanted, patience_s)

    def back_off(self, bucket: str, seconds: float) -> None:
        """Keeps a bucket shut for so long, on all machines."""
        with self._writing() as conn:
            buckets.back_off(conn, bucket, seconds)

    def shut_buckets(self, names: Sequence[str]) -> set[str]:
        """Gives those of the buckets that a platform asked to leave alone for now."""
        with self._reading() as conn:
            return buckets.shut(conn, names)

    def forget_buckets(self) -> None:
        """Forgets the buckets that have long been full."""
        with self._writing() as conn:
            buckets.forget(conn)

    def with_driver(self, work: Callable[[Any], _T]) -> _T:
        """Does something with the driver's own connection, alone among all machines, in one
        transaction: making the queue's tables."""
        with self._writing() as conn:
            take(conn, Lock.SCHEMA)
            return work(jobs.driver(conn))

    @contextmanager
    def alone(self, lock: Lock) -> Iterator[bool]:
        """Yields True while no other machine is in such a block, False where one is. A machine that
        dies is out of it."""
        if not self.shared:
            yield True
            return
        with self._engine.connect() as conn, try_to_hold(conn, lock) as held:
            yield held
