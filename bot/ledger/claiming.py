"""Sending: taking a delivery, keeping its words, settling it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, exists, insert, update

from bot.channels.outcome import Reason
from bot.ledger.dialect import moment
from bot.ledger.moving import holding
from bot.ledger.reading import deliveries_by_id
from bot.ledger.redaction import without_addresses
from bot.ledger.rows import CLAIMABLE, Claim, DeliveryRow, HeldFor, OutcomeName, State
from bot.ledger.tables import attempts, deliveries


def claim(
    conn: Connection, delivery_id: int, run: str, now: datetime, lease: timedelta
) -> Claim | None:
    """Moves a delivery to ``sending`` and begins an attempt; None where another was quicker, or it
    is not due, or no longer useful."""
    taken = conn.execute(
        update(deliveries)
        .where(
            deliveries.c.id == delivery_id,
            deliveries.c.state.in_(CLAIMABLE),
            deliveries.c.next_attempt_at <= now,
            deliveries.c.useful_until > now,
        )
        .values(
            state=State.SENDING,
            attempts=deliveries.c.attempts + 1,
            fence=deliveries.c.fence + 1,
            run_id=run,
            lease_until=moment(conn, now) + lease,
            next_attempt_at=None,
            updated_at=now,
        )
        .returning(deliveries.c.attempts, deliveries.c.generation)
    ).one_or_none()
    if taken is None:
        return None
    conn.execute(
        insert(attempts).values(
            delivery_id=delivery_id,
            number=taken.attempts,
            generation=taken.generation,
            started_at=now,
            detail="",
        )
    )
    (row,) = deliveries_by_id(conn, [delivery_id])
    return Claim(row, run, row.fence, row.attempts)


def keep_message(conn: Connection, held: Claim, message: dict[str, Any]) -> bool:
    """Keeps the words that are about to be sent; False where the claim was lost."""
    done = conn.execute(
        update(deliveries)
        .where(
            deliveries.c.id == held.id,
            deliveries.c.fence == held.fence,
            deliveries.c.state == State.SENDING,
        )
        .values(message=message)
    )
    return done.rowcount == 1


def settle(
    conn: Connection,
    held: Claim,
    *,
    state: State,
    now: datetime,
    outcome: OutcomeName,
    reason: Reason,
    detail: str,
    remote_id: str | None,
    next_attempt_at: datetime | None,
    status: int | None,
    replaces: Collection[State] = (State.SENDING, State.UNKNOWN),
) -> State | None:
    """Ends the attempt of a claim; gives the state that it came to, None where the claim was lost.

    ``replaces``: the states that it may still be in; a late answer may replace ``unknown``.
    """
    detail = without_addresses(detail)
    state, held_for = _settled_state(conn, held.delivery, held.number, state, now)
    done = conn.execute(
        update(deliveries)
        .where(
            deliveries.c.id == held.id,
            deliveries.c.fence == held.fence,
            deliveries.c.state.in_(replaces),
        )
        .values(
            state=state,
            held_for=held_for,
            next_attempt_at=next_attempt_at,
            settled_at=None if next_attempt_at else now,
            reason=reason,
            detail=detail,
            remote_id=remote_id,
            lease_until=None,
            updated_at=now,
        )
    )
    if done.rowcount != 1:
        return None
    conn.execute(
        update(attempts)
        .where(attempts.c.delivery_id == held.id, attempts.c.number == held.number)
        .values(
            ended_at=now,
            outcome=outcome,
            reason=reason,
            detail=detail,
            remote_id=remote_id,
            status=status,
        )
    )
    return state


def _settled_state(
    conn: Connection, row: DeliveryRow, number: int, state: State, now: datetime
) -> tuple[State, HeldFor | None]:
    match state:
        case State.RETRYING:
            held_for = holding(conn, row.channel, now)
            return (State.RETRYING, None) if held_for is None else (State.HELD, held_for)
        case State.FAILED:
            # a refusal now says nothing about an earlier attempt that may have arrived
            other = exists().where(
                attempts.c.delivery_id == row.id,
                attempts.c.number != number,
                attempts.c.outcome == "unknown",
            )
            return (State.UNKNOWN if conn.scalar(other.select()) else State.FAILED), None
        case _:
            return state, None
