"""All that is particular to PostgreSQL: the engine, its errors' meaning, a lock for a block."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, create_engine, event, func, select
from sqlalchemy.engine import URL, Engine

from bot.errors import LedgerError
from bot.ledger.sqlite import ENGINE_OPTIONS
from bot.ledger.transactions import SPACE, Lock

OLDEST = 14
"""The oldest major version of PostgreSQL that the ledger's tests run on or that is still kept by
its makers (https://www.postgresql.org/support/versioning/)."""

_STATEMENT_S = 30
_LOCK_S = 10

# A network that swallows packets would otherwise hold a connection for hours: the kernel asks after
# 10 s of silence, and gives what was sent 20 s to be acknowledged
# (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS).
NETWORK: dict[str, str] = {
    "connect_timeout": "10",
    "keepalives": "1",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "20000",
    "application_name": "vigilia",
}


@contextmanager
def try_to_hold(conn: Connection, lock: Lock) -> Iterator[bool]:
    """Hold a lock for a block rather than a transaction; yield False where another has it."""
    ask = select(func.pg_try_advisory_lock(SPACE, lock.value))
    with conn.begin():
        held = bool(conn.scalar(ask))
    try:
        yield held
    finally:
        if held and not conn.invalidated:
            with conn.begin():
                conn.execute(select(func.pg_advisory_unlock(SPACE, lock.value)))


def place_of(url: URL) -> str:
    """Return what a person calls the ledger: never a user, a password or an option."""
    host = url.host or url.query.get("host") or "this machine"
    return f"PostgreSQL on {host}, database {url.database}"


def session_options(*settings: str, statement_s: int = _STATEMENT_S) -> str:
    """Return what a session asks of the server: that nothing lasts for ever, and ``settings``."""
    limits = (f"statement_timeout={statement_s}s", f"lock_timeout={_LOCK_S}s")
    idle = "idle_in_transaction_session_timeout=60s"
    return " ".join(f"-c {setting}" for setting in (*limits, idle, *settings))


def server_engine(url: URL, *, writes: bool, statement_s: int = _STATEMENT_S) -> Engine:
    """Return an engine for a PostgreSQL database. Connects at its first use.

    What the URL says about a connection goes before what is said here. Raises LedgerError where
    the driver is not installed.
    """
    only_reads = () if writes else ("default_transaction_read_only=on",)
    settings = session_options("timezone=UTC", *only_reads, statement_s=statement_s)
    options = {"options": settings, **NETWORK}
    try:
        engine = create_engine(
            url,
            connect_args={key: value for key, value in options.items() if key not in url.query},
            pool_size=8,
            max_overflow=-1,
            # an idle connection that a firewall forgot is not kept for the next morning
            pool_recycle=1800,
            pool_use_lifo=True,
            **ENGINE_OPTIONS,
        )
    except ModuleNotFoundError:
        raise LedgerError(
            "A ledger on PostgreSQL needs more than is installed here: pip install"
            " 'vigilia[cluster]'."
        ) from None

    @event.listens_for(engine, "connect")
    def prepare(raw: Any, _record: object) -> None:
        # a commit that the server forgets in a power cut would be sent twice
        with raw.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('synchronous_commit', 'on', false)"
                " WHERE current_setting('synchronous_commit') = 'off'"
            )
        raw.commit()

    return engine


_BY_STATE = {
    "08": "cannot be reached. Look whether the server runs and the network lets this machine"
    " through",
    "28": "does not let this user in. Look after the user and the password in url under [ledger]",
    "3D000": "does not exist. Make the database, or change url under [ledger]",
    "42501": "cannot be used: this user lacks the right. Let it own the database",
    "42P01": "lacks a table. Restore the database from a backup",
    "53100": "cannot be written: the server's disk is full. Make room on it",
    "53300": "takes no more connections. Raise max_connections on the server, or run fewer workers",
    "57014": "is busy: a question took too long. Try again, and look what else the server does",
    "55P03": "is busy: another transaction has kept it locked. Try again",
    "40": "is busy: two transactions were in each other's way. Try again",
    "25006": "may only be read: this server is a standby. Name the primary in url under [ledger]",
    "57P": "is not there at the moment: the server is starting or stopping. Try again",
    "XX": "is damaged. Keep the database's files, and restore it from a backup",
}

# An error while connecting has no code, only the server's words.
_BY_WORDS = {
    "password authentication failed": "28",
    "no pg_hba.conf entry": "28",
    "no password supplied": "28",
    "is not permitted to log in": "28",
    'database "': "3D000",
    "too many clients": "53300",
    "remaining connection slots": "53300",
    "is starting up": "57P",
    "is shutting down": "57P",
    "connect": "08",
    "closed": "08",
    "timeout": "08",
    "resolve host": "08",
    "could not receive": "08",
    "could not send": "08",
    "consuming input failed": "08",
    "sending query failed": "08",
}


def explain(error: BaseException) -> str | None:
    """Return what an error of psycopg means; None where it is none of psycopg's. Its own words are
    not repeated: they name the user."""
    if not type(error).__module__.startswith("psycopg"):
        return None
    text = str(error)
    state = getattr(error, "sqlstate", None) or next(
        (code for words, code in _BY_WORDS.items() if words in text), None
    )
    meant = (words for code, words in _BY_STATE.items() if state and state.startswith(code))
    return next(meant, None)
