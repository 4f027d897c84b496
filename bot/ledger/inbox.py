"""The inbox: messages posted to a place on this machine."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from bot.ledger.rows import InboxRow
from bot.ledger.sqlite import insert_once
from bot.ledger.tables import inbox


def put(
    conn: Connection, key: str, channel: str, message: dict[str, Any], text: str, now: datetime
) -> bool:
    """Keep a message for a place on this machine once; False where it was there already."""
    new_key = conn.scalar(
        insert_once(conn, inbox)
        .values(key=key, channel=channel, message=message, text=text, at=now)
        .on_conflict_do_nothing()
        .returning(inbox.c.key)
    )
    return new_key is not None


def messages(
    conn: Connection, channel: str | None = None, limit: int | None = None
) -> tuple[InboxRow, ...]:
    """Return the messages of one channel or all, the newest first."""
    query = select(inbox).order_by(inbox.c.at.desc(), inbox.c.key.desc()).limit(limit)
    if channel is not None:
        query = query.where(inbox.c.channel == channel)
    return tuple(InboxRow(**stored) for stored in conn.execute(query).mappings())
