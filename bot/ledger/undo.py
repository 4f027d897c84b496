"""The last decision about a posting, taken back while it still matters."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection

from bot.errors import LedgerError
from bot.ledger.decisions import COMING, change, existing, record
from bot.ledger.queries import attempts_of, delivery
from bot.ledger.rows import WAITING, Decision, DeliveryRow, State, Verdict, in_force
from bot.ledger.transactions import Lock, take
from bot.ledger.transitions import set_free
from bot.ledger.verdicts import decision_log

UNDOABLE: Mapping[Verdict, frozenset[State | None]] = {
    "approve": frozenset({COMING, *WAITING}),
    "hold": frozenset({COMING, State.HELD}),
    "skip": frozenset({COMING, State.SKIPPED}),
}
"""In which states a decision can be taken back, as long as nothing was sent since."""


def undo(
    conn: Connection, decision: Decision, waits: bool, now: datetime, who: str, why: str = ""
) -> DeliveryRow | None:
    """Take back a decision, the last about its key that is in force; return the delivery, None
    where it is still to come.

    A delivery goes on, or, where it ``waits``, is held until somebody approves it. Raises
    LedgerError where it is too late.
    """
    take(conn, Lock.DECIDING)
    key, verdict = decision.key, decision.verdict
    if in_force(decision_log(conn, key))[-1:] != [decision]:
        raise LedgerError(f"Somebody has decided about {key} since, so nothing was taken back.")
    row = delivery(conn, key)
    state = COMING if row is None else row.state
    if state not in UNDOABLE.get(verdict, ()):
        now_is = "" if row is None else f": {key} is {row.state} by now"
        raise LedgerError(f"The last decision, {verdict}, cannot be taken back{now_is}.")
    if row is not None and row.useful_until <= now:
        raise LedgerError(f"{key} is no longer useful, so nothing was taken back.")
    if row is not None and any(a.started_at >= decision.at for a in attempts_of(conn, key)):
        raise LedgerError(f"{key} was tried since, so nothing was taken back.")
    record(conn, key, "undo", who=who, why=why, now=now)
    if row is None:
        return None
    if verdict != "hold":
        change(
            conn,
            row,
            now,
            state=State.HELD,
            held_for="approval",
            fence=row.fence + 1,
            settled_at=None,
            reason=None,
            detail="",
        )
    if not waits:
        set_free(conn, [existing(conn, key)], now)
    return delivery(conn, key)
