"""The first page: what needs a person, what comes, the year at a glance."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from bot.web.alerts import alerts
from bot.web.app_state import Site, SiteHere
from bot.web.forecast import PostingGroup
from bot.web.pages import PagesHere
from bot.web.yearpicture import picture

router = APIRouter(include_in_schema=False)

SHOWN = 10
AHEAD = timedelta(days=400)
FIRST_YEAR, LAST_YEAR = 1900, 2200


@router.get("/")
def upcoming(
    request: Request,
    site: SiteHere,
    pages: PagesHere,
    channel: str = "",
    year: Annotated[int | None, Query(ge=FIRST_YEAR, le=LAST_YEAR)] = None,
) -> Response:
    """Show what comes, of all channels or of one."""
    project, now = site.project(), site.now()
    today = now.astimezone(project.settings.timezone).date()
    chosen = channel if channel in project.channels else ""
    shown_year = year or today.year
    groups = _next(site, chosen)
    rows = picture(site, shown_year, today)
    return pages.show(
        request,
        "upcoming.html",
        alerts=alerts(site),
        first=groups[0] if groups else None,
        rest=groups[1:],
        chosen=chosen,
        channels=tuple(project.channels)[:500],
        year=shown_year,
        rows=rows,
        posted=sum(len(row.squares) for row in rows),
        today=today,
        first_year=FIRST_YEAR,
        last_year=LAST_YEAR,
    )


def _next(site: Site, channel: str) -> list[PostingGroup]:
    now, forecast = site.now(), site.forecast()
    if channel:
        return forecast.of_channel(channel, now, SHOWN)
    return forecast.upcoming(now, now + AHEAD, SHOWN)
