"""One transaction at a time: how any number of threads, and of machines, share a ledger."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from enum import IntEnum
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, Self, TypeVar

from sqlalchemy import Connection, Engine, func, select

from bot.ledger import sqlite
from bot.ledger.rows import Mode

_P = ParamSpec("_P")
_T = TypeVar("_T")

SPACE = 0x7669
"""The first half of each number among PostgreSQL's advisory locks: "vi"."""


class Lock(IntEnum):
    """What is locked. The numbers may never be used anew: other versions run beside this one."""

    SCHEMA = 1
    """Making or migrating the tables."""
    DECIDING = 2
    """Pauses and decisions: writing one excludes writing down what it may hold."""
    SEEING = 3
    """Noting which days a channel has."""
    TELLING = 4
    """Telling the operator."""


def take(conn: Connection, lock: Lock, *, shared: bool = False) -> None:
    """Take a lock until the transaction ends. Does nothing on SQLite, where a transaction that
    writes is alone already."""
    if conn.dialect.name == "sqlite":
        return
    ask = func.pg_advisory_xact_lock_shared if shared else func.pg_advisory_xact_lock
    conn.execute(select(ask(SPACE, lock.value)))


class Transactions:
    """An open ledger, as far as who may read and write when."""

    shared = False
    """Whether other machines may use it at the same time."""

    def __init__(
        self, engine: Engine, *, path: Path | None, mode: Mode, place: str = "sqlite://"
    ) -> None:
        self.path = path
        self.mode = mode
        self._place = place if path is None else str(path)
        self._engine = engine
        self._explain: sqlite.Explain = sqlite.explain
        # one writer at a time here, so that SQLite's own queue is only for other processes
        self._write_lock: AbstractContextManager[object] = threading.RLock()

    def close(self) -> None:
        """Close the connections. The ledger can be used again; it opens new ones."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Yield one transaction that reads: all its questions are of one moment."""
        if self.path is None:
            # one connection for all: a database in memory has no other
            with self.writing() as conn:
                yield conn
        else:
            with sqlite.plain_errors(self._place), self._engine.connect() as conn, conn.begin():
                yield conn

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Yield one transaction that may write, committed at the end or rolled back."""
        with (
            self._write_lock,
            sqlite.plain_errors(self._place, self._explain),
            sqlite.writing(self._engine) as conn,
        ):
            yield conn


def reads(
    query: Callable[Concatenate[Connection, _P], _T],
) -> Callable[Concatenate[Transactions, _P], _T]:
    """Return a method of the ledger that asks ``query`` in a transaction of its own."""

    @wraps(query)
    def method(ledger: Transactions, /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        with ledger.reading() as conn:
            return query(conn, *args, **kwargs)

    return method


def writes(
    change: Callable[Concatenate[Connection, _P], _T],
) -> Callable[Concatenate[Transactions, _P], _T]:
    """Return a method of the ledger that makes ``change`` in a transaction of its own."""

    @wraps(change)
    def method(ledger: Transactions, /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        with ledger.writing() as conn:
            return change(conn, *args, **kwargs)

    return method
