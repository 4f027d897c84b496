"""The API: what comes, what was posted, and how all stands, as JSON. It changes nothing.

The shapes are those of ``--json``. Described by OpenAPI at ``/api/openapi.json``, and for people in
``docs/api.md``.
"""

from __future__ import annotations

from collections.abc import Container
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Security
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException

from bot.ledger.rows import State
from bot.ledger.search import Wanted
from bot.liveness import signs_in
from bot.schemas import (
    AttemptSchema,
    ChannelSchema,
    Date,
    DaySchema,
    DecisionSchema,
    DeliverySchema,
    FactSchema,
    HealthSchema,
    Instant,
    MessageSchema,
    Schema,
    UpcomingSchema,
    channel_schema,
    day_schema,
    fact_schema,
    upcoming_schema,
)
from bot.web.app_state import Site, SiteHere
from bot.web.problems import PROBLEM_JSON, PROBLEM_SCHEMA
from bot.web.routes.posting import PostingDetails, find_posting
from bot.web.routes.upcoming import Year

LONGEST_AHEAD_DAYS = 400
MOST_ROWS = 1_000
LONGEST_TEXT = 100
LONGEST_KEY = 500
ALIVE_FOR = timedelta(seconds=120)

_TOKEN = HTTPBearer(
    auto_error=False,
    description="VIGILIA_WEB_TOKEN. On this machine itself nothing is asked for reading, where the "
    "page asks for no login.",
)
_PROBLEM: dict[str, Any] = {"content": {PROBLEM_JSON: {"schema": PROBLEM_SCHEMA}}}
PROBLEMS: dict[int | str, dict[str, Any]] = {
    "4XX": {"description": "It cannot be done; `detail` says why.", **_PROBLEM},
    "5XX": {"description": "Vigilia is in trouble; `detail` says which.", **_PROBLEM},
}


def api_router(tag: str) -> APIRouter:
    """Return a router for programs: below ``/api``, described, and told problems as JSON."""
    return APIRouter(
        prefix="/api", tags=[tag], dependencies=[Security(_TOKEN)], responses=dict(PROBLEMS)
    )


router = api_router("looking")

ChannelName = Annotated[str | None, Query(description="Only this channel.", max_length=100)]


class PostingSchema(Schema):
    """A posting, to come or past. ``standing`` says how a person's decision stands before it is
    sent; an approval names ``digest``, which stands for these very words. ``trouble`` says why
    there is no ``message``."""

    key: str
    observance: str
    date: Date
    lead_days: int
    channel: str
    languages: tuple[str, ...]
    due_at: Instant
    useful_until: Instant
    standing: str
    digest: str | None
    message: MessageSchema | None
    trouble: str
    delivery: DeliverySchema | None
    attempts: list[AttemptSchema]
    decisions: list[DecisionSchema]


def posting_schema(site: Site, details: PostingDetails) -> PostingSchema:
    """Return a posting with all that is known of it."""
    about, row, message = details.about, details.row, details.message
    attempts = site.ledger.attempts(about.key) if row else ()
    decisions = site.ledger.decision_log(about.key)
    return PostingSchema(
        key=about.key,
        observance=about.observance,
        date=about.date,
        lead_days=about.lead_days,
        channel=about.channel,
        languages=about.languages,
        due_at=about.due_at,
        useful_until=about.useful_until,
        standing=details.standing.value,
        digest=details.digest or None,
        message=MessageSchema.model_validate(message.to_json()) if message else None,
        trouble=details.trouble,
        delivery=DeliverySchema.model_validate(row) if row else None,
        attempts=[AttemptSchema.model_validate(attempt) for attempt in attempts],
        decisions=[DecisionSchema.model_validate(decision) for decision in decisions],
    )


def found_posting(site: Site, key: str) -> PostingDetails:
    """Return a posting by its key. Raises HTTPException where there is none."""
    details = find_posting(site, key)
    if details is None:
        raise HTTPException(
            404, "No posting has this key. /api/upcoming and /api/history have them."
        )
    return details


def _refuse_unknown(kind: str, name: str | None, names: Container[str]) -> None:
    if name is not None and name not in names:
        raise HTTPException(404, f"There is no such {kind}.")


@router.get("/upcoming")
def upcoming(
    site: SiteHere,
    days: Annotated[int, Query(ge=1, le=LONGEST_AHEAD_DAYS, description="How far ahead.")] = 30,
    channel: ChannelName = None,
) -> list[UpcomingSchema]:
    """What will be posted, where and when; the next first."""
    project, now = site.project(), site.now()
    _refuse_unknown("channel", channel, project.channels)
    return [
        upcoming_schema(project, posting)
        for posting in site.forecast().within(now, now + timedelta(days=days))
        if channel in (None, posting.channel)
    ]


@router.get("/history")
def history(
    site: SiteHere,
    state: Annotated[list[State], Query(description="Only these states.")] = [],  # noqa: B006
    channel: ChannelName = None,
    observance: Annotated[str | None, Query(description="Only this day.", max_length=100)] = None,
    q: Annotated[
        str, Query(description="Words that were posted, or a key.", max_length=LONGEST_TEXT)
    ] = "",
    before: Annotated[
        str | None,
        Query(description="The last key of the page before this one.", max_length=LONGEST_KEY),
    ] = None,
    limit: Annotated[int, Query(ge=1, le=MOST_ROWS)] = 100,
    operator: Annotated[
        bool, Query(description="The messages to the operator, instead of the postings.")
    ] = False,
) -> list[DeliverySchema]:
    """What was posted, what failed, what may have arrived, what waits; the last due first."""
    last = None
    if before is not None:
        row = site.ledger.delivery(before, operator=operator)
        if row is None:
            raise HTTPException(404, "No delivery has the key that 'before' names.")
        last = (row.due_at, row.id)
    query = Wanted(q, tuple(state), channel, observance, last, operator)
    return [DeliverySchema.model_validate(row) for row in site.ledger.search(query, limit)]


@router.get("/posting/{key:path}")
def posting(site: SiteHere, key: Annotated[str, Path(max_length=LONGEST_KEY)]) -> PostingSchema:
    """A posting: its words, what became of it, every attempt and every decision."""
    return posting_schema(site, found_posting(site, key))


@router.get("/channels")
def channels(site: SiteHere) -> list[ChannelSchema]:
    """The channels as they stand, and what each posts next."""
    project, now, paused = site.project(), site.now(), site.ledger.paused_channels()
    return [
        channel_schema(project, channel, paused.get(channel.name), now)
        for channel in project.channels.values()
    ]


@router.get("/calendar")
def calendar(
    site: SiteHere,
    year: Year = None,
    language: Annotated[str, Query(description="Of the names.", max_length=20)] = "en",
) -> list[DaySchema]:
    """All days of a year, posted somewhere or not."""
    project = site.project()
    _refuse_unknown("language", language, project.languages)
    occurrences = site.forecast().calendar(year or site.now().year)
    return [day_schema(project, occurrence, language) for occurrence in occurrences]


@router.get("/facts")
def facts(site: SiteHere) -> list[FactSchema]:
    """The figures that age, the next to be reviewed first."""
    today = site.now().date()
    figures = sorted(site.project().facts.values(), key=lambda fact: (fact.review, fact.id))
    return [fact_schema(fact, today) for fact in figures]


@router.get("/health")
def health(site: SiteHere) -> HealthSchema:
    """Whether the service lives, as `vigilia health` says it; the answer is 200 either way."""
    return HealthSchema.model_validate(signs_in(site.ledger, ALIVE_FOR))
