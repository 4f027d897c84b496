"""A channel: one configured place that receives messages."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import time, timedelta
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from bot.channels.platform import Platform


@dataclass(frozen=True)
class Channel:
    """One configured place, with its schedule. ``options`` is the platform's own model, its
    addresses and tokens as pydantic secrets. ``post_at`` is a local time of day in ``timezone``."""

    name: str
    platform: Platform[Any, Any]
    options: Any = field(repr=False)
    languages: tuple[str, ...]
    timezone: ZoneInfo
    post_at: time = time(9, 0)
    layout: Literal["together", "separate"] = "together"
    include: tuple[str, ...] = ("core",)
    exclude: tuple[str, ...] = ()
    lead_days: tuple[int, ...] = ()
    spacing: timedelta = timedelta(minutes=30)
    min_gap: timedelta = timedelta(hours=48)
    same_day: Literal["space", "merge"] = "space"
    digest: Literal["monthly"] | None = None
    on_unknown: Literal["hold", "resend"] = "hold"
    useful_for: timedelta = timedelta(hours=36)
    approval: bool = False
    """True: a person reads every posting of this channel before it is sent."""
    file: str = "config/channels.toml"
