"""What a ledger says about itself: its tables' revision, its mode, and which versions it serves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

from sqlalchemy import Connection, insert, inspect, select

from bot.errors import LedgerError, LedgerMissingError
from bot.ledger.rows import Mode
from bot.ledger.tables import REVISIONS, SERVES, alembic_version, meta, metadata


@dataclass(frozen=True)
class Stamp:
    """What a ledger says about itself. ``serves``: the oldest revision whose Vigilia may still use
    it."""

    revision: str
    mode: Mode
    serves: str | None

    @property
    def is_older(self) -> bool:
        """Whether it has to be migrated."""
        return self.revision in REVISIONS[:-1]

    @property
    def is_usable(self) -> bool:
        """Whether this Vigilia may use it, once migrated: during a rolling upgrade, a newer one may
        have added to the tables what this one need not know."""
        return self.revision in REVISIONS or (
            self.serves is not None and self.serves <= REVISIONS[-1] < self.revision
        )


def make_tables(conn: Connection, mode: Mode, now: datetime) -> None:
    """Make all tables in an empty database, and stamp them."""
    metadata.create_all(conn, checkfirst=False)
    alembic_version.create(conn, checkfirst=False)
    conn.execute(insert(alembic_version).values(version_num=REVISIONS[-1]))
    conn.execute(
        insert(meta),
        [
            {"key": "mode", "value": mode},
            {"key": "created_at", "value": now.astimezone(UTC).isoformat()},
            {"key": "serves", "value": SERVES},
        ],
    )


def stamp_in(conn: Connection, place: str) -> Stamp | None:
    """Return what a database says about itself, None where no ledger was made in it yet. Raises
    LedgerError where it is damaged, or something else."""
    ours = {"alembic_version", "meta"}
    tables = set(inspect(conn).get_table_names())
    # on a server, the tables of somebody else may lie beside ours
    if not (tables & ours if conn.dialect.name == "postgresql" else tables):
        return None
    if not ours <= tables:
        raise LedgerError(
            f"{place} is a database of something else, not a ledger. Change url under [ledger] in"
            " config/vigilia.toml."
        )
    revision = conn.scalar(select(alembic_version.c.version_num))
    noted = {row.key: row.value for row in conn.execute(select(meta.c.key, meta.c.value))}
    if revision is None or "mode" not in noted:
        raise damaged_ledger(conn, place)
    return Stamp(revision, cast("Mode", noted["mode"]), noted.get("serves"))


def damaged_ledger(conn: Connection, place: str) -> LedgerError:
    """Return the error for a ledger that cannot be read, with what to do."""
    mending = "Restore the database from a backup."
    if conn.dialect.name == "sqlite":
        mending = "Keep the file, and put a backup in its place with `vigilia ledger restore FILE`."
    return LedgerError(f"The ledger at {place} is damaged. {mending}")


def missing_ledger(place: str) -> LedgerMissingError:
    """Return the error for a ledger that nobody has made yet."""
    return LedgerMissingError(f"There is no ledger yet at {place}: `vigilia run` makes one.")


def refuse_other(stamp: Stamp, place: str, mode: Mode | None) -> None:
    """Raise LedgerError where a ledger is of the other mode, newer than this Vigilia can use, or
    older and only to be read."""
    if mode == "real" and stamp.mode != mode:
        raise LedgerError(
            f"The ledger at {place} was made by a rehearsal and is never used for real posts."
            " Give url under [ledger] in config/vigilia.toml another file."
        )
    if mode == "rehearsal" and stamp.mode != mode:
        raise LedgerError(
            f"The ledger at {place} is the real one, and a rehearsal never writes to it."
            " Rehearse with another file as url under [ledger] in config/vigilia.toml."
        )
    if not stamp.is_usable:
        raise LedgerError(
            f"The ledger at {place} was written by a newer Vigilia (its tables are"
            f" {stamp.revision}, this one knows {REVISIONS[-1]}). Install that version again."
        )
    if stamp.is_older and mode is None:
        raise LedgerError(
            f"The ledger at {place} was written by an older Vigilia. `vigilia run` migrates it,"
            " after a backup."
        )
