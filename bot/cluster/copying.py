"""A ledger moved from an SQLite file to PostgreSQL: every row copied, and read back to compare."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import ExitStack, closing
from datetime import datetime
from itertools import islice, zip_longest
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, delete, exists, func, insert, select, text

from bot.cluster.postgresql import explain, place_of, server_engine
from bot.cluster.server import open_server
from bot.errors import LedgerError
from bot.ledger.lock import file_lock
from bot.ledger.opening import open_file
from bot.ledger.queries import POSTINGS
from bot.ledger.sqlite import plain_errors, sqlite_engine, writing
from bot.ledger.tables import deliveries, meta, metadata, words_waiting
from bot.ledger.transactions import Lock, take
from bot.ledger.url import ledger_file, ledger_server

_AT_ONCE = 1000
_LONGEST_S = 3600

_MADE_ANEW = {words_waiting.name}
"""What follows from the rest: which words are still to be made findable."""


def copy_ledger(source: str, target: str, *, base: Path, now: datetime) -> Mapping[str, int]:
    """Copy the SQLite ledger ``source`` into the empty PostgreSQL database ``target``; return the
    number of rows of each table, as they were compared.

    No service may run on the source. All is copied in one transaction, and each row read back: the
    target is complete or empty. Raises LedgerError.
    """
    server = ledger_server(target)
    if server is None:
        raise LedgerError(
            "The copy goes to PostgreSQL: name its url, such as"
            " 'postgresql+psycopg://vigilia:${VIGILIA_DB_PASSWORD}@db.example.org/vigilia'."
        )
    if ledger_server(source) is not None:
        raise LedgerError(
            "The ledger is on PostgreSQL already. `pg_dump` and `pg_restore` move it from there."
        )
    path = ledger_file(source, base)
    if path is None:
        raise LedgerError("A ledger in memory cannot be copied.")
    with ExitStack() as stack:
        if path.exists():
            stack.enter_context(file_lock(path))
        with open_file(source, base=base, mode=None, create=False, now=now) as ledger:
            mode = ledger.mode
        open_server(server, mode=mode, create=True, now=now).close()
        here = sqlite_engine(path, "ro")
        there = server_engine(server, writes=True, statement_s=_LONGEST_S)
        stack.callback(here.dispose)
        stack.callback(there.dispose)
        place = place_of(server)
        with (
            plain_errors(str(path)),
            here.connect() as original,
            original.begin(),
            plain_errors(place, explain),
            writing(there) as copy,
        ):
            take(copy, Lock.SCHEMA)
            _refuse_used(copy, place)
            counts = {table.name: _copied(original, copy, table) for table in _tables()}
            _note_words(copy)
            _go_on_counting(copy)
            for table in _tables():
                _compare(original, copy, table)
    return counts


def _tables() -> list[Table]:
    return [table for table in metadata.sorted_tables if table.name not in _MADE_ANEW]


def _refuse_used(copy: Connection, place: str) -> None:
    for table in _tables():
        if table is not meta and copy.scalar(select(exists(select(table)))):
            raise LedgerError(
                f"The ledger at {place} has been used already, so nothing was copied into it. Name"
                " an empty database."
            )


def _copied(original: Connection, copy: Connection, table: Table) -> int:
    if table is meta:
        copy.execute(delete(meta))
    number = 0
    with closing(_rows(original, table)) as rows:
        while some := list(islice(rows, _AT_ONCE)):
            copy.execute(insert(table), some)
            number += len(some)
    return number


def _rows(conn: Connection, table: Table) -> Generator[dict[str, Any], None, None]:
    ordered = select(table).order_by(*table.primary_key)
    with conn.execute(ordered.execution_options(yield_per=_AT_ONCE)) as stored:
        for row in stored.mappings():
            yield dict(row)


def _compare(original: Connection, copy: Connection, table: Table) -> None:
    """Raise LedgerError where a row is not the same in both."""
    with closing(_rows(original, table)) as ours, closing(_rows(copy, table)) as theirs:
        for row, copied in zip_longest(ours, theirs):
            if row != copied:
                odd = row or copied or {}
                key = ", ".join(str(odd[column.name]) for column in table.primary_key)
                raise LedgerError(
                    f"The row {key} of {table.name} is another one in the copy, so nothing was"
                    " copied. Please report this."
                )


def _note_words(copy: Connection) -> None:
    with_words = select(deliveries.c.id).where(POSTINGS, deliveries.c.message.is_not(None))
    copy.execute(insert(words_waiting).from_select(["delivery_id"], with_words))


def _go_on_counting(copy: Connection) -> None:
    """Have each table's numbers go on behind those that came with the copy."""
    for table in _tables():
        number = table.autoincrement_column
        if number is None:
            continue
        last = copy.scalar(select(func.max(number)))
        if last is not None:
            copy.execute(
                text("SELECT setval(pg_get_serial_sequence(:name, :column), :last)"),
                {"name": table.name, "column": number.name, "last": last},
            )
