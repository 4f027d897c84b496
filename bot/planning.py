"""Occurrences and channels → postings. Pure: the same calendar and channels give the same postings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, order=True)
class Slot:
    """What is planned once and never again."""

    observance: str
    date: date
    lead_days: int
    channel: str


@dataclass(frozen=True)
class Coming:
    """One line of a digest: an observance that will be posted, and its date."""

    observance: str
    date: date


@dataclass(frozen=True)
class Posting:
    """What fills a slot, or, where days are merged, several. ``due_at`` and ``useful_until`` in UTC."""

    key: str
    observances: tuple[str, ...]
    date: date
    lead_days: int
    channel: str
    languages: tuple[str, ...]
    due_at: datetime
    useful_until: datetime
    approval: bool = False
    coming: tuple[Coming, ...] = ()

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
        return self.postings[0].due_at
