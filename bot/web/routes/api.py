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
from typing_extensions import TypedDict

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
    UpcomingSchema,
    attempt_schema,
    channel_schema,
    day_schema,
    decision_schema,
    delivery_schema,
    fact_schema,
    health_schema,
    upcoming_schema,
    utc_text,
)
from bot.web.app_state import Site, SiteHere
from bot.web.problems import PROBLEM_JSON, PROBLEM_SCHEMA
from bot.web.routes.posting import Shown, find_posting
from bot.web.routes.upcoming import FIRST_YEAR, LAST_YEAR

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


class PostingSchema(TypedDict):
    """A posting, to come or past. ``standing`` says how a person's decision stands before it is
    sent; an approval names ``digest``, which stands for these very words. ``trouble`` says why
    there is no ``message``."""

    key: str
    observance: str
    date: Date
    lead_days: int
    channel: str
    languages: list[str]
    due_at: Instant
    useful_until: Instant
    standing: str
    digest: str | None
    message: MessageSchema | None
    trouble: str
    delivery: DeliverySchema | None
    attempts: list[AttemptSchema]
    decisions: list[DecisionSchema]


def posting_schema(site: Site, shown: Shown) -> dict[str, Any]:
    """Return a posting with all that is known of it."""
    about = shown.about
    attempts = site.ledger.attempts(about.key) if shown.row else ()
    return {
        "key": about.key,
        "observance": about.observance,
        "date": about.date.isoformat(),
        "lead_days": about.lead_days,
        "channel": about.channel,
        "languages": list(about.languages),
        "due_at": utc_text(about.due_at),
        "useful_until": utc_text(about.useful_until),
        "standing": shown.standing.value,
        "digest": shown.digest or None,
        "message": shown.message.to_json() if shown.message else None,
        "trouble": shown.trouble,
        "delivery": delivery_schema(shown.row) if shown.row else None,
        "attempts": [attempt_schema(row) for row in attempts],
        "decisions": [
            decision_schema(decision) for decision in site.ledger.decision_log(about.key)
        ],
    }


def found_posting(site: Site, key: str) -> Shown:
    """Return a posting by its key. Raises HTTPException where there is none."""
    shown = find_posting(site, key)
    if shown is None:
        raise HTTPException(
            404, "No posting has this key. /api/upcoming and /api/history have them."
        )
    return shown


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
    return [delivery_schema(row) for row in site.ledger.search(query, limit)]


@router.get("/posting/{key:path}", response_model=PostingSchema)
def posting(site: SiteHere, key: Annotated[str, Path(max_length=LONGEST_KEY)]) -> dict[str, Any]:
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
    year: Annotated[int | None, Query(ge=FIRST_YEAR, le=LAST_YEAR)] = None,
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
    return health_schema(signs_in(site.ledger, ALIVE_FOR))
