"""Claiming: taking deliveries to be sent, with their words. Many in one transaction, so that a
disk is waited for once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection, Interval, bindparam, func, insert, update

from bot.ledger.rows import CLAIMABLE, Claim, DeliveryRow, State
from bot.ledger.tables import Instant, attempts, deliveries

_T = TypeVar("_T")


def claim(
    conn: Connection,
    rows: Sequence[DeliveryRow],
    run: str,
    now: datetime,
    lease: timedelta,
    words: Mapping[int, dict[str, Any]] | None = None,
) -> list[Claim]:
    """Take deliveries to be sent: they are ``sending``, their words are kept, durably, and an
    attempt at each has begun.

    Those are left out where another was quicker, that no longer stand as their row says, are not
    due yet, or no longer useful. ``words`` holds, by the delivery's id, what is to be kept; where
    it holds nothing, what was kept before stays.
    """
    words = words or {}
    claims: dict[int, Claim] = {}
    for group in grouped(rows, lambda row: (id(words.get(row.id)), row.fence, row.generation)):
        claims |= _claim_group(conn, group, run, now, lease, words.get(group[0].id))
    return [claims[row.id] for row in rows if row.id in claims]


def _claim_group(
    conn: Connection,
    group: Sequence[DeliveryRow],
    run: str,
    now: datetime,
    lease: timedelta,
    message: dict[str, Any] | None,
) -> dict[int, Claim]:
    """Take deliveries that have the same words, and had as many turns."""
    values = {
        "ids": [row.id for row in group],
        "turn": group[0].fence,
        "of": group[0].generation,
        "at": now,
        "state": State.SENDING,
        "run_id": run,
        "next_attempt_at": None,
        "updated_at": now,
        **({} if message is None else {"message": message}),
    }
    if conn.dialect.name == "postgresql":
        claimed = conn.execute(_CLAIMING_SHARED, {**values, "lease": lease}).all()
    else:
        claimed = conn.execute(_CLAIMING, {**values, "lease_until": now + lease}).all()
    if not claimed:
        return {}
    begun = {"generation": group[0].generation, "started_at": now, "detail": ""}
    conn.execute(
        insert(attempts),
        [{"delivery_id": id_, "number": number, **begun} for id_, number, _ in claimed],
    )
    rows = {row.id: row for row in group}
    claims = {}
    for id_, number, until in claimed:
        row = rows[id_]
        sending = replace(
            row,
            state=State.SENDING,
            attempts=number,
            tries=row.tries + 1,
            fence=row.fence + 1,
            run_id=run,
            lease_until=until,
            next_attempt_at=None,
            updated_at=now,
            message=row.message if message is None else message,
        )
        claims[id_] = Claim(sending, run, sending.fence, number)
    return claims


# Built once, as building takes longer than asking; what has a column's name is its new value.
_CLAIMING = (
    update(deliveries)
    .where(
        deliveries.c.id.in_(bindparam("ids", expanding=True)),
        deliveries.c.fence == bindparam("turn"),
        deliveries.c.generation == bindparam("of"),
        deliveries.c.state.in_(CLAIMABLE),
        deliveries.c.next_attempt_at <= bindparam("at"),
        deliveries.c.useful_until > bindparam("at"),
    )
    .values(attempts=deliveries.c.attempts + 1, fence=deliveries.c.fence + 1)
    .returning(deliveries.c.id, deliveries.c.attempts, deliveries.c.lease_until)
)

# the lease by the database's own clock, as machines' clocks differ
_CLAIMING_SHARED = _CLAIMING.values(
    lease_until=func.clock_timestamp(type_=Instant) + bindparam("lease", type_=Interval)
)


def grouped(items: Iterable[_T], of: Callable[[_T], Hashable]) -> list[list[_T]]:
    """Return the items in groups of which one thing is the same."""
    groups: dict[Hashable, list[_T]] = {}
    for item in items:
        groups.setdefault(of(item), []).append(item)
    return list(groups.values())
