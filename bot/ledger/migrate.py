"""Brings an older ledger to the tables that this Vigilia knows, after a backup."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from bot.errors import LedgerError
from bot.ledger.lock import file_lock, is_held_here
from bot.ledger.sqlite import copy_file, sqlite_engine, writing

MIGRATIONS = Path(__file__).parent / "migrations"


def migration_config() -> Config:
    """Return Alembic's settings, without an ini file."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def migrate(path: Path, revision: str, now: datetime) -> Path:
    """Migrate the file in one transaction; return the backup made before, which lies beside it.

    Nothing else may run on the ledger meanwhile. Raises LedgerError where that is so or where the
    migration fails: then the file is as it was.
    """
    backup = path.with_name(f"{path.name}.before-{revision}-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}")
    with nullcontext() if is_held_here(path) else file_lock(path), ExitStack() as undo:
        copy_file(path, backup)
        # until the migration is through, the ledger is as it was, and a copy left at each new try
        # would fill the disk
        undo.callback(backup.unlink)
        _upgrade(path)
        undo.pop_all()
    return backup


def upgrade_in(conn: Connection, place: str) -> None:
    """Migrate in the transaction of ``conn``. Raises LedgerError: then roll it back."""
    config = migration_config()
    config.attributes["connection"] = conn
    with _plain_failures(place):
        command.upgrade(config, "head")


@contextmanager
def _plain_failures(place: str) -> Iterator[None]:
    try:
        yield
    except (SQLAlchemyError, CommandError) as error:
        raise LedgerError(
            f"The ledger at {place} could not be brought to this version's tables"
            f" ({str(error).splitlines()[0]}). It is unchanged: go on with the version of"
            " Vigilia that wrote it, and report this."
        ) from error


def _upgrade(path: Path) -> None:
    # SQLite changes a table by making it anew, and foreign keys would object to that; they are
    # checked as a whole instead (https://www.sqlite.org/lang_altertable.html, section 7)
    engine = sqlite_engine(path, "rw", foreign_keys=False)
    try:
        # what cannot be committed has failed too
        with _plain_failures(str(path)), writing(engine) as conn:
            upgrade_in(conn, str(path))
            if conn.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
                raise CommandError("rows point to rows that do not exist")
    finally:
        engine.dispose()
