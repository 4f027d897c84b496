"""Writing down what was planned: slots with the deliveries that fill them, and what was seen."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, select

from bot.errors import LedgerError
from bot.ledger.pauses import refuse_paused
from bot.ledger.queries import (
    OF_SLOTS,
    all_deliveries,
    delivery,
    paused_channel_rows,
    rows_of,
    verdicts,
)
from bot.ledger.rows import CLAIMABLE, WAITING, Decision, DeliveryRow, HeldFor, Inserted, State
from bot.ledger.sqlite import insert_once
from bot.ledger.tables import deliveries, slot_deliveries, slots
from bot.ledger.transactions import Lock, take
from bot.ledger.transitions import paused_until
from bot.planning import Planned, Posting, Slot

SLOT = (slots.c.observance, slots.c.date, slots.c.lead_days, slots.c.channel)
"""What makes a slot, in the order of its fields."""

StateOf = Callable[[Posting, Decision | None], tuple[State, HeldFor | None] | None]
"""Says, from memory alone, in which state a delivery begins of whose posting that was decided last;
None where that cannot be said yet."""

Enqueue = Callable[[Connection, Sequence[dict[str, Any]]], None]
"""Gives deliveries that are about to be written the jobs that wake a worker for them."""


def insert(
    conn: Connection,
    planned: Sequence[Planned],
    now: datetime,
    *,
    state_of: StateOf,
    enqueue: Enqueue | None = None,
) -> Inserted:
    """Write down what has no slot yet, each Planned wholly or, where one of its slots or keys is
    filled or its state cannot be said yet, not at all.

    What was decided is read here, and holds until it is written. Where ``state_of`` says ready and
    a pause is on, the delivery is held. ``enqueue`` puts jobs for what is ready into the task
    queue, in the same transaction.
    """
    # whatever may hold them waits until this is written, or is seen by it
    take(conn, Lock.DECIDING, shared=True)
    decided = verdicts(conn, [posting.key for posting in _postings(planned)])
    states: dict[Posting, tuple[State, HeldFor | None]] = {}
    for posting in _postings(planned):
        state = state_of(posting, decided.get(posting.key))
        if state is not None:
            states[posting] = state
    ready: list[Planned] = []
    postponed: list[Planned] = []
    for item in planned:
        is_said = all(posting in states for posting in item.postings)
        (ready if is_said else postponed).append(item)
    new = _insert_free(conn, ready, now, states, enqueue)
    slots_of_new = {item.slots for item in new}
    return Inserted(
        tuple(posting.key for posting in _postings(new)),
        refused=tuple(item for item in ready if item.slots not in slots_of_new),
        postponed=tuple(postponed),
    )


def _insert_free(
    conn: Connection,
    planned: Sequence[Planned],
    now: datetime,
    states: Mapping[Posting, tuple[State, HeldFor | None]],
    enqueue: Enqueue | None,
) -> Sequence[Planned]:
    if _insert_many(conn, planned, now, states, enqueue):
        return planned
    # somebody was quicker with some: most often with all
    there = filled(conn, [slot for item in planned for slot in item.slots])
    free = [item for item in planned if there.isdisjoint(item.slots)]
    if _insert_many(conn, free, now, states, enqueue):
        return free
    return [item for item in free if _insert_many(conn, [item], now, states, enqueue)]


def _postings(planned: Sequence[Planned]) -> list[Posting]:
    return [posting for item in planned for posting in item.postings]


def _insert_many(
    conn: Connection,
    planned: Sequence[Planned],
    now: datetime,
    states: Mapping[Posting, tuple[State, HeldFor | None]],
    enqueue: Enqueue | None,
) -> bool:
    """Write all of them, or nothing where anything exists already: then False."""
    if not planned:
        return True
    held = held_by(conn, now)
    with conn.begin_nested() as savepoint:
        wanted = [slot for item in planned for slot in item.slots]
        slot_ids = _new_slots(conn, wanted, now)
        if len(slot_ids) != len(wanted):
            savepoint.rollback()
            return False
        rows = [
            _values(posting, now, *_unless_held(states[posting], held, posting.channel))
            for posting in _postings(planned)
        ]
        if enqueue is not None:
            enqueue(conn, rows)
        ids = _new_deliveries(conn, rows)
        if len(ids) != len(rows):
            savepoint.rollback()
            return False
        conn.execute(
            slot_deliveries.insert(),
            [
                {"slot_id": slot_ids[slot], "delivery_id": ids[posting.key]}
                for item in planned
                for slot in item.slots
                for posting in item.postings
            ],
        )
        return True


def _new_slots(conn: Connection, wanted: Sequence[Slot], now: datetime) -> dict[Slot, int]:
    """Write those of the slots that are not there yet; return their ids."""
    rows = [{**vars(slot), "planned_at": now} for slot in wanted]
    new = insert_once(conn, slots).on_conflict_do_nothing().returning(slots.c.id, *SLOT)
    return {Slot(*columns): id_ for id_, *columns in conn.execute(new, rows)}


def _new_deliveries(conn: Connection, rows: Sequence[dict[str, Any]]) -> dict[str, int]:
    """Write those of the deliveries whose key is not there yet; return their ids."""
    new = insert_once(conn, deliveries).on_conflict_do_nothing()
    made = conn.execute(new.returning(deliveries.c.id, deliveries.c.key), list(rows))
    return {key: id_ for id_, key in made}


@dataclass(frozen=True)
class _Held:
    everything: bool
    channels: Collection[str]


def held_by(conn: Connection, now: datetime) -> _Held:
    """Return what is paused at ``now``."""
    until = paused_until(conn)
    return _Held(until is not None and until > now, paused_channel_rows(conn).keys())


def _unless_held(
    state: tuple[State, HeldFor | None], held: _Held, channel: str
) -> tuple[State, HeldFor | None]:
    if state[0] not in CLAIMABLE:
        return state
    if held.everything:
        return State.HELD, "pause"
    return (State.HELD, "channel") if channel in held.channels else (State.READY, None)


def insert_by_hand(
    conn: Connection, planned: Planned, now: datetime, *, again: bool = False
) -> tuple[str, ...]:
    """Write down what an operator wants sent at once, ready; return the keys.

    Raises LedgerError where a slot is filled, unless ``again``, which adds ``/again-N`` to the
    keys; and where everything or the channel is paused.
    """
    # two people who say --again at once get two numbers
    take(conn, Lock.DECIDING)
    refuse_paused(conn, planned.slots[0].channel, now)
    suffix = ""
    earlier = [row for slot in planned.slots for row in deliveries_of_slot(conn, slot)]
    if earlier and not again:
        raise LedgerError(
            f"{earlier[-1].key} is {earlier[-1].state} already. To post it once more, add --again."
        )
    if earlier:
        number = 1
        while any(delivery(conn, f"{p.key}/again-{number}") for p in planned.postings):
            number += 1
        suffix = f"/again-{number}"
    new_slots = _new_slots(conn, planned.slots, now)
    slot_ids = [new_slots.get(slot) or _slot_id(conn, slot) for slot in planned.slots]
    by_hand = {"by_hand": True, "next_attempt_at": now}
    rows = [
        {**_values(posting, now, State.READY, None), "key": f"{posting.key}{suffix}", **by_hand}
        for posting in planned.postings
    ]
    ids = _new_deliveries(conn, rows)
    for row in rows:
        if row["key"] not in ids:
            raise LedgerError(
                f"{row['key']} is in the ledger already. To post it once more, add --again."
            )
    conn.execute(
        slot_deliveries.insert(),
        [{"slot_id": slot, "delivery_id": id_} for id_ in ids.values() for slot in slot_ids],
    )
    return tuple(row["key"] for row in rows)


def _slot_id(conn: Connection, slot: Slot) -> int:
    id_: int = conn.scalars(select(slots.c.id).where(is_slot(slot))).one()
    return id_


def _values(
    posting: Posting, now: datetime, state: State, held_for: HeldFor | None
) -> dict[str, Any]:
    return {
        "key": posting.key,
        "observances": list(posting.observances),
        "date": posting.date,
        "lead_days": posting.lead_days,
        "channel": posting.channel,
        "languages": list(posting.languages),
        "due_at": posting.due_at,
        "useful_until": posting.useful_until,
        "state": state,
        "held_for": held_for,
        "next_attempt_at": posting.due_at if state in WAITING else None,
        "settled_at": None if state in WAITING else now,
        "coming": [[line.observance, line.date.isoformat()] for line in posting.lines],
        "created_at": now,
        "updated_at": now,
    }


def filled(conn: Connection, wanted: Collection[Slot]) -> set[Slot]:
    """Return those of the slots that are filled."""
    dates = {slot.date for slot in wanted}
    stored = conn.execute(select(*SLOT).where(slots.c.date.in_(dates)))
    return {Slot(*columns) for columns in stored} & set(wanted)


def deliveries_of_slot(conn: Connection, slot: Slot) -> tuple[DeliveryRow, ...]:
    """Return what fills a slot, the first first; empty where it is free."""
    filling = deliveries.c.id.in_(OF_SLOTS.where(is_slot(slot)))
    return rows_of(conn, all_deliveries().where(filling).order_by(deliveries.c.id))


def is_slot(slot: Slot) -> ColumnElement[bool]:
    """Return the condition that a row of ``slots`` is that slot."""
    values = (slot.observance, slot.date, slot.lead_days, slot.channel)
    return and_(*(column == value for column, value in zip(SLOT, values, strict=True)))


def empty_slots(conn: Connection) -> tuple[Slot, ...]:
    """Return the slots that no delivery fills: there should be none."""
    query = select(*SLOT).where(slots.c.id.not_in(select(slot_deliveries.c.slot_id)))
    return tuple(Slot(*columns) for columns in conn.execute(query))
