"""The places on this machine: the ledger's inbox and the terminal."""

from __future__ import annotations

import sys
import threading
from datetime import datetime
from typing import TextIO

from bot.channels.outcome import Delivered
from bot.channels.request import LocalRequest
from bot.errors import LedgerError
from bot.ledger.ledger import Ledger


class LocalPlaces:
    """Puts messages into the inbox, which the ledger keeps, or prints them."""

    def __init__(self, ledger: Ledger | None, out: TextIO | None = None) -> None:
        self._ledger = ledger
        self._out = out
        self._lock = threading.Lock()

    def put(self, request: LocalRequest, key: str, channel: str, at: datetime) -> Delivered:
        """Puts the message there. A repeat with the same key leaves one message in the inbox."""
        if request.place == "inbox":
            if self._ledger is None:
                raise LedgerError("The inbox is kept in the ledger, and none is open.")
            self._ledger.inbox_put(key, channel, request.message.to_json(), request.text, at)
            return Delivered(remote_id=None, detail="kept in the inbox")
        out = self._out or sys.stdout
        with self._lock:
            print(request.text, file=out, end="\n\n", flush=True)
        return Delivered(remote_id=None, detail="printed")
