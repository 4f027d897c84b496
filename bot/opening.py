"""Opening a ledger, in a file or on a server that machines share: the one place that chooses."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, cast

from bot.ledger.ledger import Ledger
from bot.ledger.opening import open_file
from bot.ledger.rows import Mode
from bot.ledger.url import ledger_server

if TYPE_CHECKING:
    from bot.cluster.shared_ledger import SharedLedger, SharedLimits


def open_ledger(url: str, *, base: Path, mode: Mode | None, create: bool, now: datetime) -> Ledger:
    """Open the ledger of a URL; the relative path of an SQLite file counts from ``base``.

    ``mode`` must be the one with which it was stamped when it was made; None only reads, whatever
    the stamp, and neither creates nor migrates. An older ledger is migrated, a file after a backup.
    Raises LedgerError, and leaves it as it is, where there is none and ``create`` is False, or
    where it cannot be used.
    """
    server = ledger_server(url)
    if server is None:
        return open_file(url, base=base, mode=mode, create=create, now=now)
    # what it takes need not be installed for a file
    from bot.cluster.server import open_server  # noqa: PLC0415

    return open_server(server, mode=mode, create=create, now=now)


def limits_of(ledger: Ledger) -> SharedLimits | None:
    """Return the rate limits that machines keep together; None where a machine has the ledger for
    itself."""
    if not ledger.shared:
        return None
    from bot.cluster.shared_ledger import SharedLimits  # noqa: PLC0415

    return SharedLimits(cast("SharedLedger", ledger))
