"""Rate limits: kept per webhook and per host in the memory of one process, and what a platform's
headers say about them."""

from __future__ import annotations

import ipaddress
import math
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

Rates = Sequence[tuple[str, float]]
"""Buckets by name, with their requests a second."""

HOST = "host:"
"""What the name of a bucket begins with that is a whole host's."""

_LONGEST_S = 3600.0
"""A longer wait is cut to this: a bucket is only the memory of one process, and a request that
comes too early is answered with 429 and waits by that."""

_AN_INSTANT = 1e8
"""A number of seconds over this (three years) is meant as an instant, since 1970."""


class RateLimits:
    """Token buckets by name, each of one token, so that requests are spaced evenly. Thread-safe.

    ``monotonic`` gives seconds. A bucket is one number, the instant at which its token is there
    again; one that is full is forgotten, and no more than ``most`` are kept.
    """

    def __init__(self, monotonic: Callable[[], float], most: int = 10_000) -> None:
        self._monotonic = monotonic
        self._most = most
        self._free_at: dict[str, float] = {}
        self._lock = threading.Lock()

    def wait_for(self, keys: Rates) -> float:
        """Return the seconds until every bucket of ``keys`` (name, requests a second) has a token.

        When that is 0.0 one token of each was taken; else none was, and the caller asks again.
        Raises ValueError for a rate that is not over 0.
        """
        if any(not rate > 0 for _, rate in keys):
            raise ValueError("a rate is a number of requests a second, over 0")
        with self._lock:
            now = self._monotonic()
            free_at = max((self._free_at.get(name, now) for name, _ in keys), default=now)
            if free_at > now:
                return free_at - now
            for name, rate in keys:
                self._hold(name, now + 1 / rate, now)
            return 0.0

    def back_off(self, key: str, seconds: float) -> None:
        """Keep ``key`` shut for ``seconds`` from now, as after a 429; never shortens a wait."""
        with self._lock:
            now = self._monotonic()
            self._hold(key, now + max(seconds, 0.0), now)

    def __len__(self) -> int:
        with self._lock:
            return len(self._free_at)

    def _hold(self, name: str, until: float, now: float) -> None:
        self._free_at[name] = max(until, self._free_at.get(name, -math.inf))
        if len(self._free_at) > self._most:
            waiting = {key: at for key, at in self._free_at.items() if at > now}
            # Were every one still shut, the half that opens soonest is forgotten, so that this is
            # not done again at the next request.
            longest = sorted(waiting, key=waiting.__getitem__)[-(self._most // 2 or 1) :]
            self._free_at = {key: waiting[key] for key in longest}


@dataclass(frozen=True)
class AskedToWait:
    """For how long nothing more is to be sent: to this webhook, or ``everywhere`` on its host."""

    seconds: float
    everywhere: bool = False


def asked_to_wait(headers: Mapping[str, str], status: int, now: datetime) -> AskedToWait | None:
    """Return what the headers of an answer, read at ``now`` (UTC), ask for; None: nothing.

    Discord names the seconds in X-RateLimit-Reset-After, and a limit of the whole machine in
    X-RateLimit-Global or X-RateLimit-Scope
    (https://discord.com/developers/docs/topics/rate-limits, read 2026-11-24); Mastodon an instant
    in X-RateLimit-Reset (https://docs.joinmastodon.org/api/rate-limits/); Zulip and Rocket.Chat the
    seconds or milliseconds since 1970 there; others use the names without X-.
    """
    scope = headers.get("x-ratelimit-scope", "").strip().lower()
    everywhere = status == 429 and (
        scope == "global" or headers.get("x-ratelimit-global", "").strip().lower() == "true"
    )
    remaining = _number(_header(headers, "remaining"))
    if not everywhere and (remaining is None or remaining >= 1):
        return None
    seconds = _number(_header(headers, "reset-after"))
    if seconds is None:
        seconds = _until(_header(headers, "reset"), now)
    if seconds is None and everywhere:
        seconds = _number(headers.get("retry-after"))
    if seconds is None or seconds <= 0:
        return None
    return AskedToWait(min(seconds, _LONGEST_S), everywhere)


def without_own_host(keys: Rates, trusted_hosts: Collection[str]) -> Rates:
    """Return the buckets that hold for a webhook. A host of this very machine that is trusted has
    no limit as a host: the limit is a platform's, and no platform is there."""
    return [
        (name, rate)
        for name, rate in keys
        if not (name.startswith(HOST) and _is_own(name.removeprefix(HOST), trusted_hosts))
    ]


def _is_own(host: str, trusted_hosts: Collection[str]) -> bool:
    bare = host.strip("[]").lower()
    if not _is_loopback(bare):
        return False
    shown = f"[{bare}]" if ":" in bare else bare
    trusted = (entry.strip().lower() for entry in trusted_hosts)
    return any(entry in (bare, shown) or entry.startswith(f"{shown}:") for entry in trusted)


@lru_cache(maxsize=256)
def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _header(headers: Mapping[str, str], what: str) -> str | None:
    return headers.get(f"x-ratelimit-{what}", headers.get(f"ratelimit-{what}"))


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _until(text: str | None, now: datetime) -> float | None:
    """Return the seconds until what a reset header names: a wait, or an instant in one of three
    spellings."""
    number = _number(text)
    if number is not None:
        if number > _AN_INSTANT * 1000:
            number /= 1000
        return number - now.timestamp() if number > _AN_INSTANT else number
    try:
        instant = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return ((instant if instant.tzinfo else instant.replace(tzinfo=UTC)) - now).total_seconds()
