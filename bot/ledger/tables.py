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

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator

from bot.channels.outcome import Reason
from bot.ledger.migrations.frozen import FOR_SEARCHING, NAMING
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

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"an instant needs a time zone: {value.isoformat()}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        # SQLite keeps text without a zone, which process_bind_param made UTC
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Word(TypeDecorator[WordT], Generic[WordT]):
    """A word of a closed list, kept as its text."""

    impl = sa.String(20)
    cache_ok = True

    def __init__(self, words: type[WordT]) -> None:
        super().__init__()
        self.words = words

    def process_bind_param(self, value: WordT | None, dialect: sa.Dialect) -> str | None:
        return None if value is None else self.words(value).value

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> WordT | None:
        return None if value is None else self.words(value)


metadata = sa.MetaData(naming_convention=NAMING)

meta = sa.Table(
    "meta",
    metadata,
    sa.Column("key", sa.String(40), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

runs = sa.Table(
    "runs",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("started_at", Instant, nullable=False),
    sa.Column("alive_at", Instant, nullable=False),
    sa.Column("beat_at", Instant, nullable=False),
    sa.Column("ended_at", Instant),
    sa.Column("host", sa.String(255), nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("version", sa.String(40), nullable=False),
)

slots = sa.Table(
    "slots",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("observance", sa.String(200), nullable=False),
    sa.Column("date", sa.Date, nullable=False),
    sa.Column("lead_days", sa.Integer, nullable=False),
    sa.Column("channel", sa.String(200), nullable=False),
    sa.Column("planned_at", Instant, nullable=False),
    # the date first: that is how filled slots are looked up
    sa.UniqueConstraint("date", "observance", "lead_days", "channel"),
)

deliveries = sa.Table(
    "deliveries",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("key", sa.Text, nullable=False, unique=True),
    sa.Column("observances", sa.JSON, nullable=False),
    sa.Column("date", sa.Date, nullable=False),
    sa.Column("lead_days", sa.Integer, nullable=False),
    sa.Column("channel", sa.String(200), nullable=False),
    sa.Column("languages", sa.JSON, nullable=False),
    sa.Column("due_at", Instant, nullable=False, index=True),
    sa.Column("useful_until", Instant, nullable=False),
    sa.Column("state", Word(State), nullable=False),
    sa.Column("held_for", sa.String(20)),
    sa.Column("generation", sa.Integer, nullable=False, default=0),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    sa.Column("next_attempt_at", Instant),
    sa.Column("settled_at", Instant),
    sa.Column("reason", Word(Reason)),
    sa.Column("detail", sa.Text, nullable=False, default=""),
    sa.Column("remote_id", sa.Text),
    sa.Column("message", sa.JSON(none_as_null=True)),
    sa.Column("coming", sa.JSON, nullable=False, default=[]),
    sa.Column("by_hand", sa.Boolean, nullable=False, default=False),
    sa.Column("run_id", sa.String(36), sa.ForeignKey("runs.id")),
    sa.Column("fence", sa.Integer, nullable=False, default=0),
    sa.Column("lease_until", Instant),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("updated_at", Instant, nullable=False),
    # of the task queue, where there is one: what is due and has no job that lives gets another
    sa.Column("job_id", sa.BigInteger),
    # a message to the operator: it fills no slot, and no posting is counted or shown with it
    sa.Column("for_operator", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Index(None, "state", "next_attempt_at"),
    sa.Index("ix_deliveries_state_due_at", "state", "due_at"),
    sa.Index("ix_deliveries_channel_due_at", "channel", "due_at"),
)

# Deliveries whose words are kept and not findable yet: that is not the delivery's business.
words_waiting = sa.Table(
    "words_waiting",
    metadata,
    sa.Column("delivery_id", sa.Integer, sa.ForeignKey("deliveries.id"), primary_key=True),
)


@sa.event.listens_for(metadata, "after_create")
def _make_searchable(_target: sa.MetaData, conn: sa.Connection, **_options: Any) -> None:
    for statement in FOR_SEARCHING[conn.dialect.name]:
        conn.exec_driver_sql(statement)


slot_deliveries = sa.Table(
    "slot_deliveries",
    metadata,
    sa.Column("slot_id", sa.Integer, sa.ForeignKey("slots.id"), primary_key=True),
    sa.Column(
        "delivery_id", sa.Integer, sa.ForeignKey("deliveries.id"), primary_key=True, index=True
    ),
)

attempts = sa.Table(
    "attempts",
    metadata,
    sa.Column("delivery_id", sa.Integer, sa.ForeignKey("deliveries.id"), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("generation", sa.Integer, nullable=False),
    sa.Column("started_at", Instant, nullable=False),
    sa.Column("ended_at", Instant),
    sa.Column("outcome", sa.String(20)),
    sa.Column("reason", Word(Reason)),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("status", sa.Integer),
    sa.Column("remote_id", sa.Text),
)

decisions = sa.Table(
    "decisions",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    # no foreign key: a coming posting is decided on before it has a row
    sa.Column("key", sa.Text, nullable=False, index=True),
    sa.Column("verdict", sa.String(20), nullable=False),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("digest", sa.Text),
    sa.Column("at", Instant, nullable=False),
)

sightings = sa.Table(
    "sightings",
    metadata,
    sa.Column("channel", sa.String(200), primary_key=True),
    sa.Column("days", sa.JSON, nullable=False),
)

paused_channels = sa.Table(
    "paused_channels",
    metadata,
    sa.Column("channel", sa.String(200), primary_key=True),
    sa.Column("reason", Word(Reason), nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("address_digest", sa.Text, nullable=False),
    sa.Column("since", Instant, nullable=False),
)

inbox = sa.Table(
    "inbox",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("channel", sa.String(200), nullable=False),
    sa.Column("message", sa.JSON, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Index(None, "channel", "at"),
)

rate_buckets = sa.Table(
    "rate_buckets",
    metadata,
    # of a webhook, by its digest, or of a host
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("free_at", Instant, nullable=False),
    sa.Column("shut_until", Instant, nullable=False),
)

told_subjects = sa.Table(
    "told",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("cause", sa.String(20), nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("message_id", sa.Integer, sa.ForeignKey("deliveries.id"), nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.UniqueConstraint("cause", "subject"),
)

alembic_version = sa.Table(
    # Alembic's own table, spelled as Alembic spells it, so that a new ledger is stamped without it
    "alembic_version",
    sa.MetaData(naming_convention={"pk": "%(table_name)s_pkc"}),
    sa.Column("version_num", sa.String(32), primary_key=True),
)
