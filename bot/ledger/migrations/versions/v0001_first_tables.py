"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bot.ledger.migrations.frozen import INSTANT, NAME, WORD, key, optional, required

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables of the first version."""
    op.create_table("meta", key("key", sa.String(40)), *required(value=sa.Text))
    op.create_table(
        "runs",
        key("id", sa.String(36)),
        *required(started_at=INSTANT, alive_at=INSTANT, beat_at=INSTANT),
        *optional(ended_at=INSTANT),
        *required(host=sa.String(255), pid=sa.Integer, version=sa.String(40)),
    )
    op.create_table(
        "slots",
        key("id"),
        *required(
            observance=NAME, date=sa.Date, lead_days=sa.Integer, channel=NAME, planned_at=INSTANT
        ),
        sa.UniqueConstraint("date", "observance", "lead_days", "channel"),
    )
    op.create_table(
        "deliveries",
        key("id"),
        sa.Column("key", sa.Text, nullable=False, unique=True),
        *required(
            observances=sa.JSON, date=sa.Date, lead_days=sa.Integer, channel=NAME, languages=sa.JSON
        ),
        sa.Column("due_at", INSTANT, nullable=False, index=True),
        *required(useful_until=INSTANT, state=WORD),
        *optional(held_for=WORD),
        *required(generation=sa.Integer, attempts=sa.Integer),
        *optional(next_attempt_at=INSTANT, settled_at=INSTANT, reason=WORD),
        *required(detail=sa.Text),
        *optional(remote_id=sa.Text, message=sa.JSON),
        *required(coming=sa.JSON, by_hand=sa.Boolean),
        sa.Column("run_id", sa.String(36), sa.ForeignKey("runs.id")),
        *required(fence=sa.Integer),
        *optional(lease_until=INSTANT),
        *required(created_at=INSTANT, updated_at=INSTANT),
        sa.Index(None, "state", "next_attempt_at"),
    )
    op.create_table(
        "slot_deliveries",
        key("slot_id", sa.Integer, sa.ForeignKey("slots.id")),
        key("delivery_id", sa.Integer, sa.ForeignKey("deliveries.id")),
        sa.Index(None, "delivery_id"),
    )
    op.create_table(
        "attempts",
        key("delivery_id", sa.Integer, sa.ForeignKey("deliveries.id")),
        key("number"),
        *required(generation=sa.Integer, started_at=INSTANT),
        *optional(ended_at=INSTANT, outcome=WORD, reason=WORD),
        *required(detail=sa.Text),
        *optional(status=sa.Integer, remote_id=sa.Text),
    )
    op.create_table(
        "decisions",
        key("id"),
        sa.Column("key", sa.Text, nullable=False, index=True),
        *required(verdict=WORD, who=sa.Text, why=sa.Text),
        *optional(digest=sa.Text),
        *required(at=INSTANT),
    )
    op.create_table("sightings", key("channel", NAME), *required(days=sa.JSON))
    op.create_table(
        "paused_channels",
        key("channel", NAME),
        *required(reason=WORD, detail=sa.Text, address_digest=sa.Text, since=INSTANT),
    )
    op.create_table(
        "inbox",
        key("key", sa.Text),
        *required(channel=NAME, message=sa.JSON, text=sa.Text, at=INSTANT),
        sa.Index(None, "channel", "at"),
    )
