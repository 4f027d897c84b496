"""What an operator decides: approve, hold, skip, send, retry, resolve, retract; and takes back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, insert

from bot.channels.outcome import Reason
from bot.errors import LedgerError
from bot.ledger.pauses import refuse_paused
from bot.ledger.queries import attempts_of, decision_log, delivery, verdicts
from bot.ledger.redaction import without_addresses
from bot.ledger.rows import CLAIMABLE, WAITING, Decision, DeliveryRow, State, Verdict, in_force
from bot.ledger.slots import insert_by_hand
from bot.ledger.tables import decisions
from bot.ledger.transactions import Lock, take
from bot.ledger.transitions import move, set_free, unless_arrived
from bot.planning import Planned

COMING = None
"""Stands for the state of a posting that has no row yet."""

ALLOWED: Mapping[Verdict, frozenset[State | None]] = {
    # also what ended without its words being read: it can be retried once they are approved
    "approve": frozenset({COMING, *WAITING, State.FAILED, State.MISSED, State.SKIPPED}),
    "hold": frozenset({COMING, *CLAIMABLE}),
    "skip": frozenset({COMING, *WAITING}),
    "retry": frozenset({State.HELD, State.FAILED, State.MISSED, State.SKIPPED}),
    "resolve-delivered": frozenset({State.UNKNOWN}),
    "resolve-resend": frozenset({State.UNKNOWN}),
    "retract": frozenset({State.DELIVERED}),
}
"""In which states each decision can be made."""


UNDOABLE: Mapping[Verdict, frozenset[State | None]] = {
    "approve": frozenset({COMING, *WAITING}),
    "hold": frozenset({COMING, State.HELD}),
    "skip": frozenset({COMING, State.SKIPPED}),
}
"""In which states a decision can be taken back, as long as nothing was sent since."""


def is_allowed(verdict: Verdict, row: DeliveryRow | None) -> bool:
    """Whether a decision can be made of a delivery as it stands; None: of a coming posting."""
    return (COMING if row is None else row.state) in ALLOWED[verdict]


def decide(
    conn: Connection,
    key: str,
    verdict: Literal["approve", "hold", "skip"],
    who: str,
    why: str,
    now: datetime,
    *,
    digest: str | None = None,
) -> DeliveryRow | None:
    """Approve, hold or skip a posting, coming or waiting; return its delivery, None where it is
    still to come. ``digest`` is of the words approved.

    A delivery held for approval goes on when approved; one that is held waits for that. Raises
    LedgerError where it is too late.
    """
    take(conn, Lock.DECIDING)
    row = delivery(conn, key)
    if row is not None and not is_allowed(verdict, row):
        raise LedgerError(f"{key} is {row.state} already, so there is nothing to {verdict}.")
    record(conn, key, verdict, who=who, why=why, now=now, digest=digest)
    if row is None:
        return None
    if verdict == "skip":
        skipped = _by_hand(unless_arrived(State.SKIPPED, row.may_have_arrived), now, why)
        # a late answer to an earlier attempt must not set it going again
        change(conn, row, now, fence=row.fence + 1, next_attempt_at=None, **skipped)
    elif verdict == "hold":
        change(conn, row, now, state=State.HELD, held_for="approval", fence=row.fence + 1)
    elif row.state is State.HELD and row.held_for == "approval":
        set_free(conn, [row], now)
    return delivery(conn, key)


def retry(
    conn: Connection, key: str, now: datetime, useful_until: datetime, who: str, why: str = ""
) -> DeliveryRow:
    """Make a failed, missed, skipped or held delivery ready, its words to be written anew; those of
    a message to the operator stay as they are.

    Raises LedgerError for every other state, where the words still need approval, and where
    everything or the channel is paused.
    """
    row = existing(conn, key, operator=True)
    if not is_allowed("retry", row):
        on_its_way = f"is {row.state}: it is on its way already."
        raise LedgerError(f"{key} {_WHY_NOT_RETRIED.get(row.state, on_its_way).format(key=key)}")
    if row.held_for == "approval":
        decision = verdicts(conn, [key]).get(key)
        if decision is None or decision.verdict != "approve":
            raise LedgerError(
                f"Nobody has approved the words of {key} yet. Read them with `vigilia preview`,"
                f" then `vigilia approve {key}`."
            )
    if not row.for_operator:
        refuse_paused(conn, row.channel, now)
    record(conn, key, "retry", who=who, why=why, now=now)
    # nothing could write the words of a message to the operator anew
    message = row.message if row.for_operator else None
    return _send_again(conn, row, now, useful_until, message)


_WHY_NOT_RETRIED = {
    State.DELIVERED: "was delivered. `vigilia send … --again` posts it once more.",
    State.UNKNOWN: "may have arrived. Look at the channel, then"
    " `vigilia resolve {key} --delivered` or `--resend`.",
    State.RETRACTED: "was retracted. `vigilia send … --again` posts it once more.",
}


def resolve(
    conn: Connection,
    key: str,
    how: Literal["delivered", "resend"],
    now: datetime,
    who: str,
    why: str = "",
    *,
    useful_until: datetime | None = None,
) -> DeliveryRow:
    """Say of an unknown delivery that it arrived, or have the same words sent again as a new
    generation, useful until its own instant unless another is given. Raises LedgerError."""
    row = existing(conn, key, operator=True)
    if not is_allowed("resolve-resend", row):
        raise LedgerError(f"{key} is {row.state}: only what is unknown can be resolved.")
    if how == "delivered":
        record(conn, key, "resolve-delivered", who=who, why=why, now=now)
        change(conn, row, now, **_by_hand(State.DELIVERED, now, why))
        return existing(conn, key, operator=row.for_operator)
    useful_until = useful_until or row.useful_until
    if useful_until <= now:
        raise LedgerError(
            f"{key} was useful until {row.useful_until:%Y-%m-%d %H:%M} UTC, so it is not resent."
        )
    if not row.for_operator:
        refuse_paused(conn, row.channel, now)
    record(conn, key, "resolve-resend", who=who, why=why, now=now)
    return _send_again(conn, row, now, useful_until, message=row.message)


def retract(conn: Connection, key: str, now: datetime, who: str, why: str = "") -> DeliveryRow:
    """Note that a delivered message was taken back from the channel. Raises LedgerError."""
    row = existing(conn, key)
    if not is_allowed("retract", row):
        raise LedgerError(f"{key} is {row.state}: only what was delivered can be retracted.")
    record(conn, key, "retract", who=who, why=why, now=now)
    change(conn, row, now, **_by_hand(State.RETRACTED, now, why))
    return existing(conn, key)


def _by_hand(state: State, now: datetime, why: str) -> dict[str, Any]:
    """Return what a delivery has that came to its state by a person's word."""
    detail = without_addresses(why)
    return {"state": state, "settled_at": now, "reason": Reason.OPERATOR, "detail": detail}


def send_now(
    conn: Connection,
    planned: Planned,
    key: str,
    digest: str,
    now: datetime,
    who: str,
    why: str = "",
) -> tuple[str, ...]:
    """Write down a coming posting, to be sent at once, with the approval of those of its words
    whose key and digest these are; return the keys. Raises LedgerError as insert_by_hand does."""
    keys = insert_by_hand(conn, planned, now)
    record(conn, key, "approve", who=who, why=why, now=now, digest=digest)
    return keys


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


def existing(conn: Connection, key: str, *, operator: bool = False) -> DeliveryRow:
    """Return a posting, or with ``operator`` perhaps a message to the operator."""
    row = delivery(conn, key)
    if row is None and operator:
        row = delivery(conn, key, operator=True)
    if row is None:
        raise LedgerError(f"No posting has the key {key}. `vigilia history` shows those there are.")
    return row


def change(conn: Connection, row: DeliveryRow, now: datetime, **values: Any) -> None:
    """Carry out what was decided. Raises LedgerError, so that nothing is recorded either, where
    somebody else was quicker."""
    if not move(conn, row, now, **values):
        raise LedgerError(
            f"{row.key} has changed at this very moment, so nothing was recorded. Look how it"
            " stands, and decide again."
        )


def _send_again(
    conn: Connection,
    row: DeliveryRow,
    now: datetime,
    useful_until: datetime,
    message: dict[str, object] | None,
) -> DeliveryRow:
    change(
        conn,
        row,
        now,
        state=State.READY,
        held_for=None,
        # a new generation is a new request id: no platform may take it for a repeat
        generation=row.generation + 1 if row.tries else row.generation,
        useful_until=useful_until,
        next_attempt_at=now,
        settled_at=None,
        message=message,
    )
    return existing(conn, row.key, operator=row.for_operator)


def record(
    conn: Connection,
    key: str,
    verdict: Verdict,
    *,
    who: str,
    why: str,
    now: datetime,
    digest: str | None = None,
) -> None:
    """Write a decision into the log."""
    values = {"verdict": verdict, "who": who, "why": without_addresses(why), "digest": digest}
    conn.execute(insert(decisions).values(key=key, at=now, **values))
