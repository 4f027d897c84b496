"""What the page looks for: by state and by channel, the last due first, and the words sent."""

from __future__ import annotations

from alembic import op
from sqlalchemy import ForeignKey, Integer

from bot.ledger.migrations.frozen import FOR_SEARCHING, key

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_index("ix_deliveries_state_due_at", "deliveries", ["state", "due_at"])
    op.create_index("ix_deliveries_channel_due_at", "deliveries", ["channel", "due_at"])
    op.create_table("words_waiting", key("delivery_id", Integer, ForeignKey("deliveries.id")))
    for statement in FOR_SEARCHING[op.get_bind().dialect.name]:
        op.execute(statement)
    op.execute(
        "INSERT INTO words_waiting (delivery_id)"
        " SELECT id FROM deliveries WHERE message IS NOT NULL"
    )
