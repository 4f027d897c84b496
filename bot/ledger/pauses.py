"""Pauses: of everything until an instant, and of a channel whose address is gone."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, delete, insert, update

from bot.channels.outcome import Reason
from bot.errors import PausedError
from bot.ledger.queries import POSTINGS, held_for, paused_channel_rows
from bot.ledger.redaction import without_addresses
from bot.ledger.rows import CLAIMABLE, DeliveryRow, State
from bot.ledger.sqlite import insert_once
from bot.ledger.tables import deliveries, meta, paused_channels
from bot.ledger.transactions import Lock, take
from bot.ledger.transitions import PAUSED_UNTIL, holding, paused_until, set_free


def refuse_paused(conn: Connection, channel: str, now: datetime) -> None:
    """Raises LedgerError where what an operator wants sent at once would be held."""
    match holding(conn, channel, now):
        case "pause":
            raise PausedError(
                f"Everything is held until {paused_until(conn):%Y-%m-%d %H:%M} UTC, so nothing was"
                " changed. `vigilia resume` ends the pause."
            )
        case "channel":
            paused = paused_channel_rows(conn)[channel]
            raise PausedError(
                f"The channel {channel} is paused since {paused.since:%Y-%m-%d %H:%M} UTC"
                f" ({paused.reason}), so nothing was changed. `vigilia channels test {channel}`"
                " resumes it when the test arrives.",
                channel,
            )
        case _:
            return


def pause_channel(
    conn: Connection, channel: str, reason: Reason, detail: str, address_digest: str, now: datetime
) -> bool:
    """Hold what waits for a channel and what will; True where it was not paused before."""
    take(conn, Lock.DECIDING)
    newly = conn.scalar(
        insert_once(conn, paused_channels)
        .values(
            channel=channel,
            reason=reason,
            detail=without_addresses(detail),
            address_digest=address_digest,
            since=now,
        )
        .on_conflict_do_nothing()
        .returning(paused_channels.c.channel)
    )
    conn.execute(
        update(deliveries)
        .where(POSTINGS, deliveries.c.state.in_(CLAIMABLE), deliveries.c.channel == channel)
        .values(state=State.HELD, held_for="channel", updated_at=now)
    )
    return newly is not None


def resume_channel(conn: Connection, channel: str, now: datetime) -> tuple[DeliveryRow, ...]:
    """End the pause of a channel; return what was held for it as it stands then."""
    take(conn, Lock.DECIDING)
    conn.execute(delete(paused_channels).where(paused_channels.c.channel == channel))
    return set_free(conn, held_for(conn, "channel", channel), now)


def set_pause(conn: Connection, until: datetime | None, now: datetime) -> tuple[DeliveryRow, ...]:
    """Hold everything until an instant, or, with None, end that; return what was set free. A pause
    does not end by itself: whoever finds :func:`paused_until` past says None."""
    take(conn, Lock.DECIDING)
    conn.execute(delete(meta).where(meta.c.key == PAUSED_UNTIL))
    if until is None or until <= now:
        return set_free(conn, held_for(conn, "pause"), now)
    conn.execute(insert(meta).values(key=PAUSED_UNTIL, value=until.astimezone(UTC).isoformat()))
    conn.execute(
        update(deliveries)
        .where(POSTINGS, deliveries.c.state.in_(CLAIMABLE))
        .values(state=State.HELD, held_for="pause", updated_at=now)
    )
    return ()
