"""Where the ledger lies: its URL, read."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from bot.errors import LedgerError

DRIVER = "postgresql+psycopg"


def ledger_server(url: str) -> URL | None:
    """Return the address of a ledger on PostgreSQL, None for one in SQLite. Raises LedgerError
    where the URL cannot be read, or names no database."""
    parsed = _read(url)
    if parsed.drivername not in {"postgresql", "postgres", DRIVER}:
        return None
    if not parsed.database:
        raise LedgerError(
            "The ledger's url names no database. Write it as"
            " postgresql+psycopg://vigilia:${VIGILIA_DB_PASSWORD}@db.example.org/vigilia."
        )
    return parsed.set(drivername=DRIVER)


def ledger_file(url: str, base: Path) -> Path | None:
    """Return the file that an SQLite URL names, or None for a ledger in memory (``sqlite://``).

    A relative path counts from ``base``. Raises LedgerError for every other URL; its sentence does
    not repeat the URL, which may hold a password.
    """
    parsed = _read(url)
    if parsed.drivername not in {"sqlite", "sqlite+pysqlite"}:
        raise LedgerError(
            f"The ledger's url begins with {parsed.drivername}://, which this Vigilia cannot open."
            " Use sqlite:///var/vigilia.db, or postgresql+psycopg://… for several machines."
        )
    if parsed.host or parsed.query:
        raise LedgerError(
            "The ledger's url names more than a file. Write it as sqlite:///var/vigilia.db"
            " (three slashes, nothing behind the path)."
        )
    if parsed.database in {None, "", ":memory:"}:
        return None
    # resolved, so that two ways to one file meet the same lock
    return (base / Path(str(parsed.database))).resolve()


def _read(url: str) -> URL:
    try:
        return make_url(url)
    except (ArgumentError, ValueError):
        raise LedgerError(
            "The ledger's url cannot be read. Write it as sqlite:///var/vigilia.db"
            " (three slashes: from the folder that holds config/; four: from the root), or as"
            " postgresql+psycopg://USER:PASSWORD@HOST/DATABASE, with %40 for an @ in the password,"
            " %3A for a : and %2F for a /."
        ) from None


def make_folder(path: Path, base: Path) -> None:
    """Make the folder of a ledger that is to be created, if it lies below ``base``.

    A folder elsewhere has to exist: where a disk is not mounted, an empty ledger made in its place
    would forget all that was posted. Raises LedgerError.
    """
    folder = path.parent
    if not folder.exists() and folder.is_relative_to(base.resolve()) and base.is_dir():
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LedgerError(
                f"The folder {folder} for the ledger cannot be made: {error.strerror}."
            ) from error
    if not folder.is_dir():
        raise LedgerError(
            f"The folder {folder} for the ledger does not exist. Make it, mount its disk, or change"
            " url under [ledger] in config/vigilia.toml."
        )
