"""Messages to the operator: deliveries without a slot, and what each of them told, so that nothing
is told twice. They are sent like every other delivery."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, String, cast, delete, exists, func, insert, select, type_coerce

from bot.channels.outcome import Reason
from bot.ledger.queries import LONGEST_WAIT, POSTINGS, meta_value, portions
from bot.ledger.redaction import without_addresses
from bot.ledger.rows import State
from bot.ledger.tables import deliveries, meta, told_subjects
from bot.ledger.transactions import Lock, take

_BROKEN_CONFIG = "broken_config"


@dataclass(frozen=True)
class UntoldEnd:
    """A posting that came to its end, of which the operator knows nothing. ``subject`` stands for
    it in what is noted as told; ``title`` is of the words sent, None where none were."""

    subject: str
    key: str
    channel: str
    state: State
    due_at: datetime
    reason: Reason | None
    detail: str
    title: str | None


def note_config(conn: Connection, since: datetime | None, problems: Sequence[str]) -> None:
    """Note since when the files of the configuration are not in force, and why; with None,
    that they are."""
    take(conn, Lock.SEEING)
    conn.execute(delete(meta).where(meta.c.key == _BROKEN_CONFIG))
    if since is not None:
        note = {
            "since": since.isoformat(),
            "problems": [without_addresses(problem) for problem in problems],
        }
        conn.execute(insert(meta).values(key=_BROKEN_CONFIG, value=json.dumps(note)))


def noted_config(conn: Connection) -> tuple[datetime, tuple[str, ...]] | None:
    """Return since when the files of the configuration are not in force, and why; None where
    they are."""
    stored = meta_value(conn, _BROKEN_CONFIG)
    if stored is None:
        return None
    note = json.loads(stored)
    return datetime.fromisoformat(note["since"]), tuple(note["problems"])


def untold_ends(
    conn: Connection, states: Collection[State], since: datetime
) -> tuple[UntoldEnd, ...]:
    """Return the postings that came to these states since an instant and that no message has told
    of, the first first. The cause under which they are told is the state's word."""
    state = type_coerce(deliveries.c.state, String)
    number = cast(deliveries.c.generation, String) + "." + cast(deliveries.c.attempts, String)
    subject = deliveries.c.key + " " + state + " " + number
    query = (
        select(
            subject.label("subject"),
            deliveries.c.key,
            deliveries.c.channel,
            deliveries.c.state,
            deliveries.c.due_at,
            deliveries.c.reason,
            deliveries.c.detail,
            deliveries.c.message[("parts", 0, "title")].as_string().label("title"),
        )
        .where(
            POSTINGS,
            deliveries.c.state.in_(states),
            deliveries.c.settled_at >= since,
            # told by an index: nothing settles before it is due, or long after
            deliveries.c.due_at >= since - LONGEST_WAIT,
            ~exists().where(told_subjects.c.cause == state, told_subjects.c.subject == subject),
        )
        .order_by(deliveries.c.settled_at, deliveries.c.id)
    )
    return tuple(UntoldEnd(**row) for row in conn.execute(query).mappings())


def unreported(conn: Connection, cause: str, subjects: Collection[str]) -> set[str]:
    """Return those of the subjects that no message has told of."""
    of_cause = select(told_subjects.c.subject).where(told_subjects.c.cause == cause)
    unreported = set(subjects)
    for portion in portions(set(subjects)):
        unreported -= set(conn.scalars(of_cause.where(told_subjects.c.subject.in_(portion))))
    return unreported


def last_told(conn: Connection) -> Mapping[str, datetime]:
    """Return by cause when the operator was last told of it."""
    latest = select(func.max(told_subjects.c.id)).group_by(told_subjects.c.cause)
    query = select(told_subjects.c.cause, told_subjects.c.at).where(told_subjects.c.id.in_(latest))
    return {row.cause: row.at for row in conn.execute(query)}


def tell(
    conn: Connection,
    channel: str,
    message: Mapping[str, Any],
    subjects: Mapping[str, Collection[str]],
    *,
    now: datetime,
    useful_for: timedelta,
) -> str:
    """Write down a message to the operator, ready to be sent, with all that it tells, subjects by
    their cause; return its key. In one transaction: whatever ends this process, none of it is told
    twice. ``message`` is the JSON form of its words."""
    number = (conn.scalar(select(func.max(told_subjects.c.id))) or 0) + 1
    key = f"operator/{'+'.join(subjects)}/{now:%Y-%m-%dT%H:%M:%SZ}-{number}/{channel}"
    delivery_id = conn.scalar(
        insert(deliveries)
        .values(
            key=key,
            observances=[],
            date=date.fromisoformat(message["date"]),
            lead_days=0,
            channel=channel,
            languages=[part["language"] for part in message["parts"]],
            due_at=now,
            useful_until=now + useful_for,
            state=State.READY,
            next_attempt_at=now,
            message=message,
            created_at=now,
            updated_at=now,
            for_operator=True,
        )
        .returning(deliveries.c.id)
    )
    rows = [
        {"cause": cause, "subject": subject, "message_id": delivery_id, "at": now}
        for cause, of_cause in subjects.items()
        for subject in of_cause
    ]
    conn.execute(insert(told_subjects), rows)
    return key
