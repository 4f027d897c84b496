"""Claiming: taking deliveries to be sent, with their words. Many in one transaction, so that a
disk is waited for once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import (
    Connection,
    Interval,
    bindparam,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate

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
    shared = conn.dialect.name == "postgresql"
    values = {
        "ids": [row.id for row in group],
        "turn": group[0].fence,
        "of": group[0].generation,
        "at": now,
        "run": run,
        "lease": lease if shared else now + lease,
    }
    if message is not None:
        values["words"] = message
    claimed = conn.execute(_claiming(shared, message is not None), values).all()
    if not claimed:
        return {}
    conn.execute(_BEGINNING, {"ids": [id_ for id_, _, _ in claimed], "at": now})
    rows = {row.id: row for row in group}
    claims = {}
    for id_, number, lease_until in claimed:
        row = rows[id_]
        sending = replace(
            row,
            state=State.SENDING,
            attempts=number,
            tries=row.tries + 1,
            fence=row.fence + 1,
            run_id=run,
            lease_until=lease_until,
            next_attempt_at=None,
            updated_at=now,
            message=row.message if message is None else message,
        )
        claims[id_] = Claim(sending, run, sending.fence, number)
    return claims


@cache
def _claiming(shared: bool, words: bool) -> ReturningUpdate[Any]:
    """The statement that takes deliveries; ``shared``: the lease is measured by the database's own
    clock, as machines' clocks differ."""
    lease: Any = bindparam("lease", type_=Instant)
    if shared:
        lease = func.clock_timestamp(type_=Instant) + bindparam("lease", type_=Interval)
    return (
        update(deliveries)
        .where(
            deliveries.c.id.in_(bindparam("ids", expanding=True)),
            deliveries.c.fence == bindparam("turn"),
            deliveries.c.generation == bindparam("of"),
            deliveries.c.state.in_(CLAIMABLE),
            deliveries.c.next_attempt_at <= bindparam("at"),
            deliveries.c.useful_until > bindparam("at"),
        )
        .values(
            state=State.SENDING,
            attempts=deliveries.c.attempts + 1,
            fence=deliveries.c.fence + 1,
            run_id=bindparam("run"),
            lease_until=lease,
            next_attempt_at=None,
            updated_at=bindparam("at"),
            **({"message": bindparam("words")} if words else {}),
        )
        .returning(deliveries.c.id, deliveries.c.attempts, deliveries.c.lease_until)
    )


_BEGINNING = insert(attempts).from_select(
    ["delivery_id", "number", "generation", "started_at", "detail"],
    select(
        deliveries.c.id,
        deliveries.c.attempts,
        deliveries.c.generation,
        bindparam("at", type_=Instant),
        literal(""),
    ).where(deliveries.c.id.in_(bindparam("ids", expanding=True))),
)


def grouped(items: Iterable[_T], of: Callable[[_T], Hashable]) -> list[list[_T]]:
    """Return the items in groups of which one thing is the same."""
    groups: dict[Hashable, list[_T]] = {}
    for item in items:
        groups.setdefault(of(item), []).append(item)
    return list(groups.values())
