"""How a delivery gets from one state to the next when nobody is sending it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, update

from bot.channels.outcome import Reason
from bot.ledger.queries import (
    deliveries_by_id,
    meta_value,
    no_longer_useful,
    open_deliveries,
    paused_channel_rows,
)
from bot.ledger.rows import DeliveryRow, HeldFor, State
from bot.ledger.tables import attempts, deliveries
from bot.ledger.transactions import Lock, Transactions, take

PAUSED_UNTIL = "paused_until"


def paused_until(conn: Connection) -> datetime | None:
    """Return the instant until which everything is held; it may have passed."""
    stored = meta_value(conn, PAUSED_UNTIL)
    return None if stored is None else datetime.fromisoformat(stored)


def holding(conn: Connection, channel: str, now: datetime) -> HeldFor | None:
    """Return what keeps the postings of a channel from being sent at ``now``, and goes on doing so
    until the transaction ends."""
    take(conn, Lock.DECIDING, shared=True)
    until = paused_until(conn)
    if until is not None and until > now:
        return "pause"
    return "channel" if channel in paused_channel_rows(conn) else None


def move(conn: Connection, row: DeliveryRow, now: datetime, **values: Any) -> bool:
    """Change a delivery that still stands as ``row`` says; False where it no longer does."""
    done = conn.execute(
        update(deliveries)
        .where(
            deliveries.c.id == row.id,
            deliveries.c.state == row.state,
            deliveries.c.fence == row.fence,
            deliveries.c.generation == row.generation,
        )
        .values(updated_at=now, **values)
    )
    return done.rowcount == 1


def unless_arrived(state: State, may_have_arrived: bool) -> State:
    """Return the state that may be said of what nobody will send: ``unknown`` in the place of one
    that says that it did not arrive (failed, missed, skipped), where it may have.

    ``may_have_arrived`` is of any attempt of any generation, as DeliveryRow has it. A resend is a
    new request with the same words: that the second was refused says nothing about the first, and
    "failed" is read as "nobody has seen it". Only somebody who looks into the channel can tell.
    """
    return State.UNKNOWN if may_have_arrived else state


def give_up(conn: Connection, row: DeliveryRow, now: datetime) -> bool:
    """Settle what is no longer useful: missed where it was never tried, failed where it was tried
    in vain, unknown where a try may have arrived."""
    unsent = State.FAILED if row.tries else State.MISSED
    return move(
        conn,
        row,
        now,
        state=unless_arrived(unsent, row.may_have_arrived),
        settled_at=now,
        reason=Reason.EXPIRED,
        next_attempt_at=None,
    )


def expire(ledger: Transactions, now: datetime) -> tuple[DeliveryRow, ...]:
    """Settle what waits though its useful time is over, and return it as it stands then: missed
    where it was never tried, failed where it was tried in vain, unknown where a try may have
    arrived."""
    with ledger.reading() as conn:
        if not no_longer_useful(conn, now):
            return ()
    with ledger.writing() as conn:
        rows = no_longer_useful(conn, now)
        for row in rows:
            give_up(conn, row, now)
        return deliveries_by_id(conn, [row.id for row in rows])


def set_free(
    conn: Connection, rows: Iterable[DeliveryRow], now: datetime
) -> tuple[DeliveryRow, ...]:
    """Let held deliveries go on: to be sent, or held for what else holds them, or given up where
    they are no longer useful. Return them as they stand then."""
    moved = []
    for row in rows:
        moved.append(row.id)
        if row.useful_until <= now:
            give_up(conn, row, now)
            continue
        still = holding(conn, row.channel, now)
        if still is not None:
            move(conn, row, now, held_for=still)
        else:
            state = State.RETRYING if row.tries else State.READY
            at = now if row.next_attempt_at is None else row.next_attempt_at
            move(conn, row, now, state=state, held_for=None, next_attempt_at=at)
    return deliveries_by_id(conn, moved)


def doubt(conn: Connection, detail: str, now: datetime) -> tuple[DeliveryRow, ...]:
    """Make unknown whatever waits or is under way, with an attempt that says ``detail``; return the
    rows as they were. For a ledger that was put back and cannot know what was sent since."""
    rows = open_deliveries(conn)
    for row in rows:
        conn.execute(
            insert(attempts).values(
                delivery_id=row.id,
                number=row.attempts + 1,
                generation=row.generation,
                started_at=now,
                ended_at=now,
                outcome="unknown",
                reason=Reason.INTERRUPTED,
                detail=detail,
            )
        )
        move(
            conn,
            row,
            now,
            state=State.UNKNOWN,
            held_for=None,
            attempts=row.attempts + 1,
            # whoever was sending it when the backup was made settles nothing here
            fence=row.fence + 1,
            lease_until=None,
            next_attempt_at=None,
            settled_at=now,
            reason=Reason.INTERRUPTED,
            detail=detail,
        )
    return rows
