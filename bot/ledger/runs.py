"""Runs of the service: who owns what is being sent, and when any of them was last alive."""

from __future__ import annotations

import os
import socket
import uuid
from datetime import datetime

from sqlalchemy import Connection, insert, update

from bot.clock import SystemClock
from bot.ledger.tables import runs


def begin(conn: Connection, now: datetime, version: str) -> str:
    """Notes that a run of this process begins; gives its id."""
    run = str(uuid.uuid4())
    conn.execute(
        insert(runs).values(
            id=run,
            started_at=now,
            alive_at=now,
            beat_at=SystemClock().now(),
            host=socket.gethostname(),
            pid=os.getpid(),
            version=version,
        )
    )
    return run


def alive(conn: Connection, run: str, now: datetime) -> None:
    """Notes that a run is alive."""
    conn.execute(
        update(runs).where(runs.c.id == run).values(alive_at=now, beat_at=SystemClock().now())
    )


def end(conn: Connection, run: str, now: datetime) -> None:
    """Notes that a run has ended by itself."""
    conn.execute(
        update(runs)
        .where(runs.c.id == run)
        .values(alive_at=now, beat_at=SystemClock().now(), ended_at=now)
    )
