"""What the revisions share with each other and with the tables of today. Nothing here may change:
what becomes different gets a new name."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

INSTANT = sa.DateTime(timezone=True)
NAME = sa.String(200)
WORD = sa.String(20)

NAMING = {
    "pk": "pk_%(table_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "ix": "ix_%(table_name)s_%(column_0_name)s",
}

FOR_SEARCHING: dict[str, tuple[str, ...]] = {
    "sqlite": (
        # no copy of the words, and no places in them: a twentieth of what it makes findable
        "CREATE VIRTUAL TABLE sent_words USING fts5"
        " (words, content='', detail=none, tokenize='unicode61 remove_diacritics 2')",
        "CREATE TRIGGER words_kept AFTER UPDATE OF message ON deliveries"
        " WHEN NEW.message IS NOT NULL BEGIN"
        " INSERT OR IGNORE INTO words_waiting (delivery_id) VALUES (NEW.id); END",
    ),
    "postgresql": (
        # the words come folded, so that no dictionary and no extension is needed on the server
        "CREATE TABLE sent_words (id BIGINT PRIMARY KEY, words TSVECTOR NOT NULL)",
        "CREATE INDEX ix_sent_words_words ON sent_words USING gin (words)",
        "CREATE FUNCTION words_kept() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " INSERT INTO words_waiting (delivery_id) VALUES (NEW.id) ON CONFLICT DO NOTHING;"
        " RETURN NULL; END $$",
        "CREATE TRIGGER words_kept AFTER UPDATE OF message ON deliveries FOR EACH ROW"
        " WHEN (NEW.message IS NOT NULL) EXECUTE FUNCTION words_kept()",
    ),
}


def key(name: str, kind: Any = sa.Integer, *points_to: sa.ForeignKey) -> sa.Column[Any]:
    """Return a column of the primary key."""
    return sa.Column(name, kind, *points_to, primary_key=True)


def required(**kinds: Any) -> list[sa.Column[Any]]:
    """Return columns that always hold something."""
    return [sa.Column(name, kind, nullable=False) for name, kind in kinds.items()]


def optional(**kinds: Any) -> list[sa.Column[Any]]:
    """Return columns that may hold nothing."""
    return [sa.Column(name, kind) for name, kind in kinds.items()]
