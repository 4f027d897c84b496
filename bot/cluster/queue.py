"""The task queue: Procrastinate's tables in the ledger's database, its jobs and their retries.

Kept from it, because each of them goes wrong in its own way: no ``lock`` (a job of the future would
block those that are ready), no ``queueing_lock`` (beside retries it leaves jobs ``doing`` for
ever), no periodic tasks (they skip what is over ten minutes late; our planner looks back).
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from procrastinate import App, BaseRetryStrategy, RetryDecision
from procrastinate.exceptions import ProcrastinateException
from procrastinate.jobs import Job as QueuedJob
from procrastinate.psycopg_connector import PsycopgConnector
from procrastinate.schema import SchemaManager
from procrastinate.sync_psycopg_connector import SyncPsycopgConnector

from bot.clock import Clock
from bot.cluster.jobs import Job, Put
from bot.cluster.postgresql import NETWORK, session_options
from bot.cluster.shared_ledger import SharedLedger
from bot.delivery.courier import Courier
from bot.delivery.planner import recover
from bot.delivery.retry import next_delay
from bot.ledger.url import ledger_server
from bot.logs import log

QUEUE = "deliveries"
TASK = "vigilia.deliver"

_SHORTEST = timedelta(seconds=1)
_JOBLESS_AT_ONCE = 1000


class StillWaitingError(Exception):
    """Of a job's deliveries some are to be tried again, the first of them at ``at`` (UTC)."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        super().__init__(f"Some of these deliveries are tried again at {at.isoformat()}.")


class DeliveryRetry(BaseRetryStrategy):
    """A job waits as long as its deliveries: when their next attempt is due is decided by the
    policy of deliveries and stands in the ledger. A job that met a broken ledger waits by the same
    policy, and is never given up: what ends is the useful time of its deliveries."""

    def get_retry_decision(self, *, exception: BaseException, job: QueuedJob) -> RetryDecision:
        now = datetime.now(UTC)
        if isinstance(exception, StillWaitingError):
            # by another machine's clock it may be past already, and the job would spin
            return RetryDecision(retry_at=max(exception.at, now + _SHORTEST))
        return RetryDecision(retry_at=now + next_delay(job.attempts + 1, None, random.random))


def connection_of(url: str) -> dict[str, Any]:
    """Return what psycopg needs for the ledger's database: its address, and the limits that keep a
    network that swallows packets from hanging a worker."""
    server = ledger_server(url)
    if server is None:
        raise ValueError("a task queue needs PostgreSQL")
    parts = server.translate_connect_args(username="user", database="dbname")
    return {**parts, "options": session_options(), **NETWORK, **server.query}


def queue_app(url: str, connections: int) -> App:
    """Return the queue's application for a worker, or for looking after the queue."""
    return App(
        connector=PsycopgConnector(
            min_size=1,
            max_size=connections,
            timeout=10.0,
            max_lifetime=1800.0,
            reconnect_timeout=10.0,
            kwargs=connection_of(url),
        )
    )


# Never opened: it only writes into transactions that are the ledger's.
_WRITING = App(connector=SyncPsycopgConnector())


def enqueue(raw: Any, jobs: Sequence[Job]) -> list[int]:
    """Put jobs into the queue in the transaction of a psycopg connection; return their ids."""
    by_instant: dict[datetime, list[int]] = {}
    for index, job in enumerate(jobs):
        by_instant.setdefault(job.at, []).append(index)
    ids = [0] * len(jobs)
    for at, indices in by_instant.items():
        made = _WRITING.configure_task(
            TASK, queue=QUEUE, connection=raw, schedule_at=at
        ).batch_defer(*(_arguments(jobs[index]) for index in indices))
        for index, id_ in zip(indices, made, strict=True):
            ids[index] = id_
    return ids


def _arguments(job: Job) -> dict[str, Any]:
    return {"deliveries": list(job.deliveries), "reserved": job.reserved}


def make_tables(raw: Any) -> None:
    """Make the queue's tables, or bring them to the installed version; do nothing where they are
    so. In the transaction of a psycopg connection that no other machine is beside."""
    steps = sorted(path.name for path in Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    with raw.cursor() as cursor:
        cursor.execute("SELECT to_regclass('procrastinate_jobs'), to_regclass('vigilia_queue')")
        made, noted = cursor.fetchone()
        if made is None:
            cursor.execute(SchemaManager.get_schema())
        if noted is None:
            cursor.execute("CREATE TABLE vigilia_queue (step TEXT PRIMARY KEY)")
            cursor.executemany(_NOTE, [(step,) for step in steps])
            return
        cursor.execute("SELECT step FROM vigilia_queue")
        done = {row[0] for row in cursor.fetchall()}
        for step in steps:
            if step not in done:
                cursor.execute((Path(SchemaManager.get_migrations_path()) / step).read_text())
                cursor.execute(_NOTE, (step,))


_NOTE = "INSERT INTO vigilia_queue (step) VALUES (%s)"


@dataclass(frozen=True)
class Upkeep:
    """What a machine does for all others. It does no harm where several do it."""

    ledger: SharedLedger
    courier: Courier
    clock: Clock
    put: Put
    stalled_after_s: float

    async def tidy(self, app: App) -> None:
        """Rescue the jobs of workers that are gone, and give a job to what is due without one."""
        began = time.monotonic()
        stalled = await app.job_manager.get_stalled_jobs(
            queue=QUEUE, seconds_since_heartbeat=self.stalled_after_s
        )
        gone = {job.id for job in stalled if job.id is not None}
        # a job that runs twice meanwhile does no harm: the ledger knows what is being sent
        gone |= set(await asyncio.to_thread(self.ledger.lost_jobs, self.courier.lease))
        for number in sorted(gone):
            log("job-rescued", "The worker of a job does not know of it; another takes it.",
                job=number)  # fmt: skip
            try:
                await app.job_manager.retry_job_by_id_async(number, retry_at=datetime.now(UTC))
            except ProcrastinateException as error:
                # another machine was quicker, or the worker is back and through with it
                log("job-not-rescued", str(error), job=number)
        number = await asyncio.to_thread(
            self.ledger.give_jobs, self.clock.now(), _JOBLESS_AT_ONCE, self.put
        )
        if number:
            log("jobs-given", f"{number} due deliveries had no job, and have one now.")
        # a long backlog is not gone through all the time
        await asyncio.sleep(20 * (time.monotonic() - began))

    async def recover(self) -> None:
        """Settle what was being sent when its machine was lost, once the lease is over."""
        rows = await asyncio.to_thread(
            recover, self.ledger, self.courier.project(), self.courier.run, self.clock
        )
        for row in rows:
            log(
                "operator-not-told" if row.for_operator else "interrupted",
                "A machine was lost while this was being sent; `vigilia history` shows its state.",
                level="error" if row.for_operator else "warning",
                key=row.key,
                channel=row.channel,
            )

    async def forget(self) -> None:
        """Forget the rate limits' buckets that have long been full."""
        await asyncio.to_thread(self.ledger.forget_buckets)
