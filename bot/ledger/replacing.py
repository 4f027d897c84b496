"""A backup put in the ledger's place: checked and mended beside it, then exchanged whole."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Generic, TypeVar

from bot.errors import LedgerError
from bot.ledger.ledger import Ledger
from bot.ledger.lock import service_lock
from bot.ledger.opening import open_file, stamp_of
from bot.ledger.sqlite import copy_file
from bot.ledger.url import ledger_file, ledger_server

_T = TypeVar("_T")
_BESIDE = ("-wal", "-shm", "-journal")


@dataclass(frozen=True)
class PutBack(Generic[_T]):
    """What came of it. ``replaced``: where the ledger from before is, None where none was."""

    mended: _T
    replaced: Path | None


def put_back(
    backup: Path, url: str, base: Path, now: datetime, mend: Callable[[Ledger], _T]
) -> PutBack[_T]:
    """Put a copy of ``backup`` in the place of the ledger, once ``mend`` has been through it.

    No service may run on it. What was there is kept beside it under another name. Raises
    LedgerError, and leaves everything as it was, where the backup cannot be used.
    """
    if ledger_server(url) is not None:
        raise LedgerError(
            "A ledger on PostgreSQL is put back by its server: stop every service, `pg_restore`,"
            " then `vigilia ledger restore` without a file."
        )
    place = ledger_file(url, base)
    if place is None:
        raise LedgerError("A ledger in memory cannot be put back.")
    if not backup.is_file():
        raise LedgerError(f"There is no file {backup}.")
    if place.exists() and backup.samefile(place):
        raise LedgerError(f"{backup} is the ledger itself. Name a backup of it.")
    with service_lock(url, base):
        work = place.with_name(f"{place.name}.restoring")
        whole = place.with_name(f"{place.name}.restored")
        _remove(work, whole)
        try:
            _copied(backup, work)
            mended = _mended(work, place, now, mend)
            copy_file(work, whole)
            _flush(whole)
            replaced = _set_aside(place, now)
            whole.replace(place)
            _flush(place.parent)
        except OSError as error:
            raise LedgerError(
                f"The ledger at {place} could not be put back: {error.strerror}."
            ) from error
        finally:
            _remove(work, whole)
    return PutBack(mended, replaced)


def _copied(backup: Path, work: Path) -> None:
    try:
        copy_file(backup, work)
    except LedgerError as error:
        raise LedgerError(
            f"The backup cannot be used, and nothing was changed: {backup} is no ledger, or"
            " damaged, or may not be read."
        ) from error


def _mended(work: Path, place: Path, now: datetime, mend: Callable[[Ledger], _T]) -> _T:
    try:
        stamped = stamp_of(work)
    except LedgerError as error:
        raise LedgerError(f"The backup cannot be used. {error}") from error
    if stamped is None:
        raise LedgerError("The backup is empty: it holds no ledger.")
    in_place = None
    with suppress(LedgerError):  # damaged: that is why a backup is put in its place
        in_place = stamp_of(place)
    if in_place not in (None, stamped):
        raise LedgerError(
            "The backup and the ledger in place are not of one kind: one is of a rehearsal. Name"
            " another backup, or another ledger as url under [ledger] in config/vigilia.toml."
        )
    # An older backup is brought to this version's tables.
    url = f"sqlite:///{work}"
    with open_file(url, base=work.parent, mode=stamped, create=False, now=now) as ledger:
        problems = ledger.check()
        if problems:
            raise LedgerError(f"The backup is damaged, and nothing was changed: {problems[0]}.")
        return mend(ledger)


def _set_aside(place: Path, now: datetime) -> Path | None:
    if not place.exists():
        _remove_beside(place)
        return None
    replaced = place.with_name(f"{place.name}.replaced-{now.astimezone(UTC):%Y%m%dT%H%M%SZ}")
    if replaced.exists():
        raise LedgerError(f"{replaced} exists already. Wait a second and try again.")
    # The file before its log: without the file there is no ledger, which posts nothing that is
    # past; the file without its log would be an older ledger, which might.
    place.rename(replaced)
    for ending in _BESIDE:
        beside = place.with_name(f"{place.name}{ending}")
        if beside.exists():
            beside.rename(replaced.with_name(f"{replaced.name}{ending}"))
    return replaced


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(*files: Path) -> None:
    for file in files:
        file.unlink(missing_ok=True)
        file.with_name(f"{file.name}.lock").unlink(missing_ok=True)
        _remove_beside(file)


def _remove_beside(file: Path) -> None:
    for ending in _BESIDE:
        file.with_name(f"{file.name}{ending}").unlink(missing_ok=True)
