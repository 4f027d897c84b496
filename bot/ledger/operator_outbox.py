"""What the operator is told: which message, about what, and what became of it.

These messages are no postings: they fill no slot, and `history` does not show them.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from bot.channels.outcome import Reason
from bot.ledger.postgresql import Lock, take
from bot.ledger.queries import meta_value
from bot.ledger.redaction import without_addresses
from bot.ledger.rows import CLAIMABLE, State
from bot.ledger.tables import meta, operator_messages, told

_SUBJECTS_A_QUESTION = 500
"""A database takes so many parameters and not many more."""

_BROKEN_CONFIG = "broken_config"


@dataclass(frozen=True)
class OperatorMessage:
    """One message to the operator as it stands. ``message`` is the JSON form of its words."""

    id: int
    key: str
    channel: str
    message: dict[str, Any] = field(repr=False)
    state: State
    attempts: int
    maybe_arrived: bool
    made_at: datetime
    useful_until: datetime
    next_attempt_at: datetime | None
    settled_at: datetime | None
    reason: Reason | None
    detail: str


def note_config(conn: Connection, since: datetime | None, problems: Sequence[str]) -> None:
    """Note since when the files of the configuration are not in force, and why; with None,
    that they are."""
    take(conn, Lock.SEEING)
    conn.execute(delete(meta).where(meta.c.key == _BROKEN_CONFIG))
    if since is not None:
        said = {
            "since": since.isoformat(),
            "problems": [without_addresses(problem) for problem in problems],
        }
        conn.execute(insert(meta).values(key=_BROKEN_CONFIG, value=json.dumps(said)))


def noted_config(conn: Connection) -> tuple[datetime, tuple[str, ...]] | None:
    """Return since when the files of the configuration are not in force, and why; None where
    they are."""
    stored = meta_value(conn, _BROKEN_CONFIG)
    if stored is None:
        return None
    said = json.loads(stored)
    return datetime.fromisoformat(said["since"]), tuple(said["problems"])


def untold(conn: Connection, cause: str, subjects: Collection[str]) -> set[str]:
    """Return those of the subjects that no message has told of."""
    left = set(subjects)
    asked = list(left)
    for start in range(0, len(asked), _SUBJECTS_A_QUESTION):
        part = asked[start : start + _SUBJECTS_A_QUESTION]
        query = select(told.c.subject).where(told.c.cause == cause, told.c.subject.in_(part))
        left -= set(conn.scalars(query))
    return left


def last_told(conn: Connection) -> Mapping[str, datetime]:
    """Return by cause when the operator was last told of it."""
    latest = select(func.max(told.c.id)).group_by(told.c.cause)
    query = select(told.c.cause, told.c.at).where(told.c.id.in_(latest))
    return {row.cause: row.at for row in conn.execute(query)}


def tell(
    conn: Connection,
    channel: str,
    message: dict[str, Any],
    about: Mapping[str, Collection[str]],
    now: datetime,
    useful_for: timedelta,
) -> OperatorMessage:
    """Write down a message to the operator with all that it tells, subjects by their cause,
    in one transaction: whatever ends this process, none of it is told twice."""
    number = (conn.scalar(select(func.max(operator_messages.c.id))) or 0) + 1
    conn.execute(
        insert(operator_messages).values(
            id=number,
            key=f"operator/{'+'.join(about)}/{now:%Y-%m-%dT%H:%M:%SZ}-{number}/{channel}",
            channel=channel,
            message=message,
            state=State.READY,
            attempts=0,
            maybe_arrived=False,
            made_at=now,
            useful_until=now + useful_for,
            next_attempt_at=now,
            detail="",
        )
    )
    rows = [
        {"cause": cause, "subject": subject, "message_id": number, "at": now}
        for cause, subjects in about.items()
        for subject in subjects
    ]
    conn.execute(insert(told), rows)
    return _message(conn, number)


def messages(conn: Connection, states: Collection[State] = ()) -> tuple[OperatorMessage, ...]:
    """Return the messages to the operator in these states (all unless given), the first
    first."""
    query = select(operator_messages).order_by(operator_messages.c.id)
    if states:
        query = query.where(operator_messages.c.state.in_(states))
    return tuple(OperatorMessage(**row) for row in conn.execute(query).mappings())


def claim_message(
    conn: Connection, message: OperatorMessage, now: datetime
) -> OperatorMessage | None:
    """Note, durably, that a message is about to be sent; None where that is not due."""
    done = conn.execute(
        update(operator_messages)
        .where(
            operator_messages.c.id == message.id,
            operator_messages.c.state.in_(CLAIMABLE),
            operator_messages.c.next_attempt_at <= now,
        )
        .values(
            state=State.SENDING,
            attempts=operator_messages.c.attempts + 1,
            next_attempt_at=None,
        )
    )
    return _message(conn, message.id) if done.rowcount == 1 else None


def settle_message(
    conn: Connection,
    message: OperatorMessage,
    *,
    state: State,
    now: datetime,
    reason: Reason,
    detail: str,
    next_attempt_at: datetime | None = None,
    maybe_arrived: bool = False,
) -> None:
    """Note what became of a message that was being sent."""
    conn.execute(
        update(operator_messages)
        .where(
            operator_messages.c.id == message.id,
            operator_messages.c.state == State.SENDING,
        )
        .values(
            state=state,
            settled_at=None if next_attempt_at else now,
            next_attempt_at=next_attempt_at,
            reason=reason,
            detail=without_addresses(detail),
            maybe_arrived=message.maybe_arrived or maybe_arrived,
        )
    )


def _message(conn: Connection, number: int) -> OperatorMessage:
    query = select(operator_messages).where(operator_messages.c.id == number)
    return OperatorMessage(**conn.execute(query).mappings().one())
