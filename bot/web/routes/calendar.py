"""All days of a year: rule, authority, sources, languages; and the figures that age."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from fastapi import APIRouter
from starlette.responses import Response

from bot.calendar.observances import Observance
from bot.content.message import Link
from bot.content.texts import DayText, languages_of
from bot.planning import selection
from bot.project.load import Project
from bot.schemas import sources_in
from bot.web.app_state import SiteHere
from bot.web.i18n import spoken
from bot.web.pages import PageHere
from bot.web.routes.upcoming import FIRST_YEAR, LAST_YEAR, Year

router = APIRouter(include_in_schema=False)

_NAMED = 4


@dataclass(frozen=True)
class CalendarDay:
    """A day of the calendar, with the dates of the year and the channels that post it."""

    observance: Observance
    text: DayText
    dates: tuple[date, ...]
    languages: tuple[str, ...]
    channels: tuple[str, ...]
    more_channels: int
    sources: list[Link]


@router.get("/calendar")
def calendar(site: SiteHere, page: PageHere, year: Year = None, kind: str = "") -> Response:
    """Show the days of a year, and those that are recorded as not posted."""
    project, today = site.project(), site.today()
    shown_year = year or today.year
    dates: dict[str, list[date]] = {}
    for occurrence in site.forecast().calendar(shown_year):
        if kind in ("", occurrence.observance.kind):
            dates.setdefault(occurrence.observance.id, []).append(occurrence.date)
    return page.show(
        "calendar.html",
        days=[_day(project, project.by_id[id_], on) for id_, on in dates.items()],
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


def _day(project: Project, observance: Observance, dates: list[date]) -> CalendarDay:
    text = project.days.texts[observance.id]
    names = [name for name, channel in project.channels.items() if selection(channel, observance)]
    return CalendarDay(
        observance=observance,
        text=text,
        dates=tuple(dates),
        languages=tuple(sorted(languages_of(text))),
        channels=tuple(names[:_NAMED]),
        more_channels=max(0, len(names) - _NAMED),
        sources=sources_in(text, spoken()),
    )
