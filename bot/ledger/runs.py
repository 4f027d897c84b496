"""Runs of the service: who owns what is being sent, and when any of them was last alive."""

from __future__ import annotations

import os
import socket
import uuid
from datetime import datetime

from sqlalchemy import Connection, func, insert, select, update

from bot.clock import SystemClock
from bot.ledger.rows import RunRow
from bot.ledger.tables import runs


def begin(conn: Connection, now: datetime, version: str) -> str:
    """Note that a run of this process begins; return its id. Until it says that it is alive, it was
    alive no later than those before it: what was due in between has still to be written down."""
    run = str(uuid.uuid4())
    before = last_alive(conn)
    conn.execute(
        insert(runs).values(
            id=run,
            started_at=now,
            alive_at=now if before is None else min(before, now),
            beat_at=SystemClock().now(),
            host=socket.gethostname(),
            pid=os.getpid(),
            version=version,
        )
    )
    return run


def alive(conn: Connection, run: str, now: datetime) -> None:
    """Note that a run is alive, and has written down all that was due until ``now``."""
    _note(conn, run, alive_at=now)


def beat(conn: Connection, run: str) -> None:
    """Note that a run is alive; what was due is another's business."""
    _note(conn, run)


def end(conn: Connection, run: str, now: datetime) -> None:
    """Note that a run has ended by itself."""
    _note(conn, run, ended_at=now)


def _note(conn: Connection, run: str, **values: datetime) -> None:
    beat_at = SystemClock().now()
    conn.execute(update(runs).where(runs.c.id == run).values(beat_at=beat_at, **values))


def latest_run(conn: Connection, host: str | None = None) -> RunRow | None:
    """Return the run that showed a sign of life last, of one machine or of all; None before the
    first."""
    query = select(runs).order_by(runs.c.beat_at.desc()).limit(1)
    if host is not None:
        query = query.where(runs.c.host == host)
    row = conn.execute(query).mappings().one_or_none()
    return None if row is None else RunRow(**row)


def last_alive(conn: Connection) -> datetime | None:
    """Return the last instant at which any run was alive."""
    instant: datetime | None = conn.scalar(select(func.max(runs.c.alive_at)))
    return instant
