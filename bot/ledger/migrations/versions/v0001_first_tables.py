"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Makes the tables of the first version."""
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "meta",
        sa.Column("key", sa.String(40), nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_meta"),
    )
    op.create_table(
        "runs",
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("started_at", instant, nullable=False),
        sa.Column("alive_at", instant, nullable=False),
        sa.Column("beat_at", instant, nullable=False),
        sa.Column("ended_at", instant),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("version", sa.String(40), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
    )
    op.create_table(
        "slots",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("observance", sa.String(200), nullable=False),
        sa.Column("date", sa.Date, nullable=False),
        sa.Column("lead_days", sa.Integer, nullable=False),
        sa.Column("channel", sa.String(200), nullable=False),
        sa.Column("planned_at", instant, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_slots"),
        sa.UniqueConstraint("date", "observance", "lead_days", "channel", name="uq_slots_date"),
    )
    op.create_table(
        "deliveries",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("observances", sa.JSON, nullable=False),
        sa.Column("date", sa.Date, nullable=False),
        sa.Column("lead_days", sa.Integer, nullable=False),
        sa.Column("channel", sa.String(200), nullable=False),
        sa.Column("languages", sa.JSON, nullable=False),
        sa.Column("due_at", instant, nullable=False),
        sa.Column("useful_until", instant, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("held_for", sa.String(20)),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_attempt_at", instant),
        sa.Column("settled_at", instant),
        sa.Column("reason", sa.String(20)),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("remote_id", sa.Text),
        sa.Column("message", sa.JSON),
        sa.Column("coming", sa.JSON, nullable=False),
        sa.Column("by_hand", sa.Boolean, nullable=False),
        sa.Column("run_id", sa.String(36)),
        sa.Column("fence", sa.Integer, nullable=False),
        sa.Column("lease_until", instant),
        sa.Column("created_at", instant, nullable=False),
        sa.Column("updated_at", instant, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        sa.UniqueConstraint("key", name="uq_deliveries_key"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_deliveries_run_id"),
    )
    op.create_index("ix_deliveries_due_at", "deliveries", ["due_at"])
    op.create_index("ix_deliveries_state", "deliveries", ["state", "next_attempt_at"])
    op.create_table(
        "slot_deliveries",
        sa.Column("slot_id", sa.Integer, nullable=False),
        sa.Column("delivery_id", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("slot_id", "delivery_id", name="pk_slot_deliveries"),
        sa.ForeignKeyConstraint(["slot_id"], ["slots.id"], name="fk_slot_deliveries_slot_id"),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["deliveries.id"], name="fk_slot_deliveries_delivery_id"
        ),
    )
    op.create_index("ix_slot_deliveries_delivery_id", "slot_deliveries", ["delivery_id"])
    op.create_table(
        "attempts",
        sa.Column("delivery_id", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("started_at", instant, nullable=False),
        sa.Column("ended_at", instant),
        sa.Column("outcome", sa.String(20)),
        sa.Column("reason", sa.String(20)),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("status", sa.Integer),
        sa.Column("remote_id", sa.Text),
        sa.PrimaryKeyConstraint("delivery_id", "number", name="pk_attempts"),
        sa.ForeignKeyConstraint(["delivery_id"], ["deliveries.id"], name="fk_attempts_delivery_id"),
    )
    op.create_table(
        "decisions",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("verdict", sa.String(20), nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("digest", sa.Text),
        sa.Column("at", instant, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_decisions"),
    )
    op.create_index("ix_decisions_key", "decisions", ["key"])
    op.create_table(
        "sightings",
        sa.Column("channel", sa.String(200), nullable=False),
        sa.Column("days", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("channel", name="pk_sightings"),
    )
    op.create_table(
        "paused_channels",
        sa.Column("channel", sa.String(200), nullable=False),
        sa.Column("reason", sa.String(20), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("address_digest", sa.Text, nullable=False),
        sa.Column("since", instant, nullable=False),
        sa.PrimaryKeyConstraint("channel", name="pk_paused_channels"),
    )
    op.create_table(
        "inbox",
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("channel", sa.String(200), nullable=False),
        sa.Column("message", sa.JSON, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("at", instant, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_inbox"),
    )
    op.create_index("ix_inbox_channel", "inbox", ["channel", "at"])
