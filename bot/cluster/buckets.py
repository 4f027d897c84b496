"""Rate limits that all machines keep: token buckets of one token, by the database's clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sqlalchemy import Connection, bindparam, delete, func, select, text, update

from bot.ledger.sqlite import insert_once
from bot.ledger.tables import rate_buckets

Rates = Sequence[tuple[str, float]]
"""Buckets with their requests a second."""

_FORGOTTEN_AFTER = text("interval '1 hour'")
_NOW = func.clock_timestamp()
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def reserve(conn: Connection, wanted: Sequence[Rates], patience_s: float) -> list[float]:
    """Return for each request the seconds until all its buckets have a token for it.

    Where that is at most ``patience_s`` the tokens are taken, so that whoever waits so long may go
    without asking again.
    """
    names = sorted({name for rates in wanted for name, _ in rates})
    if not names:
        return [0.0] * len(wanted)
    _without_waiting_for_the_disk(conn)
    free_in = _locked(conn, names)
    before = dict(free_in)
    waits = []
    for rates in wanted:
        wait = max((free_in[name] for name, _ in rates), default=0.0)
        waits.append(wait)
        if wait <= patience_s:
            for name, rate in rates:
                free_in[name] = wait + 1 / rate
    changed = [
        {"bucket": name, "seconds": seconds}
        for name, seconds in free_in.items()
        if seconds != before[name]
    ]
    if changed:
        conn.execute(
            update(rate_buckets)
            .where(rate_buckets.c.name == bindparam("bucket"))
            .values(free_at=_in(bindparam("seconds"))),
            changed,
        )
    return waits


def back_off(conn: Connection, name: str, seconds: float) -> None:
    """Keep a bucket shut for so long from now; never shorten a wait."""
    _without_waiting_for_the_disk(conn)
    _locked(conn, [name])
    until = _in(max(seconds, 0.0))
    conn.execute(
        update(rate_buckets)
        .where(rate_buckets.c.name == name)
        .values(
            free_at=func.greatest(rate_buckets.c.free_at, until),
            shut_until=func.greatest(rate_buckets.c.shut_until, until),
        )
    )


def shut(conn: Connection, names: Sequence[str]) -> set[str]:
    """Return those of the buckets that a platform asked to leave alone."""
    query = select(rate_buckets.c.name).where(
        rate_buckets.c.name.in_(names), rate_buckets.c.shut_until > _NOW
    )
    return set(conn.scalars(query))


def forget(conn: Connection) -> None:
    """Forget the buckets that have long been full."""
    idle = rate_buckets.c.free_at < func.now() - _FORGOTTEN_AFTER
    some = select(rate_buckets.c.name).where(idle).with_for_update(skip_locked=True)
    conn.execute(delete(rate_buckets).where(rate_buckets.c.name.in_(some)))


def _locked(conn: Connection, names: Sequence[str]) -> dict[str, float]:
    """Return in how many seconds each bucket has a token, and keep the others out of them: in one
    order, so that two of them never wait for each other."""
    ask = (
        select(rate_buckets.c.name, func.extract("epoch", rate_buckets.c.free_at - _NOW))
        .where(rate_buckets.c.name.in_(names))
        .order_by(rate_buckets.c.name)
        .with_for_update()
    )
    waits = {name: float(seconds) for name, seconds in conn.execute(ask)}
    if waits.keys() != set(names):
        conn.execute(
            insert_once(conn, rate_buckets).on_conflict_do_nothing(),
            [
                {"name": name, "free_at": _EPOCH, "shut_until": _EPOCH}
                for name in names
                if name not in waits
            ],
        )
        waits = {name: float(seconds) for name, seconds in conn.execute(ask)}
    return {name: max(waits.get(name, 0.0), 0.0) for name in names}


def _in(seconds: object) -> object:
    return _NOW + func.make_interval(0, 0, 0, 0, 0, 0, seconds)


def _without_waiting_for_the_disk(conn: Connection) -> None:
    # a token that a power cut forgets is a request too early, which the platform answers with 429
    conn.exec_driver_sql("SET LOCAL synchronous_commit = off")
