"""Visitors: what a browser's cookie stands for, and who has logged in."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

IDLE_S = 12 * 3600.0
"""After so long without a request a person logs in again."""
LONGEST_S = 7 * 24 * 3600.0
_MOST = 1_000


@dataclass(frozen=True)
class Visitor:
    """One browser. ``name`` is of who logged in, None while nobody did. ``csrf`` goes with each
    form, and no other site can know it."""

    id: str
    csrf: str
    name: str | None = None


@dataclass
class _LoggedIn:
    name: str
    since: float
    last_seen: float


class Visitors:
    """Knows visitors by a cookie that only this process can have made.

    Nothing is kept of a visitor who has not logged in, so that no number of them fills the memory.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._secret = secrets.token_bytes(32)
        self._logged_in: dict[str, _LoggedIn] = {}
        self._lock = threading.Lock()

    def visitor_of(self, cookie: str | None) -> Visitor | None:
        """Return the visitor of a cookie, None where we did not make it."""
        id_, _, signature = (cookie or "").partition(".")
        if not hmac.compare_digest(signature.encode(), self._signed("cookie", id_).encode()):
            return None
        return Visitor(id_, self._signed("csrf", id_), self._name(id_))

    def new(self) -> Visitor:
        """Return a visitor who was not here before."""
        id_ = secrets.token_urlsafe(18)
        return Visitor(id_, self._signed("csrf", id_))

    def cookie(self, visitor: Visitor) -> str:
        """Return the cookie by which a visitor is known."""
        return f"{visitor.id}.{self._signed('cookie', visitor.id)}"

    def logged_in(self, name: str) -> Visitor:
        """Note that somebody logged in, and return the visitor, who has a new id from then on."""
        visitor = self.new()
        now = self._now()
        with self._lock:
            while len(self._logged_in) >= _MOST:
                self._logged_in.pop(
                    min(self._logged_in, key=lambda i: self._logged_in[i].last_seen)
                )
            self._logged_in[visitor.id] = _LoggedIn(name, now, now)
        return Visitor(visitor.id, visitor.csrf, name)

    def logged_out(self, visitor: Visitor) -> None:
        """Note that somebody logged out."""
        with self._lock:
            self._logged_in.pop(visitor.id, None)

    def is_csrf(self, visitor: Visitor, token: str) -> bool:
        """Whether a form holds what this visitor's forms hold."""
        return hmac.compare_digest(token.encode(), visitor.csrf.encode())

    def _name(self, id_: str) -> str | None:
        now = self._now()
        with self._lock:
            session = self._logged_in.get(id_)
            if session is None:
                return None
            if now - session.last_seen > IDLE_S or now - session.since > LONGEST_S:
                del self._logged_in[id_]
                return None
            session.last_seen = now
            return session.name

    def _signed(self, use: str, id_: str) -> str:
        return hmac.new(self._secret, f"{use}:{id_}".encode(), hashlib.sha256).hexdigest()


class LoginLimit:
    """How often a wrong secret may be said: a few times from one address, some more from all."""

    WINDOW_S = 15 * 60.0
    MOST_FROM_ONE = 5
    MOST_FROM_ALL = 50

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._failures: list[tuple[float, str]] = []
        self._lock = threading.Lock()

    def wait_s(self, address: str) -> int:
        """Return the seconds until an address may try again; 0: it may now."""
        with self._lock:
            self._forget()
            mine = [at for at, who in self._failures if who == address]
            until = 0.0
            if len(mine) >= self.MOST_FROM_ONE:
                until = mine[-self.MOST_FROM_ONE] + self.WINDOW_S
            if len(self._failures) >= self.MOST_FROM_ALL:
                until = max(until, self._failures[-self.MOST_FROM_ALL][0] + self.WINDOW_S)
            return max(0, int(until - self._now()) + 1) if until else 0

    def failed(self, address: str) -> None:
        """Note a wrong secret."""
        with self._lock:
            self._forget()
            self._failures.append((self._now(), address))

    def succeeded(self, address: str) -> None:
        """Forget the wrong ones of an address."""
        with self._lock:
            self._failures = [failure for failure in self._failures if failure[1] != address]

    def _forget(self) -> None:
        since = self._now() - self.WINDOW_S
        self._failures = [failure for failure in self._failures if failure[0] > since]
