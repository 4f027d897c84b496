"""Sightings: since when each channel has each day. What is new was never due before."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, delete, insert, select

from bot.ledger.tables import sightings
from bot.ledger.transactions import Lock, Transactions, take

FORGOTTEN_AFTER = timedelta(hours=1)
"""Where machines share a ledger, so long a day must be gone from a channel until it is forgotten:
while a changed configuration goes from one to the next, some have it and some have not."""


@dataclass(frozen=True)
class _Sighting:
    """Since when a channel has a day, and since when it has not any more."""

    first: datetime
    gone: datetime | None = None


_Sightings = Mapping[str, Mapping[str, _Sighting]]


def see(
    ledger: Transactions,
    days: Mapping[str, Collection[str]],
    now: datetime,
    *,
    since: datetime | None = None,
) -> Mapping[str, Mapping[str, datetime]]:
    """Note which observances each channel has, and return when each was first seen there.

    What is new counts as seen at ``since``, or ``now``. A pair that is no longer given is
    forgotten, so that its return is new; on a shared ledger after an hour.
    """
    at = since or now
    with ledger.reading() as conn:
        first, changed = _compared(conn, days, at, now)
    if changed:
        with ledger.writing() as conn:
            take(conn, Lock.SEEING)
            first, changed = _compared(conn, days, at, now)
            _write(conn, changed)
    return first


def first_seen(conn: Connection) -> dict[str, dict[str, datetime]]:
    """Return by channel and observance when they were first seen together."""
    first = {
        channel: {day: seen.first for day, seen in days.items() if seen.gone is None}
        for channel, days in _stored(conn).items()
    }
    return {channel: days for channel, days in first.items() if days}


def _stored(conn: Connection) -> _Sightings:
    return {
        channel: {day: _read(stored) for day, stored in days.items()}
        for channel, days in conn.execute(select(sightings.c.channel, sightings.c.days))
    }


def _read(stored: str | list[str]) -> _Sighting:
    instants = [stored] if isinstance(stored, str) else stored
    return _Sighting(*map(datetime.fromisoformat, instants))


def _written(seen: _Sighting) -> str | list[str]:
    first = seen.first.isoformat()
    return first if seen.gone is None else [first, seen.gone.isoformat()]


def _compared(
    conn: Connection, days: Mapping[str, Collection[str]], at: datetime, now: datetime
) -> tuple[dict[str, dict[str, datetime]], _Sightings]:
    """Return when each day of each channel was first seen, for a new pair ``at``; and by channel
    what is to be written in the place of what stands there: empty where nothing is new."""
    stored = _stored(conn)
    grace = FORGOTTEN_AFTER if conn.dialect.name == "postgresql" else timedelta()
    first: dict[str, dict[str, datetime]] = {}
    changed: dict[str, Mapping[str, _Sighting]] = {}
    for channel in {**stored, **days}:
        before = stored.get(channel, {})
        ids = days.get(channel, ())
        after = {
            day: _Sighting(before[day].first)
            if day in before and not _is_over(before[day], now, grace)
            else _Sighting(at)
            for day in sorted(ids)
        }
        if channel in days:
            first[channel] = {day: seen.first for day, seen in after.items()}
        for day in before.keys() - after.keys():
            over = _Sighting(before[day].first, before[day].gone or now)
            if not _is_over(over, now, grace):
                after[day] = over
        if after != before:
            changed[channel] = after
    return first, changed


def _is_over(seen: _Sighting, now: datetime, grace: timedelta) -> bool:
    return seen.gone is not None and now - seen.gone >= grace


def _write(conn: Connection, changed: _Sightings) -> None:
    """Write what changed: nothing, where another machine was quicker."""
    if not changed:
        return
    # one parameter a time: a database takes so many in one question and not many more
    conn.execute(
        delete(sightings).where(sightings.c.channel == bindparam("outdated")),
        [{"outdated": channel} for channel in changed],
    )
    rows = [
        {"channel": channel, "days": {day: _written(sighting) for day, sighting in days.items()}}
        for channel, days in changed.items()
        if days
    ]
    if rows:
        conn.execute(insert(sightings), rows)
