"""What a ledger says about itself: its tables' revision, its mode, and which versions it serves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import cast

from sqlalchemy import Connection, insert

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

    @classmethod
    def read(cls, revision: str, noted: Mapping[str, str]) -> Stamp:
        """Return what the tables ``alembic_version`` and ``meta`` say."""
        return cls(revision, cast("Mode", noted["mode"]), noted.get("serves"))

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


def missing_ledger(place: str) -> LedgerMissingError:
    """Return the error for a ledger that nobody has made yet."""
    return LedgerMissingError(f"There is no ledger yet at {place}: `vigilia run` makes one.")


def refuse_other(stamp: Stamp, place: str, mode: Mode | None) -> None:
    """Raise LedgerError where a ledger is of the other mode, newer than this Vigilia can use, or
    older and only to be read."""
    if mode is not None and stamp.mode != mode:
        raise _other_mode(place, stamp.mode)
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


def _other_mode(place: str, stamped: Mode) -> LedgerError:
    match stamped:
        case "rehearsal":
            return LedgerError(
                f"The ledger at {place} was made by a rehearsal and is never used for real posts."
                " Give url under [ledger] in config/vigilia.toml another file."
            )
        case "real":
            return LedgerError(
                f"The ledger at {place} is the real one, and a rehearsal never writes to it."
                " Rehearse with another file as url under [ledger] in config/vigilia.toml."
            )
