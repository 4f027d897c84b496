"""A transport that can be exchanged while requests are under way."""

from __future__ import annotations

import threading
from typing import Generic, Protocol, TypeVar

RequestT_contra = TypeVar("RequestT_contra", contravariant=True)
AnswerT_co = TypeVar("AnswerT_co", covariant=True)


class Closable(Protocol[RequestT_contra, AnswerT_co]):
    """Sends requests until it is closed."""

    def send(self, request: RequestT_contra) -> AnswerT_co: ...

    def close(self) -> None: ...


class Replaceable(Generic[RequestT_contra, AnswerT_co]):
    """Sends with the transport in force. One that was replaced is closed when the last request
    that it sends has been answered. Thread-safe."""

    def __init__(self, first: Closable[RequestT_contra, AnswerT_co]) -> None:
        self._lock = threading.Lock()
        self._current = first
        self._users: dict[int, int] = {}

    def send(self, request: RequestT_contra) -> AnswerT_co:
        """Sends ``request`` with the transport that is in force now."""
        with self._lock:
            used = self._current
            self._users[id(used)] = self._users.get(id(used), 0) + 1
        try:
            return used.send(request)
        finally:
            with self._lock:
                left = self._users[id(used)] - 1
                if left:
                    self._users[id(used)] = left
                else:
                    del self._users[id(used)]
                retired = used is not self._current and not left
            if retired:
                used.close()

    def replace(self, new: Closable[RequestT_contra, AnswerT_co]) -> None:
        """Puts another in force."""
        with self._lock:
            old, self._current = self._current, new
            unused = id(old) not in self._users
        if unused:
            old.close()

    def close(self) -> None:
        """Closes the one in force."""
        self._current.close()
