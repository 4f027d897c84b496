"""What stands in the ledger: the queries that change nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, select, true

from bot.errors import LedgerError
from bot.ledger.rows import (
    CLAIMABLE,
    WAITING,
    AttemptRow,
    Decision,
    DeliveryRow,
    HeldFor,
    PausedChannel,
    State,
    in_force,
    last_verdict,
)
from bot.ledger.tables import (
    attempts,
    decisions,
    deliveries,
    meta,
    paused_channels,
    slot_deliveries,
    slots,
)
from bot.planning import DigestLine

POSTINGS = deliveries.c.for_operator.is_(False)
MESSAGES = deliveries.c.for_operator.is_(True)
"""Two conditions, one of which holds in every query that shows, counts, searches or exports: a
message to the operator is no posting. What sends asks for both."""

_T = TypeVar("_T")

_TRIES = (
    select(func.count())
    .select_from(attempts)
    .where(
        attempts.c.delivery_id == deliveries.c.id, attempts.c.generation == deliveries.c.generation
    )
    .scalar_subquery()
)

_MAY_HAVE_ARRIVED = exists().where(
    attempts.c.delivery_id == deliveries.c.id, attempts.c.outcome == "unknown"
)

OF_SLOTS = select(slot_deliveries.c.delivery_id).join(
    slots, slots.c.id == slot_deliveries.c.slot_id
)

LAST_DUE_FIRST = (deliveries.c.due_at.desc(), deliveries.c.id.desc())

LONGEST_WAIT = timedelta(days=400)
"""A posting is settled so long after it was due at the latest: it is not looked back further."""


def all_deliveries() -> Select[Any]:
    columns = (column for column in deliveries.c if column.name != "job_id")
    return select(*columns, _TRIES.label("tries"), _MAY_HAVE_ARRIVED.label("may_have_arrived"))


def _row(stored: Mapping[Any, Any]) -> DeliveryRow:
    fields = dict(stored)
    fields["observances"] = tuple(fields["observances"])
    fields["languages"] = tuple(fields["languages"])
    fields["lines"] = tuple(
        DigestLine(observance, date.fromisoformat(day)) for observance, day in fields.pop("coming")
    )
    fields["may_have_arrived"] = bool(fields["may_have_arrived"])
    return DeliveryRow(**fields)


def rows_of(conn: Connection, query: Select[Any]) -> tuple[DeliveryRow, ...]:
    return tuple(_row(stored) for stored in conn.execute(query).mappings())


def _by_due(
    conn: Connection, *conditions: ColumnElement[bool], limit: int | None = None
) -> tuple[DeliveryRow, ...]:
    query = all_deliveries().where(*conditions).order_by(deliveries.c.due_at, deliveries.c.id)
    return rows_of(conn, query.limit(limit))


def portions(values: Collection[_T]) -> Iterator[list[_T]]:
    """Yield values a thousand at a time: a database takes so many parameters in one question and
    not many more."""
    rest = iter(values)
    while portion := list(islice(rest, 1000)):
        yield portion


def delivery(conn: Connection, key: str, *, operator: bool = False) -> DeliveryRow | None:
    """Return the delivery of a posting with that key, or of a message to the operator."""
    kind = MESSAGES if operator else POSTINGS
    rows = rows_of(conn, all_deliveries().where(deliveries.c.key == key, kind))
    return rows[0] if rows else None


def deliveries_by_id(conn: Connection, ids: Collection[int]) -> tuple[DeliveryRow, ...]:
    """Return these deliveries, by their due instant."""
    rows = [row for some in portions(ids) for row in _by_due(conn, deliveries.c.id.in_(some))]
    return tuple(sorted(rows, key=lambda row: (row.due_at, row.id)))


def deliveries_with(conn: Connection, keys: Collection[str]) -> tuple[DeliveryRow, ...]:
    """Return the deliveries with those keys, in their order. Raises LedgerError where one is not
    there."""
    rows = {
        row.key: row
        for some in portions(keys)
        for row in _by_due(conn, POSTINGS, deliveries.c.key.in_(some))
    }
    for key in keys:
        if key not in rows:
            raise LedgerError(f"No posting has the key {key}.")
    return tuple(rows[key] for key in keys)


def claimable_at(now: datetime) -> ColumnElement[bool]:
    """Return the condition that a delivery may be claimed at ``now``."""
    return and_(
        deliveries.c.state.in_(CLAIMABLE),
        deliveries.c.next_attempt_at <= now,
        deliveries.c.useful_until > now,
    )


def claimable_rows(conn: Connection, ids: Collection[int]) -> tuple[DeliveryRow, ...]:
    """Return those of the deliveries that are still to be sent, now or later."""
    return _by_due(conn, deliveries.c.id.in_(ids), deliveries.c.state.in_(CLAIMABLE))


def due(
    conn: Connection, now: datetime, limit: int, *, skip_channels: Collection[str] = ()
) -> tuple[DeliveryRow, ...]:
    """Return what may be claimed at ``now``, the longest due first."""
    others = [deliveries.c.channel.not_in(skip_channels)] if skip_channels else []
    return _by_due(conn, claimable_at(now), *others, limit=limit)


def due_count(conn: Connection, now: datetime) -> int:
    """Return how many deliveries may be claimed at ``now``; what is no longer useful is counted
    too, as the index alone answers then."""
    query = select(func.count()).where(
        deliveries.c.state.in_(CLAIMABLE), deliveries.c.next_attempt_at <= now
    )
    return conn.scalar(query) or 0


def next_attempt_at(conn: Connection) -> datetime | None:
    """Return the earliest instant at which a delivery may be claimed, None where none waits."""
    query = select(func.min(deliveries.c.next_attempt_at))
    earliest: datetime | None = conn.scalar(query.where(deliveries.c.state.in_(CLAIMABLE)))
    return earliest


def interrupted(conn: Connection, run: str) -> tuple[DeliveryRow, ...]:
    """Return what other runs left in ``sending``; on a shared ledger, where others may well be
    alive, that whose lease is over, whoever took it."""
    if conn.dialect.name == "postgresql":
        lost = deliveries.c.lease_until <= func.clock_timestamp()
    else:
        lost = deliveries.c.run_id != run
    return _by_due(conn, deliveries.c.state == State.SENDING, lost)


def sending(conn: Connection, run: str | None = None) -> tuple[DeliveryRow, ...]:
    """Return what is under way, of one run or whoever took it."""
    by_run = true() if run is None else deliveries.c.run_id == run
    return _by_due(conn, deliveries.c.state == State.SENDING, by_run)


def open_deliveries(conn: Connection) -> tuple[DeliveryRow, ...]:
    """Return whatever waits or is under way."""
    return _by_due(conn, deliveries.c.state.in_((*WAITING, State.SENDING)))


def no_longer_useful(conn: Connection, now: datetime) -> tuple[DeliveryRow, ...]:
    """Return what still waits although its useful time is over."""
    return _by_due(conn, deliveries.c.state.in_(WAITING), deliveries.c.useful_until <= now)


def held_for(
    conn: Connection, cause: HeldFor, channel: str | None = None
) -> tuple[DeliveryRow, ...]:
    """Return what is held for that cause, of one channel or of all."""
    of_channel = true() if channel is None else deliveries.c.channel == channel
    held = deliveries.c.state == State.HELD
    return _by_due(conn, held, deliveries.c.held_for == cause, of_channel)


def chosen(
    states: Collection[State], channel: str | None, observance: str | None, operator: bool
) -> ColumnElement[bool]:
    """Return the condition of the deliveries in these states, of one channel and of one day: all
    unless given; of postings, or with ``operator`` of messages to the operator."""
    of_day = OF_SLOTS.where(slots.c.observance == observance)
    return and_(
        MESSAGES if operator else POSTINGS,
        deliveries.c.state.in_(states) if states else true(),
        true() if channel is None else deliveries.c.channel == channel,
        true() if observance is None else deliveries.c.id.in_(of_day),
    )


def history(
    conn: Connection,
    states: Collection[State] = (),
    *,
    channel: str | None = None,
    observance: str | None = None,
    limit: int | None = None,
    operator: bool = False,
) -> tuple[DeliveryRow, ...]:
    """Return the deliveries that are :func:`chosen`, the last due first."""
    query = all_deliveries().where(chosen(states, channel, observance, operator))
    return rows_of(conn, query.order_by(*LAST_DUE_FIRST).limit(limit))


def attempts_of(conn: Connection, key: str) -> tuple[AttemptRow, ...]:
    """Return the attempts at a delivery, the first first."""
    query = (
        select(*(column for column in attempts.c if column.name != "delivery_id"))
        .join(deliveries, deliveries.c.id == attempts.c.delivery_id)
        .where(deliveries.c.key == key)
        .order_by(attempts.c.number)
    )
    return tuple(AttemptRow(**stored) for stored in conn.execute(query).mappings())


def counts(conn: Connection) -> dict[State, int]:
    """Return the number of deliveries in each state, 0 included."""
    query = select(deliveries.c.state, func.count().label("number")).where(POSTINGS)
    numbers = {row.state: row.number for row in conn.execute(query.group_by(deliveries.c.state))}
    return {state: numbers.get(state, 0) for state in State}


def paused_channel_rows(conn: Connection) -> Mapping[str, PausedChannel]:
    """Return the paused channels by name."""
    query = select(paused_channels).order_by(paused_channels.c.channel)
    return {stored["channel"]: PausedChannel(**stored) for stored in conn.execute(query).mappings()}


def meta_value(conn: Connection, key: str) -> str | None:
    """Return what is noted about the ledger itself."""
    value: str | None = conn.scalar(select(meta.c.value).where(meta.c.key == key))
    return value


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
