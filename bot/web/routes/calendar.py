"""All days of a year: rule, authority, sources, languages; and the figures that age."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from bot.calendar.observances import Observance, Occurrence
from bot.content.message import Link
from bot.content.texts import DayText, languages_of
from bot.planning import selection
from bot.project.load import Project
from bot.web.app_state import SiteHere
from bot.web.i18n import spoken
from bot.web.pages import PagesHere
from bot.web.routes.upcoming import FIRST_YEAR, LAST_YEAR

router = APIRouter(include_in_schema=False)

_NAMED = 4


@dataclass(frozen=True)
class DayShown:
    """A day of the calendar, with the dates of the year and the channels that post it."""

    observance: Observance
    text: DayText
    dates: tuple[date, ...]
    languages: tuple[str, ...]
    channels: tuple[str, ...]
    more_channels: int
    sources: tuple[Link, ...]


@router.get("/calendar")
def calendar(
    request: Request,
    site: SiteHere,
    pages: PagesHere,
    year: Annotated[int | None, Query(ge=FIRST_YEAR, le=LAST_YEAR)] = None,
    kind: str = "",
) -> Response:
    """Show the days of a year, and those that are recorded as not posted."""
    project, now = site.project(), site.now()
    today = now.astimezone(project.settings.timezone).date()
    shown_year = year or today.year
    days = [
        _day(project, observance, occurrences)
        for observance, occurrences in _by_day(site.forecast().calendar(shown_year))
        if kind in ("", observance.kind)
    ]
    return pages.show(
        request,
        "calendar.html",
        days=days,
        year=shown_year,
        kind=kind,
        kinds=("day", "remembrance", "anniversary", "month"),
        disabled=sorted(project.days.disabled.values(), key=lambda day: day.id),
        facts=sorted(project.facts.values(), key=lambda fact: (fact.review, fact.id)),
        today=today,
        first_year=FIRST_YEAR,
        last_year=LAST_YEAR,
        names={code: language.name for code, language in project.languages.items()},
    )


def _by_day(occurrences: tuple[Occurrence, ...]) -> list[tuple[Observance, list[Occurrence]]]:
    by_id: dict[str, tuple[Observance, list[Occurrence]]] = {}
    for occurrence in occurrences:
        day = occurrence.observance
        by_id.setdefault(day.id, (day, []))[1].append(occurrence)
    return list(by_id.values())


def _day(project: Project, observance: Observance, occurrences: list[Occurrence]) -> DayShown:
    text = project.days.texts[observance.id]
    names = [name for name, channel in project.channels.items() if selection(channel, observance)]
    return DayShown(
        observance=observance,
        text=text,
        dates=tuple(occurrence.date for occurrence in occurrences),
        languages=tuple(sorted(languages_of(text))),
        channels=tuple(names[:_NAMED]),
        more_channels=max(0, len(names) - _NAMED),
        sources=tuple(
            source.link(language)
            for source in text.sources
            for language in (spoken() if source.has_title(spoken()) else "en",)
            if source.has_title(language)
        ),
    )
