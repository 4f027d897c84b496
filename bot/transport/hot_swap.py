"""A transport that can be exchanged while requests are under way."""

from __future__ import annotations

import threading
from typing import Protocol

from bot.channels.outcome import Outcome
from bot.channels.request import RemoteRequest, Response
from bot.transport.dispatch import Transport


class ClosableTransport(Transport, Protocol):
    """Sends requests until it is closed."""

    def close(self) -> None: ...


class ReplaceableTransport:
    """Send with the transport in force. One that was replaced is closed when the last request that
    it sends has been answered. Thread-safe."""

    def __init__(self, first: ClosableTransport) -> None:
        self._lock = threading.Lock()
        self._current = first
        self._users: dict[int, int] = {}

    def send(self, request: RemoteRequest) -> Response | Outcome:
        """Send ``request`` with the transport that is in force now."""
        with self._lock:
            used = self._current
            self._users[id(used)] = self._users.get(id(used), 0) + 1
        try:
            return used.send(request)
        finally:
            with self._lock:
                users = self._users.pop(id(used)) - 1
                if users:
                    self._users[id(used)] = users
                retired = used is not self._current and not users
            if retired:
                used.close()

    def replace(self, new: ClosableTransport) -> None:
        """Put another in force."""
        with self._lock:
            old, self._current = self._current, new
            unused = id(old) not in self._users
        if unused:
            old.close()

    def close(self) -> None:
        """Close the one in force."""
        self._current.close()
