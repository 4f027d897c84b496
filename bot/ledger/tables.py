"""The tables of the ledger, the same on SQLite and PostgreSQL.

A new column of ``deliveries``: here, the last one, nullable or with a ``server_default`` (an older
Vigilia beside this one goes on inserting without it); a revision in ``migrations/versions`` that
adds it as ``v0004`` does, never in batch mode, and its number in :data:`REVISIONS`; a field of the
same name in :class:`bot.ledger.rows.DeliveryRow`, or an exception in ``queries._deliveries``. Where
it has a value from the first, ``slots._values`` and ``operator_outbox.tell``. Ledgers of groups are
migrated when a service opens them, a file after a backup; ``test_migrating.py`` holds all of it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    event,
    false,
)
from sqlalchemy.types import TypeDecorator

from bot.channels.outcome import Reason
from bot.ledger.rows import State

REVISIONS = ("0001", "0002", "0003", "0004", "0005")
"""The schema's revisions, oldest first. The last is the one that this Vigilia writes."""

SERVES = "0005"
"""The oldest revision whose Vigilia may go on beside this one while machines are upgraded one after
the other. It stays as long as revisions only add; one that takes something away, or gives it
another meaning, names itself here and in ``meta``."""

WordT = TypeVar("WordT", bound=StrEnum)


class Instant(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC. A naive one is refused: nobody could say when it was."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"an instant needs a time zone: {value.isoformat()}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        # SQLite keeps text without a zone, which process_bind_param made UTC
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Word(TypeDecorator[WordT], Generic[WordT]):
    """A word of a closed list, kept as its text."""

    impl = String(20)
    cache_ok = True

    def __init__(self, words: type[WordT]) -> None:
        super().__init__()
        self.words = words

    def process_bind_param(self, value: WordT | None, dialect: Dialect) -> str | None:
        return None if value is None else self.words(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> WordT | None:
        return None if value is None else self.words(value)


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)

meta = Table(
    "meta",
    metadata,
    Column("key", String(40), primary_key=True),
    Column("value", Text, nullable=False),
)

runs = Table(
    "runs",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("started_at", Instant, nullable=False),
    Column("alive_at", Instant, nullable=False),
    Column("beat_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("host", String(255), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("version", String(40), nullable=False),
)

slots = Table(
    "slots",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("observance", String(200), nullable=False),
    Column("date", Date, nullable=False),
    Column("lead_days", Integer, nullable=False),
    Column("channel", String(200), nullable=False),
    Column("planned_at", Instant, nullable=False),
    # the date first: that is how filled slots are looked up
    UniqueConstraint("date", "observance", "lead_days", "channel"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("observances", JSON, nullable=False),
    Column("date", Date, nullable=False),
    Column("lead_days", Integer, nullable=False),
    Column("channel", String(200), nullable=False),
    Column("languages", JSON, nullable=False),
    Column("due_at", Instant, nullable=False, index=True),
    Column("useful_until", Instant, nullable=False),
    Column("state", Word(State), nullable=False),
    Column("held_for", String(20)),
    Column("generation", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", Instant),
    Column("settled_at", Instant),
    Column("reason", Word(Reason)),
    Column("detail", Text, nullable=False),
    Column("remote_id", Text),
    Column("message", JSON(none_as_null=True)),
    Column("coming", JSON, nullable=False),
    Column("by_hand", Boolean, nullable=False),
    Column("run_id", String(36), ForeignKey("runs.id")),
    Column("fence", Integer, nullable=False),
    Column("lease_until", Instant),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    # of the task queue, where there is one: what is due and has no job that lives gets another
    Column("job_id", BigInteger),
    # a message to the operator: it fills no slot, and no posting is counted or shown with it
    Column("for_operator", Boolean, nullable=False, server_default=false()),
    Index(None, "state", "next_attempt_at"),
    Index("ix_deliveries_state_due_at", "state", "due_at"),
    Index("ix_deliveries_channel_due_at", "channel", "due_at"),
)

# Deliveries whose words are kept and not findable yet: that is not the delivery's business.
words_waiting = Table(
    "words_waiting",
    metadata,
    Column("delivery_id", Integer, ForeignKey("deliveries.id"), primary_key=True),
)

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


@event.listens_for(metadata, "after_create")
def _make_searchable(_target: MetaData, conn: Connection, **_options: Any) -> None:
    for statement in FOR_SEARCHING[conn.dialect.name]:
        conn.exec_driver_sql(statement)


slot_deliveries = Table(
    "slot_deliveries",
    metadata,
    Column("slot_id", Integer, ForeignKey("slots.id"), primary_key=True),
    Column("delivery_id", Integer, ForeignKey("deliveries.id"), primary_key=True, index=True),
)

attempts = Table(
    "attempts",
    metadata,
    Column("delivery_id", Integer, ForeignKey("deliveries.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("generation", Integer, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("outcome", String(20)),
    Column("reason", Word(Reason)),
    Column("detail", Text, nullable=False),
    Column("status", Integer),
    Column("remote_id", Text),
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", Integer, primary_key=True),
    # no foreign key: a coming posting is decided on before it has a row
    Column("key", Text, nullable=False, index=True),
    Column("verdict", String(20), nullable=False),
    Column("who", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("digest", Text),
    Column("at", Instant, nullable=False),
)

sightings = Table(
    "sightings",
    metadata,
    Column("channel", String(200), primary_key=True),
    Column("days", JSON, nullable=False),
)

paused_channels = Table(
    "paused_channels",
    metadata,
    Column("channel", String(200), primary_key=True),
    Column("reason", Word(Reason), nullable=False),
    Column("detail", Text, nullable=False),
    Column("address_digest", Text, nullable=False),
    Column("since", Instant, nullable=False),
)

inbox = Table(
    "inbox",
    metadata,
    Column("key", Text, primary_key=True),
    Column("channel", String(200), nullable=False),
    Column("message", JSON, nullable=False),
    Column("text", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Index(None, "channel", "at"),
)

rate_buckets = Table(
    "rate_buckets",
    metadata,
    # of a webhook, by its digest, or of a host
    Column("name", Text, primary_key=True),
    Column("free_at", Instant, nullable=False),
    Column("shut_until", Instant, nullable=False),
)

told_subjects = Table(
    "told",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("cause", String(20), nullable=False),
    Column("subject", Text, nullable=False),
    Column("message_id", Integer, ForeignKey("deliveries.id"), nullable=False),
    Column("at", Instant, nullable=False),
    UniqueConstraint("cause", "subject"),
)

alembic_version = Table(
    # Alembic's own table, spelled as Alembic spells it, so that a new ledger is stamped without it
    "alembic_version",
    MetaData(naming_convention={"pk": "%(table_name)s_pkc"}),
    Column("version_num", String(32), primary_key=True),
)
