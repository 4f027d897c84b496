"""What was decided about a posting, coming or past: the log, and what of it is in force."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Select, select

from bot.ledger.queries import portions
from bot.ledger.rows import Decision, in_force, last_verdict
from bot.ledger.tables import decisions


def verdicts(conn: Connection, keys: Collection[str]) -> dict[str, Decision]:
    """Return the approval, hold or skip that is in force of each of the keys that has one."""
    logs: dict[str, list[Decision]] = {}
    for portion in portions(keys):
        query = _decisions().where(
            decisions.c.key.in_(portion),
            decisions.c.verdict.in_(("approve", "hold", "skip", "undo")),
        )
        for stored in conn.execute(query).mappings():
            logs.setdefault(stored["key"], []).append(Decision(**stored))
    last = ((key, last_verdict(in_force(log))) for key, log in logs.items())
    return {key: decision for key, decision in last if decision is not None}


def decision_log(conn: Connection, key: str) -> tuple[Decision, ...]:
    """Return all that was decided about a key, the first first."""
    rows = conn.execute(_decisions().where(decisions.c.key == key)).mappings()
    return tuple(Decision(**stored) for stored in rows)


def _decisions() -> Select[Any]:
    columns = (column for column in decisions.c if column.name != "id")
    return select(*columns).order_by(decisions.c.id)
