"""What the operator is told: each message, and what it was about, so that nothing is told twice."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from bot.ledger.migrations.frozen import INSTANT, NAME, WORD, key, optional, required

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    make_operator_messages()
    op.create_table(
        "told",
        key("id"),
        *required(cause=WORD, subject=sa.Text),
        sa.Column("message_id", sa.Integer, sa.ForeignKey("operator_messages.id"), nullable=False),
        *required(at=INSTANT),
        sa.UniqueConstraint("cause", "subject"),
    )


def make_operator_messages() -> None:
    """Make the table that revision 0005 takes away, and gives again when it is taken back."""
    op.create_table(
        "operator_messages",
        key("id"),
        sa.Column("key", sa.Text, nullable=False, unique=True),
        *required(
            channel=NAME, message=sa.JSON, state=WORD, attempts=sa.Integer, maybe_arrived=sa.Boolean
        ),
        *required(made_at=INSTANT, useful_until=INSTANT),
        *optional(next_attempt_at=INSTANT, settled_at=INSTANT, reason=WORD),
        *required(detail=sa.Text),
        sa.Index(None, "state"),
    )
