"""What went out and what did not: filtered, searched, a page at a time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from starlette.responses import Response

from bot.ledger.rows import DeliveryRow, State
from bot.ledger.search import Wanted
from bot.web.app_state import SiteHere
from bot.web.pages import PageHere

router = APIRouter(include_in_schema=False)

SHOWN = 40
LONGEST_SEARCH = 100


@router.get("/deliveries")
def deliveries(
    site: SiteHere,
    page: PageHere,
    q: str = "",
    state: Annotated[list[str], Query()] = [],  # noqa: B006 - FastAPI's form of a repeated query
    channel: str = "",
    day: str = "",
    before: str = "",
) -> Response:
    """Show the deliveries that fit, the last due first."""
    project = site.project()
    states = tuple(State(name) for name in state if name in set(State))
    text = q[:LONGEST_SEARCH].strip()
    search = Wanted(
        text=text,
        states=states,
        channel=channel or None,
        observance=day or None,
        before=_read_cursor(before),
    )
    rows = site.ledger.search(search, SHOWN + 1)
    query = [("q", text), *(("state", s.value) for s in states), ("channel", channel), ("day", day)]
    query = [(name, value) for name, value in query if value]
    more = None
    if len(rows) > SHOWN:
        rows = rows[:SHOWN]
        more = "/deliveries?" + urlencode([*query, ("before", _cursor(rows[-1]))])
    return page.show(
        "deliveries.html",
        rows=rows,
        more=more,
        q=text,
        chosen=frozenset(states),
        channel=channel,
        day=day,
        filtered=bool(query),
        channels=tuple(project.channels)[:500],
        days=sorted((page.pages.named((id_,)), id_) for id_ in project.by_id),
        states=tuple(State),
    )


def _cursor(row: DeliveryRow) -> str:
    return f"{row.due_at.astimezone(UTC).isoformat()}~{row.id}"


def _read_cursor(text: str) -> tuple[datetime, int] | None:
    moment, _sep, id_ = text.partition("~")
    try:
        due_at = datetime.fromisoformat(moment)
        return (due_at, int(id_)) if due_at.tzinfo is not None else None
    except ValueError:
        return None
