"""What a platform's headers say about its limits, and which limits are nobody's. Pure."""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

HOST = "host:"
"""What the name of a bucket begins with that is a whole host's."""

_LONGEST_S = 3600.0
"""A longer wait is cut to this: a bucket is only the memory of one process, and a request that
comes too early is answered with 429 and waits by that."""

_AN_INSTANT = 1e8
"""A number of seconds over this (three years) is meant as an instant, since 1970."""


@dataclass(frozen=True)
class AskedToWait:
    """For how long nothing more is to be sent: to this webhook, or ``everywhere`` on its host."""

    seconds: float
    everywhere: bool = False


def asked_to_wait(headers: Mapping[str, str], status: int, now: datetime) -> AskedToWait | None:
    """Gives what the headers of an answer, read at ``now`` (UTC), ask for; None: nothing.

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
    left = _number(_either(headers, "remaining"))
    if not everywhere and (left is None or left >= 1):
        return None
    seconds = _number(_either(headers, "reset-after"))
    if seconds is None:
        seconds = _until(_either(headers, "reset"), now)
    if seconds is None and everywhere:
        seconds = _number(headers.get("retry-after"))
    if seconds is None or seconds <= 0:
        return None
    return AskedToWait(min(seconds, _LONGEST_S), everywhere)


def without_own_host(
    keys: Sequence[tuple[str, float]], trusted_hosts: Collection[str]
) -> Sequence[tuple[str, float]]:
    """Gives the buckets that hold for a webhook. A host of this very machine that is trusted has
    no limit as a host: the limit is a platform's, and no platform is there."""
    return [
        (name, rate)
        for name, rate in keys
        if not (name.startswith(HOST) and _is_own(name.removeprefix(HOST), trusted_hosts))
    ]


def _is_own(host: str, trusted_hosts: Collection[str]) -> bool:
    bare = host.strip("[]").lower()
    if bare != "localhost":
        try:
            if not ipaddress.ip_address(bare).is_loopback:
                return False
        except ValueError:
            return False
    shown = f"[{bare}]" if ":" in bare else bare
    trusted = (entry.strip().lower() for entry in trusted_hosts)
    return any(entry in (bare, shown) or entry.startswith(f"{shown}:") for entry in trusted)


def _either(headers: Mapping[str, str], what: str) -> str | None:
    return headers.get(f"x-ratelimit-{what}", headers.get(f"ratelimit-{what}"))


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _until(text: str | None, now: datetime) -> float | None:
    """Gives the seconds until what a reset header names: a wait, or an instant in one of three
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
