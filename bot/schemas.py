"""What programs get: each JSON shape once, for ``--json`` and for the API.

Fields may be added, none is renamed. Instants are UTC, ISO 8601, whole seconds, ending in ``Z``.
A schema that has no function here is read from a row: ``DeliverySchema.model_validate(row)``.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema

if TYPE_CHECKING:
    from bot.calendar.observances import Occurrence
    from bot.channels.channel import Channel
    from bot.content.facts import Fact
    from bot.content.message import Link
    from bot.content.texts import DayText
    from bot.ledger.rows import PausedChannel
    from bot.planning import Posting
    from bot.project.load import Project


def utc_text(instant: datetime) -> str:
    """Return an instant as programs get it."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


Date = date
Instant = Annotated[
    datetime, PlainSerializer(utc_text), WithJsonSchema({"type": "string", "format": "date-time"})
]


class Schema(BaseModel):
    model_config = ConfigDict(from_attributes=True, validate_by_name=True)


class UpcomingSchema(Schema):
    """A posting to come."""

    key: str
    observance: str
    date: Date
    lead_days: int
    channel: str
    languages: tuple[str, ...]
    due_at: Instant
    title: str
    approval: bool


def upcoming_schema(project: Project, posting: Posting) -> UpcomingSchema:
    """Return a posting to come; ``title`` is in its first language."""
    return UpcomingSchema(
        key=posting.key,
        observance=posting.observance,
        date=posting.date,
        lead_days=posting.lead_days,
        channel=posting.channel,
        languages=posting.languages,
        due_at=posting.due_at,
        title=title_of(project, posting),
        approval=posting.approval,
    )


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


class DeliverySchema(Schema):
    """What became of a posting."""

    key: str
    observance: str
    date: Date
    channel: str
    state: str
    attempts: int
    due_at: Instant
    settled_at: Instant | None
    outcome: str | None = Field(validation_alias="reason")
    detail: str
    remote_id: str | None
    held_for: str | None
    next_attempt_at: Instant | None


class AttemptSchema(Schema):
    """One try at a delivery. ``status`` is of the platform's HTTP answer, where there was one."""

    number: int
    started_at: Instant
    ended_at: Instant | None
    outcome: str | None
    reason: str | None
    detail: str
    status: int | None


class DecisionSchema(Schema):
    """What a person decided."""

    verdict: str
    who: str
    why: str
    at: Instant


class ChannelSchema(Schema):
    """A channel as it stands; ``state`` is ``active``, or says why it is paused."""

    name: str
    platform: str
    languages: tuple[str, ...]
    post_at: str
    timezone: str
    include: tuple[str, ...]
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
    return ChannelSchema(
        name=channel.name,
        platform=channel.platform.name,
        languages=channel.languages,
        post_at=f"{channel.post_at:%H:%M}",
        timezone=channel.timezone.key,
        include=channel.include,
        next_due_at=due,
        next_key=upcoming[0].postings[0].key if upcoming else None,
        state=f"paused: {paused.detail or paused.reason}" if paused else "active",
    )


class DaySchema(Schema):
    """A day on one date; ``ordinal`` says which observance or anniversary it is."""

    observance: str
    date: Date
    name: str
    kind: str
    rule: str
    themes: tuple[str, ...]
    approval: bool
    ordinal: int | None
    authority: str
    sources: list[str]


def day_schema(project: Project, occurrence: Occurrence, language: str) -> DaySchema:
    """Return a day on one date, named in ``language``, or in English where it has no such name."""
    day = occurrence.observance
    text = project.days.texts[day.id]
    return DaySchema(
        observance=day.id,
        date=occurrence.date,
        name=day.names.get(language, day.names.get("en", day.id)),
        kind=day.kind,
        rule=day.phrase,
        themes=day.themes,
        approval=day.approval,
        ordinal=occurrence.ordinal,
        authority=text.authority,
        sources=[link.url for link in sources_in(text, language)],
    )


def sources_in(text: DayText, language: str) -> list[Link]:
    """Return the sources of a day titled in ``language``, or in English; not those in neither."""
    return [
        source.link(code)
        for source in text.sources
        for code in (language if source.has_title(language) else "en",)
        if source.has_title(code)
    ]


class FactSchema(Schema):
    """A figure that ages; ``as_of`` is a date, or a month such as ``2016-12``."""

    id: str
    value: int | str
    as_of: str
    review: Date
    stale: bool


def fact_schema(fact: Fact, today: date) -> FactSchema:
    """Return a figure, and whether it is past its review on a date."""
    return FactSchema(
        id=fact.id,
        value=fact.value,
        as_of=str(fact.as_of),
        review=fact.review,
        stale=fact.is_stale(today),
    )


class HealthSchema(Schema):
    """Whether the service lives; ``ledger`` counts the deliveries by state."""

    alive: bool
    message: str
    alive_at: Instant | None
    ledger: dict[str, int] | None = Field(validation_alias="counts")
    config: tuple[str, ...] = Field(validation_alias="config_problems")


class MessageSchema(Schema):
    """The words of a posting, a part a language; the bodies are Markdown."""

    kind: str
    observances: tuple[str, ...]
    date: Date
    lead_days: int
    parts: list[dict[str, Any]]
