"""Opening a ledger on PostgreSQL: found, checked, stamped, migrated, or refused with one sentence.

Any number of machines may do so at once: one of them makes or migrates the tables, in one
transaction, and the others wait for it.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select, text
from sqlalchemy.engine import URL, Engine

from bot.cluster.postgresql import OLDEST, explain, place_of, server_engine
from bot.cluster.shared_ledger import SharedLedger
from bot.errors import LedgerError
from bot.ledger.rows import Mode
from bot.ledger.schema_version import Stamp, make_tables, missing_ledger, refuse_other, stamp_in
from bot.ledger.sqlite import plain_errors, writing
from bot.ledger.tables import REVISIONS, alembic_version
from bot.ledger.transactions import Lock, take

_MIGRATION_S = 3600


def open_server(url: URL, *, mode: Mode | None, create: bool, now: datetime) -> SharedLedger:
    """Open the ledger in a PostgreSQL database; as :func:`bot.opening.open_ledger`."""
    place = place_of(url)
    engine = server_engine(url, writes=mode is not None)
    try:
        with plain_errors(place, explain):
            stamp = _stamp(engine, place, mode=mode, create=create, now=now)
            refuse_other(stamp, place, mode)
            if stamp.is_older:
                _migrate(url, place)
    except BaseException:
        engine.dispose()
        raise
    return SharedLedger(engine, mode=stamp.mode, place=place)


def _stamp(engine: Engine, place: str, *, mode: Mode | None, create: bool, now: datetime) -> Stamp:
    with engine.connect() as conn, conn.begin():
        _refuse_server(conn, place)
        stamp = stamp_in(conn, place)
    if stamp is None:
        if mode is None or not create:
            raise missing_ledger(place)
        with writing(engine) as conn:
            take(conn, Lock.SCHEMA)
            # read anew: another machine may have been quicker, and of the other mode
            if stamp_in(conn, place) is None:
                make_tables(conn, mode, now)
            stamp = stamp_in(conn, place)
    if stamp is None:
        raise missing_ledger(place)
    return stamp


def _refuse_server(conn: Connection, place: str) -> None:
    version, encoding = conn.execute(
        text(
            "SELECT current_setting('server_version_num')::int, current_setting('server_encoding')"
        )
    ).one()
    if version // 10_000 < OLDEST:
        raise LedgerError(
            f"The ledger at {place} is on PostgreSQL {version // 10_000}, and Vigilia needs"
            f" {OLDEST} or newer."
        )
    if encoding != "UTF8":
        raise LedgerError(
            f"The ledger at {place} cannot hold every language: make the database anew with"
            " ENCODING 'UTF8'."
        )


def _migrate(url: URL, place: str) -> None:
    """Bring the tables to this version in one transaction, once, whoever else is starting."""
    # Alembic takes a while to import, and is needed once in a version
    from bot.ledger.migrate import upgrade_in  # noqa: PLC0415

    engine = server_engine(url, writes=True, statement_s=_MIGRATION_S)
    try:
        with writing(engine) as conn:
            take(conn, Lock.SCHEMA)
            if conn.scalar(select(alembic_version.c.version_num)) not in REVISIONS[:-1]:
                return
            upgrade_in(conn, place)
    finally:
        engine.dispose()
