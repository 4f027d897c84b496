"""Deliveries and the jobs of the task queue that wake a worker for them.

The queue's tables lie in the same database; of them, only which jobs are alive is asked here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any, TypeVar

from sqlalchemy import Connection, bindparam, func, select, text, update

from bot.ledger.queries import claimable_at
from bot.ledger.rows import State
from bot.ledger.slots import Enqueue
from bot.ledger.tables import deliveries
from bot.ledger.transactions import Lock, take

_T = TypeVar("_T")

MOST_A_JOB = 16
"""So many deliveries share a job at most: a job costs the queue about as much as one of them."""

_JOBS_TO_SHARE = 64
"""Into at least so many jobs a small morning is cut, so that all workers get some of it."""


@dataclass(frozen=True)
class Job:
    """Deliveries that one job wakes a worker for, from ``at`` on. ``reserved``: their turn at the
    rate limits is taken already."""

    deliveries: tuple[int, ...]
    at: datetime
    reserved: bool = False


Put = Callable[[Any, Sequence[Job]], Sequence[int]]
"""Puts jobs into the task queue, in the transaction of the driver's own connection; gives their
ids."""


def jobs_for(waiting: Iterable[tuple[int, datetime]]) -> list[Job]:
    """Return the jobs for deliveries that may be sent from an instant on."""
    by_instant: dict[datetime, list[int]] = {}
    for id_, at in waiting:
        by_instant.setdefault(at, []).append(id_)
    most = min(max(ceil(sum(map(len, by_instant.values())) / _JOBS_TO_SHARE), 1), MOST_A_JOB)
    return [
        Job(tuple(ids[start : start + most]), at)
        for at, ids in by_instant.items()
        for start in range(0, len(ids), most)
    ]


def for_new(put: Put) -> Enqueue:
    """Return what gives deliveries that are written down an id and, where they are ready, a job,
    before they are there: a row is written once."""

    def enqueue(conn: Connection, rows: Sequence[dict[str, Any]]) -> None:
        numbers = select(func.nextval("deliveries_id_seq")).select_from(
            func.generate_series(1, len(rows))
        )
        for row, id_ in zip(rows, conn.scalars(numbers).all(), strict=True):
            row |= {"id": id_, "job_id": None}
        jobs = jobs_for((row["id"], row["due_at"]) for row in rows if row["state"] is State.READY)
        job_of = _put(conn, jobs, put)
        for row in rows:
            row["job_id"] = job_of.get(row["id"])

    return enqueue


def with_driver(conn: Connection, work: Callable[[Any], _T]) -> _T:
    """Do something with the driver's own connection, alone among all machines, in one transaction:
    making the queue's tables."""
    take(conn, Lock.SCHEMA)
    return work(driver(conn))


def enqueue_all(conn: Connection, jobs: Sequence[Job], put: Put) -> None:
    """Put jobs into the queue and note them with their deliveries."""
    numbers = _put(conn, jobs, put)
    if numbers:
        conn.execute(
            update(deliveries).where(deliveries.c.id == bindparam("delivery")),
            [{"delivery": id_, "job_id": number} for id_, number in numbers.items()],
        )


def _put(conn: Connection, jobs: Sequence[Job], put: Put) -> dict[int, int]:
    """Put jobs into the queue; return the number of each delivery's job."""
    numbered = zip(jobs, put(driver(conn), jobs), strict=True)
    return {id_: number for job, number in numbered for id_ in job.deliveries}


def give_jobs(conn: Connection, now: datetime, limit: int, put: Put) -> int:
    """Give a job to what is due and has none that lives: what a person has set going, whose worker
    was lost together with its job, or what was written down without a queue; return how many."""
    # a job that waits for a later instant wakes nobody now, unless it waits for its turn at a host
    jobless = text(
        "NOT EXISTS (SELECT 1 FROM procrastinate_jobs AS job WHERE job.id = deliveries.job_id"
        " AND (job.status = 'doing' OR (job.status = 'todo' AND (job.scheduled_at IS NULL"
        " OR job.scheduled_at <= now() + interval '5 s' OR job.args->>'reserved' = 'true'))))"
    )
    rows = conn.execute(
        select(deliveries.c.id, deliveries.c.next_attempt_at)
        .where(claimable_at(now), jobless)
        .order_by(deliveries.c.next_attempt_at)
        .limit(limit)
        # what is just being claimed needs none, and another machine sees to the rest
        .with_for_update(skip_locked=True)
    ).all()
    enqueue_all(conn, jobs_for((row.id, now) for row in rows), put)
    return len(rows)


def lost(conn: Connection, after: timedelta) -> list[int]:
    """Return the jobs that have been worked on for longer than ``after``. Their worker may be well
    and not know of them: the database went away between giving it a job and telling it so."""
    query = text(
        "SELECT job.id FROM procrastinate_jobs AS job WHERE job.status = 'doing' AND"
        " (SELECT max(event.at) FROM procrastinate_events AS event"
        " WHERE event.job_id = job.id AND event.type = 'started')"
        " < now() - make_interval(secs => :after)"
    )
    return list(conn.scalars(query, {"after": after.total_seconds()}))


def driver(conn: Connection) -> Any:
    """Return the driver's own connection, in the middle of its transaction."""
    return conn.connection.driver_connection
