"""What programs get: each JSON shape once, for ``--json`` and for the API.

Fields may be added, none is renamed. Instants are UTC, ISO 8601, whole seconds, ending in ``Z``.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import WithJsonSchema

# pydantic reads the standard library's only from Python 3.12 on
from typing_extensions import TypedDict

if TYPE_CHECKING:
    from bot.calendar.observances import Occurrence
    from bot.channels.channel import Channel
    from bot.content.facts import Fact
    from bot.ledger.rows import AttemptRow, Decision, DeliveryRow, PausedChannel
    from bot.liveness import VitalSigns
    from bot.planning import Posting
    from bot.project.load import Project

Instant = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]
Date = Annotated[str, WithJsonSchema({"type": "string", "format": "date"})]


def utc_text(instant: datetime) -> str:
    """Return an instant as programs get it."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def utc_text_or_none(instant: datetime | None) -> str | None:
    """Return an instant as programs get it, where there is one."""
    return None if instant is None else utc_text(instant)


class UpcomingSchema(TypedDict):
    """A posting to come."""

    key: str
    observance: str
    date: Date
    lead_days: int
    channel: str
    languages: list[str]
    due_at: Instant
    title: str
    approval: bool


def upcoming_schema(project: Project, posting: Posting) -> UpcomingSchema:
    """Return a posting to come; ``title`` is in its first language."""
    return {
        "key": posting.key,
        "observance": posting.observance,
        "date": posting.date.isoformat(),
        "lead_days": posting.lead_days,
        "channel": posting.channel,
        "languages": list(posting.languages),
        "due_at": utc_text(posting.due_at),
        "title": title_of(project, posting),
        "approval": posting.approval,
    }


def title_of(project: Project, posting: Posting) -> str:
    """Return the title of a posting in its first language, without writing all of it."""
    from bot.planning import DIGEST  # noqa: PLC0415 - `upcoming` alone knows it already

    language = posting.languages[0]
    if posting.observances == (DIGEST,):
        items = [(line.observance, line.date) for line in posting.lines]
        return project.writer.write_digest(
            items, posting.date, posting.languages, posting.date
        ).title
    return " · ".join(project.days.texts[id_].names[language] for id_ in posting.observances)


class DeliverySchema(TypedDict):
    """What became of a posting."""

    key: str
    observance: str
    date: Date
    channel: str
    state: str
    attempts: int
    due_at: Instant
    settled_at: Instant | None
    outcome: str | None
    detail: str
    remote_id: str | None
    held_for: str | None
    next_attempt_at: Instant | None


def delivery_schema(row: DeliveryRow) -> DeliverySchema:
    """Return a delivery of the history."""
    return {
        "key": row.key,
        "observance": row.observance,
        "date": row.date.isoformat(),
        "channel": row.channel,
        "state": row.state.value,
        "attempts": row.attempts,
        "due_at": utc_text(row.due_at),
        "settled_at": utc_text_or_none(row.settled_at),
        "outcome": row.reason.value if row.reason else None,
        "detail": row.detail,
        "remote_id": row.remote_id,
        "held_for": row.held_for,
        "next_attempt_at": utc_text_or_none(row.next_attempt_at),
    }


class AttemptSchema(TypedDict):
    """One try at a delivery. ``status`` is of the platform's HTTP answer, where there was one."""

    number: int
    started_at: Instant
    ended_at: Instant | None
    outcome: str | None
    reason: str | None
    detail: str
    status: int | None


def attempt_schema(row: AttemptRow) -> AttemptSchema:
    """Return one try at a delivery."""
    return {
        "number": row.number,
        "started_at": utc_text(row.started_at),
        "ended_at": utc_text_or_none(row.ended_at),
        "outcome": row.outcome,
        "reason": row.reason.value if row.reason else None,
        "detail": row.detail,
        "status": row.status,
    }


class DecisionSchema(TypedDict):
    """What a person decided."""

    verdict: str
    who: str
    why: str
    at: Instant


def decision_schema(decision: Decision) -> DecisionSchema:
    """Return what a person decided."""
    return {
        "verdict": decision.verdict,
        "who": decision.who,
        "why": decision.why,
        "at": utc_text(decision.at),
    }


class ChannelSchema(TypedDict):
    """A channel as it stands; ``state`` is ``active``, or says why it is paused."""

    name: str
    platform: str
    languages: list[str]
    post_at: str
    timezone: str
    include: list[str]
    next_due_at: Instant | None
    next_key: str | None
    state: str


def channel_schema(
    project: Project, channel: Channel, paused: PausedChannel | None, now: datetime
) -> ChannelSchema:
    """Return a channel as it stands; ``next_key`` is of what is due within a year."""
    from bot.planning import Plan  # noqa: PLC0415

    plan = Plan(project.days.calendar, (channel,))
    due = plan.next_due(now)
    soon = due is not None and due <= now + timedelta(days=366)
    upcoming = plan.due(now, due) if due is not None and soon else []
    return {
        "name": channel.name,
        "platform": channel.platform.name,
        "languages": list(channel.languages),
        "post_at": f"{channel.post_at:%H:%M}",
        "timezone": channel.timezone.key,
        "include": list(channel.include),
        "next_due_at": utc_text_or_none(due),
        "next_key": upcoming[0].postings[0].key if upcoming else None,
        "state": f"paused: {paused.detail or paused.reason}" if paused else "active",
    }


class DaySchema(TypedDict):
    """A day on one date; ``ordinal`` says which observance or anniversary it is."""

    observance: str
    date: Date
    name: str
    kind: str
    rule: str
    themes: list[str]
    approval: bool
    ordinal: int | None
    authority: str
    sources: list[str]


def day_schema(project: Project, occurrence: Occurrence, language: str) -> DaySchema:
    """Return a day on one date, named in ``language``, or in English where it has no such name."""
    day = occurrence.observance
    text = project.days.texts[day.id]
    return {
        "observance": day.id,
        "date": occurrence.date.isoformat(),
        "name": day.names.get(language, day.names.get("en", day.id)),
        "kind": day.kind,
        "rule": day.phrase,
        "themes": list(day.themes),
        "approval": day.approval,
        "ordinal": occurrence.ordinal,
        "authority": text.authority,
        "sources": [
            source.link(code).url
            for source in text.sources
            for code in (language if source.has_title(language) else "en",)
            if source.has_title(code)
        ],
    }


class FactSchema(TypedDict):
    """A figure that ages; ``as_of`` is a date, or a month such as ``2016-12``."""

    id: str
    value: int | str
    as_of: str
    review: Date
    stale: bool


def fact_schema(fact: Fact, today: date) -> FactSchema:
    """Return a figure, and whether it is past its review on a date."""
    return {
        "id": fact.id,
        "value": fact.value,
        "as_of": fact.as_of if isinstance(fact.as_of, str) else fact.as_of.isoformat(),
        "review": fact.review.isoformat(),
        "stale": fact.is_stale(today),
    }


class HealthSchema(TypedDict):
    """Whether the service lives; ``ledger`` counts the deliveries by state."""

    alive: bool
    message: str
    alive_at: Instant | None
    ledger: dict[str, int] | None
    config: list[str]


def health_schema(signs: VitalSigns) -> HealthSchema:
    """Return whether the service lives."""
    return {
        "alive": signs.alive,
        "message": signs.message,
        "alive_at": utc_text_or_none(signs.alive_at),
        "ledger": signs.counts,
        "config": list(signs.config_problems),
    }


class MessageSchema(TypedDict):
    """The words of a posting, a part a language; the bodies are Markdown."""

    kind: str
    observances: list[str]
    date: Date
    lead_days: int
    parts: list[dict[str, Any]]
