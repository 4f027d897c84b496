"""Sending: taking deliveries with their words, settling them. Many in one transaction, so that a
disk is waited for once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
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

from bot.channels.outcome import Reason
from bot.ledger.decisions import pause_channel
from bot.ledger.redaction import without_addresses
from bot.ledger.rows import CLAIMABLE, Claim, DeliveryRow, Ended, HeldFor, Recorded, State, ToSend
from bot.ledger.tables import Instant, attempts, deliveries
from bot.ledger.transitions import holding, unless_arrived

_T = TypeVar("_T")


def claim(
    conn: Connection, wanted: Sequence[ToSend], run: str, now: datetime, lease: timedelta
) -> list[Claim]:
    """Take deliveries to be sent: they are ``sending``, their words are kept, durably, and an
    attempt at each has begun.

    Those are left out where another was quicker, that no longer stand as their row says, are not
    due yet, or no longer useful.
    """
    found: dict[int, Claim] = {}
    for alike in _grouped(wanted, _words_and_turn):
        found |= _claim_alike(conn, alike, run, now, lease)
    return [found[one.row.id] for one in wanted if one.row.id in found]


def _words_and_turn(one: ToSend) -> Hashable:
    return id(one.message), one.row.fence, one.row.generation


def _claim_alike(
    conn: Connection, alike: Sequence[ToSend], run: str, now: datetime, lease: timedelta
) -> dict[int, Claim]:
    """Takes deliveries that have the same words, and had as many turns."""
    first = alike[0]
    shared = conn.dialect.name == "postgresql"
    given = {
        "ids": [one.row.id for one in alike],
        "turn": first.row.fence,
        "of": first.row.generation,
        "at": now,
        "run": run,
        "lease": lease if shared else now + lease,
    }
    if first.message is not None:
        given["words"] = first.message
    taken = conn.execute(_taking(shared, first.message is not None), given).all()
    if not taken:
        return {}
    conn.execute(_BEGINNING, {"ids": [id_ for id_, _, _ in taken], "at": now})
    rows = {one.row.id: one.row for one in alike}
    claims = {}
    for id_, number, lease_until in taken:
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
            message=row.message if first.message is None else first.message,
        )
        claims[id_] = Claim(sending, run, sending.fence, number)
    return claims


@cache
def _taking(shared: bool, words: bool) -> ReturningUpdate[Any]:
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


def settle(
    conn: Connection,
    ended: Sequence[Ended],
    now: datetime,
    *,
    replaces: Collection[State] = (State.SENDING, State.UNKNOWN),
) -> list[Recorded]:
    """End the attempts of claims; return what became of each.

    ``replaces``: the states that they may still be in; a claim's own late answer may replace
    ``unknown``. The state may be another than asked for: ``held`` for ``retrying`` where a pause is
    on; ``unknown`` for ``failed`` where an earlier attempt may have arrived. Addresses in details
    are masked.
    """
    paused = [_paused(conn, one, now) for one in ended]
    settled: dict[int, State] = {}
    for to, alike in _by_state(conn, ended, now):
        settled |= dict.fromkeys(_settle_alike(conn, alike, to, now, replaces), to[0])
    _note_names(conn, [one for one in ended if one.remote_id and one.claim.id in settled])
    return [
        Recorded(settled.get(one.claim.id), newly) for one, newly in zip(ended, paused, strict=True)
    ]


def settle_interrupted(
    conn: Connection,
    row: DeliveryRow,
    *,
    state: State,
    now: datetime,
    detail: str = "",
    next_attempt_at: datetime | None = None,
) -> State | None:
    """End the attempt that another run left in ``row``: it is unknown whether it arrived.

    ``state`` is ``unknown``, or ``retrying`` where a repeat is harmless. None where that run
    settled it after all.
    """
    ended = Ended(
        Claim(row, row.run_id or "", row.fence, row.attempts),
        state,
        "unknown",
        Reason.INTERRUPTED,
        detail,
        next_attempt_at=next_attempt_at,
    )
    (recorded,) = settle(conn, [ended], now, replaces=(State.SENDING,))
    return recorded.state


def _paused(conn: Connection, one: Ended, now: datetime) -> bool:
    if one.gone is None or one.claim.delivery.for_operator:
        # a pause is a notice, and a message to the operator is the cause of none
        return False
    channel = one.claim.delivery.channel
    return pause_channel(conn, channel, one.reason, one.detail, one.gone, now)


def _by_state(
    conn: Connection, ended: Sequence[Ended], now: datetime
) -> Iterable[tuple[tuple[State, HeldFor | None], list[Ended]]]:
    """Gives what ended in the same way, with the state that it comes to."""
    states = {one.claim.id: _settled_state(conn, one, now) for one in ended}
    for alike in _grouped(ended, lambda one: (states[one.claim.id], _how(one))):
        yield states[alike[0].claim.id], alike


def _how(one: Ended) -> Hashable:
    return (
        one.claim.fence,
        one.claim.number,
        one.outcome,
        one.reason,
        one.detail,
        one.status,
        one.next_attempt_at,
    )


def _settle_alike(
    conn: Connection,
    alike: Sequence[Ended],
    to: tuple[State, HeldFor | None],
    now: datetime,
    replaces: Collection[State],
) -> list[int]:
    """Settles what ended in the same way; gives the ids of what was still to be settled."""
    one, (state, held_for) = alike[0], to
    detail = without_addresses(one.detail)
    given = {
        "ids": [each.claim.id for each in alike],
        "turn": one.claim.fence,
        "from": list(replaces),
        "to": state,
        "held": held_for,
        "next": one.next_attempt_at,
        "settled": None if one.next_attempt_at else now,
        "why": one.reason,
        "told": detail,
        "at": now,
    }
    done = list(conn.scalars(_SETTLING, given))
    if done:
        given = {
            "ids": done,
            "attempt": one.claim.number,
            "at": now,
            "how": one.outcome,
            "why": one.reason,
            "told": detail,
            "answered": one.status,
        }
        conn.execute(_ENDING, given)
    return done


_SETTLING = (
    update(deliveries)
    .where(
        deliveries.c.id.in_(bindparam("ids", expanding=True)),
        deliveries.c.fence == bindparam("turn"),
        deliveries.c.state.in_(bindparam("from", expanding=True)),
    )
    .values(
        state=bindparam("to"),
        held_for=bindparam("held"),
        next_attempt_at=bindparam("next"),
        settled_at=bindparam("settled"),
        reason=bindparam("why"),
        detail=bindparam("told"),
        remote_id=None,
        lease_until=None,
        updated_at=bindparam("at"),
    )
    .returning(deliveries.c.id)
)

_ENDING = (
    update(attempts)
    .where(
        attempts.c.delivery_id.in_(bindparam("ids", expanding=True)),
        attempts.c.number == bindparam("attempt"),
    )
    .values(
        ended_at=bindparam("at"),
        outcome=bindparam("how"),
        reason=bindparam("why"),
        detail=bindparam("told"),
        remote_id=None,
        status=bindparam("answered"),
    )
)


def _note_names(conn: Connection, named: Sequence[Ended]) -> None:
    """Notes the platforms' own names for what they took."""
    if not named:
        return
    names = [
        {"delivery": one.claim.id, "attempt": one.claim.number, "name": one.remote_id}
        for one in named
    ]
    conn.execute(_NAMING, [{k: each[k] for k in ("delivery", "name")} for each in names])
    conn.execute(_NAMING_ATTEMPT, names)


_NAMING = (
    update(deliveries)
    .where(deliveries.c.id == bindparam("delivery"))
    .values(remote_id=bindparam("name"))
)

_NAMING_ATTEMPT = (
    update(attempts)
    .where(
        attempts.c.delivery_id == bindparam("delivery"),
        attempts.c.number == bindparam("attempt"),
    )
    .values(remote_id=bindparam("name"))
)


def _settled_state(conn: Connection, ended: Ended, now: datetime) -> tuple[State, HeldFor | None]:
    row = ended.claim.delivery
    match ended.state:
        case State.RETRYING:
            held_for = None if row.for_operator else holding(conn, row.channel, now)
            return (State.RETRYING, None) if held_for is None else (State.HELD, held_for)
        case State.FAILED:
            # of the attempts before this one, as its fence and generation are still the row's
            return unless_arrived(State.FAILED, row.may_have_arrived), None
        case _:
            return ended.state, None


def _grouped(these: Iterable[_T], alike: Callable[[_T], Any]) -> list[list[_T]]:
    groups: dict[Any, list[_T]] = {}
    for one in these:
        groups.setdefault(alike(one), []).append(one)
    return list(groups.values())
