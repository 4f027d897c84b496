"""Slots and the postings that fill them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bot.channels.channel import Channel

DIGEST = "monthly-digest"
"""The id that stands in the key of a digest, where other postings have their observance's."""


@dataclass(frozen=True, order=True)
class Slot:
    """What is planned once and never again."""

    observance: str
    date: date
    lead_days: int
    channel: str


@dataclass(frozen=True)
class DigestLine:
    """One line of a digest: an observance that will be posted, and its date."""

    observance: str
    date: date


@dataclass(frozen=True)
class Posting:
    """What fills a slot, or, where days are merged, several. ``due_at`` and ``useful_until`` in
    UTC.

    ``useful_until`` is where catching up and retries end. ``lines`` is what a digest lists.
    """

    key: str
    observances: tuple[str, ...]
    date: date
    lead_days: int
    channel: str
    languages: tuple[str, ...]
    due_at: datetime
    useful_until: datetime
    approval: bool = False
    lines: tuple[DigestLine, ...] = ()

    @property
    def observance(self) -> str:
        """The ids joined by ``+``: one id unless days were merged."""
        return "+".join(self.observances)


@dataclass(frozen=True)
class Planned:
    """Slots and the postings that fill them: written down together, or not at all."""

    slots: tuple[Slot, ...]
    postings: tuple[Posting, ...]

    @property
    def due_at(self) -> datetime:
        """When all of it is due, UTC."""
        return self.postings[0].due_at


def plan_for(
    channel: Channel,
    observances: Sequence[str],
    day: date,
    lead_days: int,
    due_at: datetime,
    *,
    approval: bool = False,
    lines: tuple[DigestLine, ...] = (),
) -> Planned:
    """Return the slots and postings of these observances on one date and channel, due at
    ``due_at``."""
    groups = (
        (channel.languages,)
        if channel.layout == "together"
        else tuple((language,) for language in channel.languages)
    )
    joined = "+".join(observances)
    return Planned(
        slots=tuple(Slot(id_, day, lead_days, channel.name) for id_ in observances),
        postings=tuple(
            Posting(
                key=f"{joined}/{day}/{lead_days}/{channel.name}/{'+'.join(languages)}",
                observances=tuple(observances),
                date=day,
                lead_days=lead_days,
                channel=channel.name,
                languages=languages,
                due_at=due_at,
                useful_until=due_at + channel.useful_for,
                approval=approval or channel.approval,
                lines=lines,
            )
            for languages in groups
        ),
    )
