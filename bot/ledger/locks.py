"""What one transaction at a time does, or any number beside each other but not beside it."""

from __future__ import annotations

from enum import IntEnum

from sqlalchemy import Connection, func, select

SPACE = 0x7669
"""The first half of each number among PostgreSQL's advisory locks: "vi"."""


class Lock(IntEnum):
    """What is locked. The numbers may never be used anew: other versions run beside this one."""

    SCHEMA = 1
    """Making or migrating the tables."""
    DECIDING = 2
    """Pauses and decisions: writing one excludes writing down what it may hold."""
    SEEING = 3
    """Noting which days a channel has."""
    TELLING = 4
    """Telling the operator."""


def take(conn: Connection, lock: Lock, *, shared: bool = False) -> None:
    """Take a lock until the transaction ends. Does nothing on SQLite, where a transaction that
    writes is alone already."""
    if conn.dialect.name == "sqlite":
        return
    ask = func.pg_advisory_xact_lock_shared if shared else func.pg_advisory_xact_lock
    conn.execute(select(ask(SPACE, lock.value)))
