"""What the operator is told: each message, and what it was about, so that nothing is told twice."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    instant = sa.DateTime(timezone=True)
    op.create_table(
        "operator_messages",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("channel", sa.String(200), nullable=False),
        sa.Column("message", sa.JSON, nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("maybe_arrived", sa.Boolean, nullable=False),
        sa.Column("made_at", instant, nullable=False),
        sa.Column("useful_until", instant, nullable=False),
        sa.Column("next_attempt_at", instant),
        sa.Column("settled_at", instant),
        sa.Column("reason", sa.String(20)),
        sa.Column("detail", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_operator_messages"),
        sa.UniqueConstraint("key", name="uq_operator_messages_key"),
    )
    op.create_index("ix_operator_messages_state", "operator_messages", ["state"])
    op.create_table(
        "told",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("cause", sa.String(20), nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("message_id", sa.Integer, nullable=False),
        sa.Column("at", instant, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_told"),
        sa.UniqueConstraint("cause", "subject", name="uq_told_cause"),
        sa.ForeignKeyConstraint(
            ["message_id"], ["operator_messages.id"], name="fk_told_message_id"
        ),
    )
