"""What the planner's tests share: days and channels in one line, and strategies of both."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from bot.calendar.observances import Kind, Observance
from bot.calendar.phrases import parse_phrase
from bot.channels.channel import Channel
from bot.channels.registry import platform
from bot.planning import Plan, Planned
from bot.project.days import Days
from bot.project.load import Project
from bot.project.places import Places
from bot.settings.models import Settings

INBOX = platform("inbox")

Rows = list[tuple[str, str]]
"""(local date and time, ids) of each posting."""


def day(id_: str, on: str = "9 December", **more: Any) -> Observance:
    """Gives a day of the theme ``core`` unless another is given."""
    kind: Kind = more.pop("kind", "day")
    return Observance(
        id=id_,
        kind=kind,
        phrase=on,
        rule=parse_phrase(on),
        names={"en": id_},
        **{"themes": ("core",), **more},
    )


def channel(name: str = "team", zone: str = "UTC", **more: Any) -> Channel:
    """Gives a channel that keeps its days apart by nothing unless told."""
    return Channel(
        **{
            "name": name,
            "platform": INBOX,
            "options": None,
            "languages": ("en",),
            "timezone": ZoneInfo(zone),
            "min_gap": timedelta(),
            **more,
        }
    )


def project_of(*channels: Channel, days: Sequence[Observance]) -> Project:
    """Gives a project of these channels and days alone; nothing of it is ever written."""
    return Project(
        places=Places(root=Path(), own=None, shipped=Path()),
        settings=Settings(),
        channels={each.name: each for each in channels},
        days=Days(calendar=tuple(days), texts={}, disabled={}),
        facts={},
        actions={},
    )


def planned(
    days: Sequence[Observance],
    of: Channel,
    start: date = date(2026, 1, 1),
    end: date = date(2026, 12, 31),
) -> list[Planned]:
    """Gives all that is due from the first to the last date, as the channel's clocks show it."""
    found = Plan(days, (of,)).due(
        datetime.combine(start, time(), UTC) - timedelta(days=1),
        datetime.combine(end, time(), UTC) + timedelta(days=3),
    )
    return [p for p in found if start <= p.due_at.astimezone(of.timezone).date() <= end]


def shown(found: Sequence[Planned], of: Channel) -> Rows:
    """Gives each posting as a person at the channel would see it arrive."""
    return [
        (f"{p.due_at.astimezone(of.timezone):%Y-%m-%d %H:%M}", posting.key.split("/")[0])
        for p in found
        for posting in p.postings
    ]


ZONES = (
    "UTC",
    "America/Toronto",
    "America/Mexico_City",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "Australia/Lord_Howe",
    "Etc/GMT+12",
    "Europe/Dublin",
)

_PHRASES = (
    "31 December",
    "1 January",
    "2 January",
    "3 January",
    "30 December",
    "29 February",
    "last Sunday of March",
    "second Sunday of March",
    "first Sunday of November",
    "27 Nisan",
    "10 Tevet",
    "Easter - 2 days",
    "April",
    "7 April",
    "9 December",
    "10 December",
    "1 January 2027",
)
_IDS = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta")


@st.composite
def calendars(draw: st.DrawFn, at_most: int = 6) -> tuple[Observance, ...]:
    """Days that meet each other, mostly around New Year and the changes of clocks."""
    ids = _IDS[: draw(st.integers(1, at_most))]
    others = st.lists(st.sampled_from(ids), max_size=2).map(tuple)
    kinds: tuple[Kind, ...] = ("day", "day", "remembrance", "anniversary")
    return tuple(
        day(
            id_,
            draw(st.sampled_from(_PHRASES)),
            priority=draw(st.sampled_from((10, 50, 50, 90))),
            themes=draw(st.sampled_from((("core",), ("core", "other"), ("other",)))),
            kind=draw(st.sampled_from(kinds)),
            approval=draw(st.booleans()),
            beside=draw(others),
            not_with=draw(others),
            part_of=draw(st.none() | st.sampled_from(ids)),
        )
        for id_ in ids
    )


@st.composite
def channels(draw: st.DrawFn, name: str = "team") -> Channel:
    """A channel with any schedule."""
    same_day: Literal["space", "merge"] = draw(st.sampled_from(("space", "merge")))
    layout: Literal["together", "separate"] = draw(st.sampled_from(("together", "separate")))
    digest: Literal["monthly"] | None = draw(st.sampled_from((None, "monthly")))
    chosen = st.sampled_from(("core", "other", *_IDS))
    return channel(
        name,
        draw(st.sampled_from(ZONES)),
        post_at=draw(st.sampled_from((time(0, 0), time(2, 30), time(9, 0), time(23, 59)))),
        include=draw(st.lists(chosen, max_size=3, unique=True).map(lambda c: ("core", *c))),
        exclude=draw(st.lists(chosen, max_size=1).map(tuple)),
        lead_days=draw(st.sampled_from(((), (7,), (1, 30), (60,)))),
        spacing=draw(st.sampled_from([timedelta(minutes=m) for m in (0, 30, 360)])),
        min_gap=draw(st.sampled_from([timedelta(hours=h) for h in (0, 48, 168)])),
        languages=draw(st.sampled_from((("en",), ("en", "fr")))),
        same_day=same_day,
        layout=layout,
        digest=digest,
    )
