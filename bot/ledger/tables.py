"""The tables of the ledger, the same on SQLite and PostgreSQL.

A new column of ``deliveries``: here after the others, nullable or with a ``server_default`` as
``for_operator`` has (an older Vigilia beside this one goes on inserting without it); a revision in
``migrations/versions`` with its ``op.add_column``, as the first line of ``v0004`` has it, never in
batch mode, and its number in :data:`REVISIONS`; a field of the same name in
:class:`bot.ledger.rows.DeliveryRow`, or an exception in ``queries.all_deliveries``; and where it
has a value from the first, ``slots._values`` and ``operator_outbox.tell``. An older ledger is
migrated by itself when a service opens it, a file after a copy of it was laid beside it;
``test_migrating.py`` holds all of it.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator

from bot.channels.outcome import Reason
from bot.ledger.migrations.frozen import FOR_SEARCHING, NAME, NAMING, WORD, key, optional, required
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

meta = sa.Table("meta", metadata, key("key", sa.String(40)), *required(value=sa.Text))

runs = sa.Table(
    "runs",
    metadata,
    key("id", sa.String(36)),
    *required(started_at=Instant, alive_at=Instant, beat_at=Instant),
    *optional(ended_at=Instant),
    *required(host=sa.String(255), pid=sa.Integer, version=sa.String(40)),
)

slots = sa.Table(
    "slots",
    metadata,
    key("id"),
    *required(
        observance=NAME, date=sa.Date, lead_days=sa.Integer, channel=NAME, planned_at=Instant
    ),
    # the date first: that is how filled slots are looked up
    sa.UniqueConstraint("date", "observance", "lead_days", "channel"),
)

deliveries = sa.Table(
    "deliveries",
    metadata,
    key("id"),
    sa.Column("key", sa.Text, nullable=False, unique=True),
    *required(
        observances=sa.JSON, date=sa.Date, lead_days=sa.Integer, channel=NAME, languages=sa.JSON
    ),
    sa.Column("due_at", Instant, nullable=False, index=True),
    *required(useful_until=Instant, state=Word(State)),
    *optional(held_for=WORD),
    sa.Column("generation", sa.Integer, nullable=False, default=0),
    sa.Column("attempts", sa.Integer, nullable=False, default=0),
    *optional(next_attempt_at=Instant, settled_at=Instant, reason=Word(Reason)),
    sa.Column("detail", sa.Text, nullable=False, default=""),
    *optional(remote_id=sa.Text, message=sa.JSON(none_as_null=True)),
    sa.Column("coming", sa.JSON, nullable=False, default=[]),
    sa.Column("by_hand", sa.Boolean, nullable=False, default=False),
    sa.Column("run_id", sa.String(36), sa.ForeignKey("runs.id")),
    sa.Column("fence", sa.Integer, nullable=False, default=0),
    *optional(lease_until=Instant),
    *required(created_at=Instant, updated_at=Instant),
    # of the task queue, where there is one: what is due and has no job that lives gets another
    *optional(job_id=sa.BigInteger),
    # a message to the operator: it fills no slot, and no posting is counted or shown with it
    sa.Column("for_operator", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Index(None, "state", "next_attempt_at"),
    sa.Index("ix_deliveries_state_due_at", "state", "due_at"),
    sa.Index("ix_deliveries_channel_due_at", "channel", "due_at"),
)

# Deliveries whose words are kept and not findable yet: that is not the delivery's business.
words_waiting = sa.Table(
    "words_waiting", metadata, key("delivery_id", sa.Integer, sa.ForeignKey("deliveries.id"))
)


@sa.event.listens_for(metadata, "after_create")
def _make_searchable(_target: sa.MetaData, conn: sa.Connection, **_options: Any) -> None:
    for statement in FOR_SEARCHING[conn.dialect.name]:
        conn.exec_driver_sql(statement)


slot_deliveries = sa.Table(
    "slot_deliveries",
    metadata,
    key("slot_id", sa.Integer, sa.ForeignKey("slots.id")),
    key("delivery_id", sa.Integer, sa.ForeignKey("deliveries.id")),
    sa.Index(None, "delivery_id"),
)

attempts = sa.Table(
    "attempts",
    metadata,
    key("delivery_id", sa.Integer, sa.ForeignKey("deliveries.id")),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    *required(generation=sa.Integer, started_at=Instant),
    *optional(ended_at=Instant, outcome=WORD, reason=Word(Reason)),
    *required(detail=sa.Text),
    *optional(status=sa.Integer, remote_id=sa.Text),
)

decisions = sa.Table(
    "decisions",
    metadata,
    key("id"),
    # no foreign key: a coming posting is decided on before it has a row
    sa.Column("key", sa.Text, nullable=False, index=True),
    *required(verdict=WORD, who=sa.Text, why=sa.Text),
    *optional(digest=sa.Text),
    *required(at=Instant),
)

sightings = sa.Table("sightings", metadata, key("channel", NAME), *required(days=sa.JSON))

paused_channels = sa.Table(
    "paused_channels",
    metadata,
    key("channel", NAME),
    *required(reason=Word(Reason), detail=sa.Text, address_digest=sa.Text, since=Instant),
)

inbox = sa.Table(
    "inbox",
    metadata,
    key("key", sa.Text),
    *required(channel=NAME, message=sa.JSON, text=sa.Text, at=Instant),
    sa.Index(None, "channel", "at"),
)

rate_buckets = sa.Table(
    "rate_buckets",
    metadata,
    # of a webhook, by its digest, or of a host
    key("name", sa.Text),
    *required(free_at=Instant, shut_until=Instant),
)

told_subjects = sa.Table(
    "told",
    metadata,
    key("id"),
    *required(cause=WORD, subject=sa.Text),
    sa.Column("message_id", sa.Integer, sa.ForeignKey("deliveries.id"), nullable=False),
    *required(at=Instant),
    sa.UniqueConstraint("cause", "subject"),
)

alembic_version = sa.Table(
    # Alembic's own table, spelled as Alembic spells it, so that a new ledger is stamped without it
    "alembic_version",
    sa.MetaData(naming_convention={"pk": "%(table_name)s_pkc"}),
    sa.Column("version_num", sa.String(32), primary_key=True),
)
