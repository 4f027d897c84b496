"""What the page looks for: by state and by channel, the last due first, and the words sent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


_FOR_SEARCHING = {
    "sqlite": (
        "CREATE VIRTUAL TABLE sent_words USING fts5"
        " (words, content='', detail=none, tokenize='unicode61 remove_diacritics 2')",
        "CREATE TRIGGER words_kept AFTER UPDATE OF message ON deliveries"
        " WHEN NEW.message IS NOT NULL BEGIN"
        " INSERT OR IGNORE INTO words_waiting (delivery_id) VALUES (NEW.id); END",
    ),
    "postgresql": (
        "CREATE TABLE sent_words (id BIGINT PRIMARY KEY, words TSVECTOR NOT NULL)",
        "CREATE INDEX ix_sent_words_words ON sent_words USING gin (words)",
        "CREATE FUNCTION words_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " INSERT INTO words_waiting (delivery_id) VALUES (NEW.id) ON CONFLICT DO NOTHING;"
        " RETURN NULL; END $$",
        "CREATE TRIGGER words_kept AFTER UPDATE OF message ON deliveries FOR EACH ROW"
        " WHEN (NEW.message IS NOT NULL) EXECUTE FUNCTION words_kept()",
    ),
}


def upgrade() -> None:
    op.create_index("ix_deliveries_state_due_at", "deliveries", ["state", "due_at"])
    op.create_index("ix_deliveries_channel_due_at", "deliveries", ["channel", "due_at"])
    op.create_table(
        "words_waiting",
        sa.Column("delivery_id", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("delivery_id", name="pk_words_waiting"),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["deliveries.id"], name="fk_words_waiting_delivery_id"
        ),
    )
    for statement in _FOR_SEARCHING[op.get_bind().dialect.name]:
        op.execute(statement)
    op.execute(
        "INSERT INTO words_waiting (delivery_id)"
        " SELECT id FROM deliveries WHERE message IS NOT NULL"
    )
