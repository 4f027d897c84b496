"""Settling: what became of the attempts of claims. Many in one transaction, as with claiming."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, update

from bot.channels.outcome import Reason
from bot.ledger.claiming import grouped
from bot.ledger.pauses import pause_channel
from bot.ledger.redaction import without_addresses
from bot.ledger.rows import Claim, DeliveryRow, HeldFor, Settled, Settlement, State
from bot.ledger.tables import attempts, deliveries
from bot.ledger.transitions import holding, unless_arrived

Ending = tuple[Claim, Settlement]


def settle(
    conn: Connection,
    endings: Sequence[Ending],
    now: datetime,
    *,
    replaces: Collection[State] = (State.SENDING, State.UNKNOWN),
) -> list[Settled]:
    """End the attempts of claims; return what became of each.

    ``replaces``: the states that they may still be in; a claim's own late answer may replace
    ``unknown``. The state may be another than asked for: ``held`` for ``retrying`` where a pause is
    on; ``unknown`` for ``failed`` where an earlier attempt may have arrived. Addresses in details
    are masked.
    """
    paused = [_paused(conn, claim, settlement, now) for claim, settlement in endings]
    states: dict[int, State] = {}
    for to, group in _by_state(conn, endings, now):
        states |= dict.fromkeys(_settle_group(conn, group, to, now, replaces), to[0])
    _note_names(conn, [(c, s) for c, s in endings if s.remote_id and c.id in states])
    return [
        Settled(claim, settlement, now, states.get(claim.id), newly_paused)
        for (claim, settlement), newly_paused in zip(endings, paused, strict=True)
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
    claim = Claim(row, row.run_id or "", row.fence, row.attempts)
    settlement = Settlement(
        state, "unknown", Reason.INTERRUPTED, detail, next_attempt_at=next_attempt_at
    )
    (settled,) = settle(conn, [(claim, settlement)], now, replaces=(State.SENDING,))
    return settled.state


def _paused(conn: Connection, claim: Claim, settlement: Settlement, now: datetime) -> bool:
    if settlement.gone is None or claim.delivery.for_operator:
        # a pause is a notice, and a message to the operator is the cause of none
        return False
    channel, reason, detail = claim.delivery.channel, settlement.reason, settlement.detail
    return pause_channel(conn, channel, reason, detail, settlement.gone, now)


def _by_state(
    conn: Connection, endings: Sequence[Ending], now: datetime
) -> Iterable[tuple[tuple[State, HeldFor | None], list[Ending]]]:
    """Yield what ended in the same way, but for names, with the state that it comes to."""
    states = {claim.id: _settled_state(conn, claim, how, now) for claim, how in endings}

    def way(ending: Ending) -> Hashable:
        claim, how = ending
        written = how.outcome, how.reason, how.detail, how.status, how.next_attempt_at
        return states[claim.id], claim.fence, claim.number, written

    for group in grouped(endings, way):
        yield states[group[0][0].id], group


def _settle_group(
    conn: Connection,
    group: Sequence[Ending],
    to: tuple[State, HeldFor | None],
    now: datetime,
    replaces: Collection[State],
) -> list[int]:
    """Settle what ended in the same way; return the ids of what was still to be settled."""
    (claim, settlement), (state, held_for) = group[0], to
    settled = {
        "state": state,
        "held_for": held_for,
        "next_attempt_at": settlement.next_attempt_at,
        "settled_at": None if settlement.next_attempt_at else now,
        "lease_until": None,
        "updated_at": now,
    }
    end = {
        "reason": settlement.reason,
        "detail": without_addresses(settlement.detail),
        "remote_id": None,
    }
    wanted = {"ids": [c.id for c, _ in group], "turn": claim.fence, "from": list(replaces)}
    ids = list(conn.scalars(_SETTLING, {**wanted, **settled, **end}))
    if ids:
        ended = {"ended_at": now, "outcome": settlement.outcome, "status": settlement.status}
        conn.execute(_ENDING, {"ids": ids, "attempt": claim.number, **ended, **end})
    return ids


# Built once, as building takes longer than asking; what has a column's name is its new value.
_SETTLING = (
    update(deliveries)
    .where(
        deliveries.c.id.in_(bindparam("ids", expanding=True)),
        deliveries.c.fence == bindparam("turn"),
        deliveries.c.state.in_(bindparam("from", expanding=True)),
    )
    .returning(deliveries.c.id)
)

_ENDING = update(attempts).where(
    attempts.c.delivery_id.in_(bindparam("ids", expanding=True)),
    attempts.c.number == bindparam("attempt"),
)


def _note_names(conn: Connection, named: Sequence[Ending]) -> None:
    """Note the platforms' own names for what they took."""
    if named:
        delivery = [{"of": claim.id, "remote_id": s.remote_id} for claim, s in named]
        attempt = [{"of": c.id, "nth": c.number, "remote_id": s.remote_id} for c, s in named]
        conn.execute(_NAMING, delivery)
        conn.execute(_NAMING_ATTEMPT, attempt)


_NAMING = update(deliveries).where(deliveries.c.id == bindparam("of"))
_NAMING_ATTEMPT = update(attempts).where(
    attempts.c.delivery_id == bindparam("of"), attempts.c.number == bindparam("nth")
)


def _settled_state(
    conn: Connection, claim: Claim, settlement: Settlement, now: datetime
) -> tuple[State, HeldFor | None]:
    row = claim.delivery
    match settlement.state:
        case State.RETRYING:
            held_for = None if row.for_operator else holding(conn, row.channel, now)
            return (State.RETRYING, None) if held_for is None else (State.HELD, held_for)
        case State.FAILED:
            # of the attempts before this one, as its fence and generation are still the row's
            return unless_arrived(State.FAILED, row.may_have_arrived), None
        case state:
            return state, None
