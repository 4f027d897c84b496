"""One service to a ledger: a file lock that the kernel frees, whatever ends the process."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.clock import SystemClock
from bot.errors import LedgerError, LedgerInUseError
from bot.ledger.url import ledger_file, ledger_server, make_folder

_held: set[Path] = set()


def is_held_here(path: Path) -> bool:
    """True while this process holds the lock of that ledger file."""
    return path in _held


@contextmanager
def service_lock(url: str, base: Path) -> Iterator[None]:
    """Hold the ledger for one service; a ledger in memory needs no lock, and one on PostgreSQL
    is for any number of them.

    Raises LedgerError, naming the process, while another service holds it.
    """
    path = None if ledger_server(url) else ledger_file(url, base)
    if path is None:
        yield
        return
    make_folder(path, base)
    with file_lock(path):
        yield


@contextmanager
def file_lock(path: Path) -> Iterator[None]:
    """Hold the lock beside a ledger file. Raises LedgerError while another process holds it."""
    lock = path.with_name(f"{path.name}.lock")
    try:
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise LedgerError(
            f"{lock} cannot be written: {error.strerror}. Give the user that runs Vigilia the right"
            " to write its folder."
        ) from error
    with os.fdopen(descriptor):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LedgerInUseError(
                f"Another Vigilia already runs on this ledger ({_holder(descriptor)})."
                " Stop it first, or give this one a ledger of its own."
            ) from None
        # who holds it, for the sentence above; the file stays when the lock is freed, because
        # removing it could pull it from under the next one
        os.truncate(descriptor, 0)
        since = SystemClock().now().isoformat(timespec="seconds").replace("+00:00", "Z")
        holder = {"pid": os.getpid(), "host": socket.gethostname(), "since": since}
        os.write(descriptor, json.dumps(holder).encode())
        _held.add(path)
        try:
            yield
        finally:
            _held.discard(path)


def _holder(descriptor: int) -> str:
    try:
        holder = json.loads(os.pread(descriptor, 1000, 0))
        return f"process {holder['pid']} on {holder['host']}, since {holder['since']}"
    except (ValueError, KeyError, TypeError):
        # it is just being written
        return "it has only just started"
