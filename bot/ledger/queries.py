"""What stands in the ledger: the queries that change nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, exists, func, select

from bot.errors import LedgerError
from bot.ledger.rows import (
    CLAIMABLE,
    WAITING,
    AttemptRow,
    Decision,
    DeliveryRow,
    PausedChannel,
    RunRow,
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
    runs,
    slot_deliveries,
    slots,
)
from bot.planning import DigestLine, Slot

POSTINGS = deliveries.c.for_operator.is_(False)
MESSAGES = deliveries.c.for_operator.is_(True)
"""Two conditions, one of which holds in every query that shows, counts, searches or exports: a
message to the operator is no posting. What sends asks for both."""

_AT_ONCE = 1000
"""A database takes so many parameters in one question and not many more."""

_TRIES = (
    select(func.count())
    .select_from(attempts)
    .where(
        attempts.c.delivery_id == deliveries.c.id,
        attempts.c.generation == deliveries.c.generation,
    )
    .scalar_subquery()
)

_MAY_HAVE_ARRIVED = exists().where(
    attempts.c.delivery_id == deliveries.c.id, attempts.c.outcome == "unknown"
)


LONGEST_WAIT = timedelta(days=400)
"""A posting is settled so long after it was due at the latest: it is not looked back further."""


def _deliveries() -> Select[Any]:
    columns = (column for column in deliveries.c if column.name != "job_id")
    return select(*columns, _TRIES.label("tries"), _MAY_HAVE_ARRIVED.label("may_have_arrived"))


def _row(stored: RowMapping) -> DeliveryRow:
    fields = dict(stored)
    fields["observances"] = tuple(fields["observances"])
    fields["languages"] = tuple(fields["languages"])
    fields["lines"] = tuple(
        DigestLine(observance, date.fromisoformat(day)) for observance, day in fields.pop("coming")
    )
    fields["may_have_arrived"] = bool(fields["may_have_arrived"])
    return DeliveryRow(**fields)


def _rows(conn: Connection, query: Select[Any]) -> tuple[DeliveryRow, ...]:
    return tuple(_row(stored) for stored in conn.execute(query).mappings())


def delivery(conn: Connection, key: str, *, operator: bool = False) -> DeliveryRow | None:
    """Return the delivery of a posting with that key, or of a message to the operator."""
    kind = MESSAGES if operator else POSTINGS
    found = _rows(conn, _deliveries().where(deliveries.c.key == key, kind))
    return found[0] if found else None


def deliveries_by_id(conn: Connection, ids: Collection[int]) -> tuple[DeliveryRow, ...]:
    """Gives these deliveries, by their due instant."""
    wanted = list(ids)
    found = [
        row
        for start in range(0, len(wanted), _AT_ONCE)
        for row in _rows(
            conn, _deliveries().where(deliveries.c.id.in_(wanted[start : start + _AT_ONCE]))
        )
    ]
    return tuple(sorted(found, key=lambda row: (row.due_at, row.id)))


def deliveries_by_key(conn: Connection, keys: Sequence[str]) -> dict[str, DeliveryRow]:
    """Gives the deliveries with those keys, by their keys."""
    return {
        row.key: row
        for start in range(0, len(keys), _AT_ONCE)
        for row in _rows(
            conn,
            _deliveries().where(deliveries.c.key.in_(keys[start : start + _AT_ONCE]), POSTINGS),
        )
    }


def deliveries_with(conn: Connection, keys: Collection[str]) -> tuple[DeliveryRow, ...]:
    """Return the deliveries with those keys, in their order. Raises LedgerError where one is not
    there."""
    rows = deliveries_by_key(conn, list(keys))
    for key in keys:
        if key not in rows:
            raise LedgerError(f"No posting has the key {key}.")
    return tuple(rows[key] for key in keys)


def claimable_rows(conn: Connection, ids: Collection[int]) -> tuple[DeliveryRow, ...]:
    """Gives those of the deliveries that are still to be sent, now or later."""
    query = _deliveries().where(deliveries.c.id.in_(ids), deliveries.c.state.in_(CLAIMABLE))
    return _rows(conn, query.order_by(deliveries.c.due_at, deliveries.c.id))


def due(
    conn: Connection, now: datetime, limit: int, *, skip_channels: Collection[str] = ()
) -> tuple[DeliveryRow, ...]:
    """Return what may be claimed at ``now``, the longest due first."""
    query = _deliveries().where(
        deliveries.c.state.in_(CLAIMABLE),
        deliveries.c.next_attempt_at <= now,
        deliveries.c.useful_until > now,
    )
    if skip_channels:
        query = query.where(deliveries.c.channel.not_in(skip_channels))
    return _rows(conn, query.order_by(deliveries.c.due_at, deliveries.c.id).limit(limit))


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
    found: datetime | None = conn.scalar(query.where(deliveries.c.state.in_(CLAIMABLE)))
    return found


def interrupted(conn: Connection, run: str) -> tuple[DeliveryRow, ...]:
    """Return what other runs left in ``sending``; on a shared ledger, where others may well be
    alive, that whose lease is over, whoever took it."""
    query = _deliveries().where(deliveries.c.state == State.SENDING)
    if conn.dialect.name == "postgresql":
        query = query.where(deliveries.c.lease_until <= func.clock_timestamp())
    else:
        query = query.where(deliveries.c.run_id != run)
    return _rows(conn, query.order_by(deliveries.c.due_at, deliveries.c.id))


def sending(conn: Connection, run: str | None = None) -> tuple[DeliveryRow, ...]:
    """Gives what is under way, of one run or whoever took it."""
    under_way = _deliveries().where(deliveries.c.state == State.SENDING)
    if run is not None:
        under_way = under_way.where(deliveries.c.run_id == run)
    return _rows(conn, under_way.order_by(deliveries.c.due_at, deliveries.c.id))


def open_deliveries(conn: Connection) -> tuple[DeliveryRow, ...]:
    """Gives whatever waits or is under way."""
    states = (*WAITING, State.SENDING)
    query = _deliveries().where(deliveries.c.state.in_(states))
    return _rows(conn, query.order_by(deliveries.c.due_at, deliveries.c.id))


def latest_run(conn: Connection, host: str | None = None) -> RunRow | None:
    """Return the run that showed a sign of life last, of one machine or of all; None before the
    first."""
    query = select(runs).order_by(runs.c.beat_at.desc()).limit(1)
    if host is not None:
        query = query.where(runs.c.host == host)
    found = conn.execute(query).mappings().one_or_none()
    return None if found is None else RunRow(**found)


def no_longer_useful(conn: Connection, now: datetime) -> tuple[DeliveryRow, ...]:
    """Gives what still waits although its useful time is over."""
    return _rows(
        conn,
        _deliveries()
        .where(deliveries.c.state.in_(WAITING), deliveries.c.useful_until <= now)
        .order_by(deliveries.c.due_at, deliveries.c.id),
    )


def held_for(
    conn: Connection, held_for: str, channel: str | None = None
) -> tuple[DeliveryRow, ...]:
    """Gives what is held for that cause, of one channel or of all."""
    query = _deliveries().where(deliveries.c.state == State.HELD, deliveries.c.held_for == held_for)
    if channel is not None:
        query = query.where(deliveries.c.channel == channel)
    return _rows(conn, query.order_by(deliveries.c.due_at, deliveries.c.id))


def history(
    conn: Connection,
    states: Collection[State] = (),
    *,
    channel: str | None = None,
    observance: str | None = None,
    limit: int | None = None,
    operator: bool = False,
) -> tuple[DeliveryRow, ...]:
    """Return the deliveries in these states (all unless given), the last due first: of postings,
    or with ``operator`` of messages to the operator."""
    query = _deliveries().where(MESSAGES if operator else POSTINGS)
    if states:
        query = query.where(deliveries.c.state.in_(states))
    if channel is not None:
        query = query.where(deliveries.c.channel == channel)
    if observance is not None:
        query = query.where(
            deliveries.c.id.in_(
                select(slot_deliveries.c.delivery_id)
                .join(slots, slots.c.id == slot_deliveries.c.slot_id)
                .where(slots.c.observance == observance)
            )
        )
    return _rows(
        conn, query.order_by(deliveries.c.due_at.desc(), deliveries.c.id.desc()).limit(limit)
    )


def attempts_of(conn: Connection, key: str) -> tuple[AttemptRow, ...]:
    """Gives the attempts at a delivery, the first first."""
    query = (
        select(*(column for column in attempts.c if column.name != "delivery_id"))
        .join(deliveries, deliveries.c.id == attempts.c.delivery_id)
        .where(deliveries.c.key == key)
        .order_by(attempts.c.number)
    )
    return tuple(AttemptRow(**stored) for stored in conn.execute(query).mappings())


def counts(conn: Connection) -> dict[State, int]:
    """Gives the number of deliveries in each state, 0 included."""
    query = select(deliveries.c.state, func.count().label("number")).where(POSTINGS)
    found = {row.state: row.number for row in conn.execute(query.group_by(deliveries.c.state))}
    return {state: found.get(state, 0) for state in State}


def filled(conn: Connection, wanted: Collection[Slot]) -> set[Slot]:
    """Gives those of the slots that are filled."""
    dates = {slot.date for slot in wanted}
    query = select(slots.c.observance, slots.c.date, slots.c.lead_days, slots.c.channel)
    found = {Slot(*stored) for stored in conn.execute(query.where(slots.c.date.in_(dates)))}
    return found & set(wanted)


def deliveries_of_slot(conn: Connection, slot: Slot) -> tuple[DeliveryRow, ...]:
    """Gives what fills a slot, the first first; empty where it is free."""
    return _rows(
        conn,
        _deliveries()
        .join(slot_deliveries, slot_deliveries.c.delivery_id == deliveries.c.id)
        .join(slots, slots.c.id == slot_deliveries.c.slot_id)
        .where(
            slots.c.date == slot.date,
            slots.c.observance == slot.observance,
            slots.c.lead_days == slot.lead_days,
            slots.c.channel == slot.channel,
        )
        .order_by(deliveries.c.id),
    )


def empty_slots(conn: Connection) -> tuple[Slot, ...]:
    """Gives the slots that no delivery fills: there should be none."""
    query = select(slots.c.observance, slots.c.date, slots.c.lead_days, slots.c.channel).where(
        slots.c.id.not_in(select(slot_deliveries.c.slot_id))
    )
    return tuple(Slot(*stored) for stored in conn.execute(query))


def verdicts(conn: Connection, keys: Collection[str]) -> dict[str, Decision]:
    """Return the approval, hold or skip that is in force of each of the keys that has one."""
    wanted = list(keys)
    logs: dict[str, list[Decision]] = {}
    for start in range(0, len(wanted), _AT_ONCE):
        query = _decisions().where(
            decisions.c.key.in_(wanted[start : start + _AT_ONCE]),
            decisions.c.verdict.in_(("approve", "hold", "skip", "undo")),
        )
        for stored in conn.execute(query).mappings():
            logs.setdefault(stored["key"], []).append(Decision(**stored))
    found = ((key, last_verdict(in_force(log))) for key, log in logs.items())
    return {key: decision for key, decision in found if decision is not None}


def decision_log(conn: Connection, key: str) -> tuple[Decision, ...]:
    """Gives all that was decided about a key, the first first."""
    rows = conn.execute(_decisions().where(decisions.c.key == key)).mappings()
    return tuple(Decision(**stored) for stored in rows)


def _decisions() -> Select[Any]:
    columns = (column for column in decisions.c if column.name != "id")
    return select(*columns).order_by(decisions.c.id)


def paused_channel_rows(conn: Connection) -> Mapping[str, PausedChannel]:
    """Gives the paused channels by name."""
    query = select(paused_channels).order_by(paused_channels.c.channel)
    return {stored["channel"]: PausedChannel(**stored) for stored in conn.execute(query).mappings()}


def meta_value(conn: Connection, key: str) -> str | None:
    """Gives what is noted about the ledger itself."""
    found: str | None = conn.scalar(select(meta.c.value).where(meta.c.key == key))
    return found


def last_alive(conn: Connection) -> datetime | None:
    """Gives the last instant at which any run was alive."""
    found: datetime | None = conn.scalar(select(func.max(runs.c.alive_at)))
    return found
