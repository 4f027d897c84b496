"""All that is particular to SQLite: the engine, its errors' meaning, backup, a file's check."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, Table, create_engine, event
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError
from sqlalchemy.exc import TimeoutError as NoConnectionError
from sqlalchemy.pool import QueuePool, StaticPool

from bot.errors import LedgerError

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

BUSY_TIMEOUT_S = 10.0

ENGINE_OPTIONS: Mapping[str, Any] = {
    # parameters hold whole messages, which do not belong into a log
    "hide_parameters": True,
    "json_serializer": partial(json.dumps, ensure_ascii=False, separators=(",", ":")),
}
"""What is so on every database."""

_SENTENCES = {
    "SQLITE_BUSY": "is busy: another program has kept it locked for 10 seconds. Try again, and"
    " look for a second Vigilia or a backup program that holds it",
    "SQLITE_LOCKED": "is busy: another part of this program has kept it locked. Try again",
    "SQLITE_FULL": "cannot be written: the disk is full. Make room on it",
    "SQLITE_IOERR": "cannot be read or written: the disk reports an error. Look after the disk",
    "SQLITE_READONLY": "cannot be written: it, or its folder, is read-only. Give the user that"
    " runs Vigilia the right to write both",
    "SQLITE_PERM": "cannot be opened: permission denied. Give the user that runs Vigilia the"
    " right to read and write it",
    "SQLITE_CANTOPEN": "cannot be opened. Give the user that runs Vigilia the right to read and"
    " write the file and its folder",
    "SQLITE_CORRUPT": "is damaged. Keep the file, and put a backup in its place with"
    " `vigilia ledger restore FILE`",
    "SQLITE_NOTADB": "is not a ledger: the file is no SQLite database. Change url under [ledger]"
    " in config/vigilia.toml, or move the file away",
}


Explain = Callable[[BaseException], str | None]
"""Says what an error of a database's driver means, to be put behind "The ledger at …"; None where
it does not know."""


def explain(error: BaseException) -> str | None:
    """Return what an error of SQLite means; None where that is not known."""
    name = str(getattr(error, "sqlite_errorname", "") or "")
    # extended codes carry the cause behind the name: SQLITE_IOERR_WRITE
    meant = (words for code, words in _SENTENCES.items() if f"{name}_".startswith(f"{code}_"))
    return next(meant, None)


@contextmanager
def plain_errors(place: str, explain: Explain = explain) -> Iterator[None]:
    """Turn what the database cannot do into LedgerError; what is our own mistake stays itself.
    ``place`` is what a person calls the ledger."""
    try:
        yield
    except (DBAPIError, sqlite3.Error, NoConnectionError) as error:
        cause = (error.orig if isinstance(error, DBAPIError) else None) or error
        words = explain(cause)
        if words is None and isinstance(error, IntegrityError | ProgrammingError):
            raise
        name = getattr(cause, "sqlite_errorname", None) or type(cause).__name__
        words = words or f"cannot be used ({name})"
        raise LedgerError(f"The ledger at {place} {words}.") from error


def insert_once(conn: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Return an INSERT that can say ``on_conflict_do_nothing``, in the connection's dialect."""
    if conn.dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - 2 MB, for nothing on a file

        return postgresql.insert(table)
    return sqlite.insert(table)


def connect_file(path: Path, access: str) -> sqlite3.Connection:
    """Open an SQLite file with ``access`` "ro", "rw" (never creates) or "rwc"."""
    place = f"file:{quote(str(path))}?mode={access}"
    wal = path.with_name(f"{path.name}-wal")
    if access == "ro" and not os.access(path.parent, os.W_OK) and not wal.exists():
        # in a read-only folder SQLite could not make the file for the readers' locks; without a
        # WAL nobody is writing, so it may do without
        place += "&immutable=1"
    return sqlite3.connect(
        place, uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
    )


def sqlite_engine(path: Path | None, access: str, *, foreign_keys: bool = True) -> Engine:
    """Return an engine for an SQLite file, or for a new database in memory where ``path`` is None.

    A connection with the execution option ``writes`` takes the write lock when it begins, so that a
    transaction never finds out at its first write that another was quicker.
    """
    options: dict[str, Any] = {
        "poolclass": StaticPool,
        "connect_args": {"isolation_level": None, "check_same_thread": False},
    }
    if path is not None:
        connect = partial(connect_file, path, access)
        options = {"poolclass": QueuePool, "creator": connect, "max_overflow": -1}
    engine = create_engine("sqlite://", **options, **ENGINE_OPTIONS)

    @event.listens_for(engine, "connect")
    def prepare(raw: sqlite3.Connection, _record: object) -> None:
        if access != "ro":
            raw.execute("PRAGMA journal_mode=WAL")
        raw.execute("PRAGMA synchronous=FULL")
        raw.execute(f"PRAGMA foreign_keys={'ON' if foreign_keys else 'OFF'}")

    # pysqlite begins transactions by its own rules, and none for DDL or reads; isolation_level None
    # turns that off, and the engine says BEGIN itself
    # (https://docs.sqlalchemy.org/en/20/dialects/sqlite.html, "Serializable isolation / Savepoints
    # / Transactional DDL")
    @event.listens_for(engine, "begin")
    def begin(conn: Connection) -> None:
        writes = conn.get_execution_options().get("writes", False)
        conn.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction that may write, committed at the end or rolled back."""
    with engine.connect() as conn:
        conn.execution_options(writes=True)
        with conn.begin():
            yield conn


def copy_file(source: Path, target: Path) -> None:
    """Copy an SQLite file whole while others may be writing to it. ``target`` must not exist yet;
    it appears complete or not at all. Raises LedgerError."""
    part = target.with_name(f"{target.name}.part")
    if target.exists():
        raise LedgerError(f"{target} exists already. Give the copy of the ledger another name.")
    try:
        with (
            plain_errors(str(source)),
            closing(connect_file(source, "ro")) as original,
            closing(sqlite3.connect(part, isolation_level=None)) as copy,
        ):
            original.backup(copy)
            # one file that opens anywhere, read-only media too
            copy.execute("PRAGMA journal_mode=DELETE")
        os.link(part, target)
    except OSError as error:
        raise LedgerError(
            f"The copy of the ledger cannot be written to {target}: {error.strerror}."
        ) from error
    finally:
        part.unlink(missing_ok=True)


def file_problems(conn: Connection) -> list[str]:
    """Return what SQLite finds wrong with its own file; nothing on another database."""
    if conn.dialect.name != "sqlite":
        return []
    answer = [str(row[0]) for row in conn.exec_driver_sql("PRAGMA integrity_check")]
    problems = [] if answer == ["ok"] else answer
    problems += [
        f"a row of {row[0]} points to a row of {row[2]} that does not exist"
        for row in conn.exec_driver_sql("PRAGMA foreign_key_check")
    ]
    return problems
