"""What several machines need: a delivery's job in the task queue, and rate limits that all of them
keep. Only adds, so that a Vigilia of revision 0004 may run beside any later one that only adds."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, Text

from bot.ledger.migrations.frozen import INSTANT, key, required

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    # not in batch mode, which would make the table anew on SQLite: to add a column is cheap on both
    op.add_column("deliveries", Column("job_id", BigInteger))
    op.create_table(
        "rate_buckets", key("name", Text), *required(free_at=INSTANT, shut_until=INSTANT)
    )
    op.execute("INSERT INTO meta (key, value) VALUES ('serves', '0004')")


def downgrade() -> None:
    op.execute("DELETE FROM meta WHERE key = 'serves'")
    op.drop_table("rate_buckets")
    op.drop_column("deliveries", "job_id")
