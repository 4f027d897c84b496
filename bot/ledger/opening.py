"""Opening a ledger in a file: found, checked, stamped, migrated, or refused with one sentence."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine, inspect

from bot.errors import LedgerError
from bot.ledger.ledger import Ledger
from bot.ledger.rows import Mode
from bot.ledger.schema_version import (
    Stamp,
    damaged_ledger,
    make_tables,
    missing_ledger,
    refuse_other,
    stamp_in,
)
from bot.ledger.sqlite import plain_errors, sqlite_engine, writing
from bot.ledger.url import ledger_file, make_folder


def open_file(url: str, *, base: Path, mode: Mode | None, create: bool, now: datetime) -> Ledger:
    """Open the ledger in an SQLite file or in memory; as :func:`bot.opening.open_ledger`."""
    path = ledger_file(url, base)
    if path is None:
        if mode is None or not create:
            raise missing_ledger("sqlite://")
        engine = sqlite_engine(None, "rwc")
        _create(engine, mode, now)
        return Ledger(engine, path=None, mode=mode)

    stamp = _look(path, writes=mode is not None)
    if stamp is None:
        if mode is None or not create:
            raise missing_ledger(str(path))
        make_folder(path, base)
        _check_rights(path)
        engine = sqlite_engine(path, "rwc")
        try:
            with plain_errors(str(path)):
                _create(engine, mode, now)
        finally:
            engine.dispose()
        # read back: another process may have been quicker, and of the other mode
        stamp = _look(path, writes=True)
        if stamp is None:
            raise missing_ledger(str(path))
    refuse_other(stamp, str(path), mode)
    if stamp.is_older:
        # Alembic takes a while to import, and is needed once in a version
        from bot.ledger.migrate import migrate  # noqa: PLC0415

        migrate(path, stamp.revision, now)
    return Ledger(sqlite_engine(path, "ro" if mode is None else "rw"), path=path, mode=stamp.mode)


def stamp_of(path: Path) -> Mode | None:
    """Return how the ledger in a file was stamped, None where there is none. Raises LedgerError
    where it cannot be read."""
    stamp = _look(path, writes=False)
    return None if stamp is None else stamp.mode


def _look(path: Path, *, writes: bool) -> Stamp | None:
    """Return what lies at ``path``, None where no ledger was made yet, without touching it."""
    try:
        if path.is_dir():
            raise LedgerError(
                f"{path} is a folder, not a ledger. Change url under [ledger] in"
                " config/vigilia.toml."
            )
        if not path.exists():
            return None
    except OSError as error:
        raise LedgerError(f"The ledger at {path} cannot be reached: {error.strerror}.") from error
    _check_rights(path, writes=writes)
    engine = sqlite_engine(path, "ro")
    try:
        with plain_errors(str(path)), engine.connect() as conn, conn.begin():
            stamp = stamp_in(conn, str(path))
            check = conn.exec_driver_sql("PRAGMA quick_check(1)") if stamp and writes else None
            if check and check.scalar() != "ok":
                raise damaged_ledger(conn, str(path))
            return stamp
    finally:
        engine.dispose()


def _check_rights(path: Path, *, writes: bool = True) -> None:
    if path.exists() and not os.access(path, os.R_OK):
        raise LedgerError(
            f"The ledger at {path} may not be read by this user. Give the user that runs Vigilia"
            " the right to read and write it."
        )
    if not writes:
        return
    # SQLite writes beside its file, so the folder has to be writable too
    for place in (path, path.parent):
        if place.exists() and not os.access(place, os.W_OK):
            raise LedgerError(
                f"{place} may not be written, so the ledger cannot be used. Give the user that runs"
                " Vigilia the right to write the ledger and its folder."
            )


def _create(engine: Engine, mode: Mode, now: datetime) -> None:
    """Make the tables and stamp them, wholly or not at all; leave what is there already."""
    with writing(engine) as conn:
        if inspect(conn).get_table_names():
            return
        make_tables(conn, mode, now)
