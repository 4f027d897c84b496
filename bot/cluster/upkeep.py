"""Looking after the queue: jobs whose worker is gone, deliveries without a job, leases that are
over."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime

from procrastinate import App
from procrastinate.exceptions import ProcrastinateException

from bot.clock import Clock
from bot.cluster.jobs import Put
from bot.cluster.queue import QUEUE
from bot.cluster.shared_ledger import SharedLedger
from bot.delivery.courier import Courier
from bot.delivery.planner import recover
from bot.logs import log

_JOBLESS_AT_ONCE = 1000


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
