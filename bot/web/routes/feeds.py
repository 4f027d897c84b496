"""What other programs subscribe to: the calendar, what was posted, the days that come."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse, Response

from bot.calendar.observances import Observance
from bot.errors import nearest
from bot.feeds.atom import ComingDay, Entry, coming_entries, feed, posted_entries
from bot.ledger.rows import State
from bot.planning import Posting
from bot.project.load import Project
from bot.web.revalidated import revalidated
from bot.web.site import Site, SiteHere

router = APIRouter(include_in_schema=False)

ICS = "text/calendar; charset=utf-8"
ATOM = "application/atom+xml; charset=utf-8"
YEARS_AHEAD = 4
"""The calendar has last year's days, this one's, and those of so many years to come."""
SHOWN = 50
_LOOKED_AT = 500
AHEAD = timedelta(days=90)


@router.get("/calendar.ics")
def calendar(request: Request, site: SiteHere, language: str = "", theme: str = "") -> Response:
    """Gives all days, or those of a theme, named in a language."""
    project = site.project()
    themes = sorted({name for day in project.days.calendar for name in day.themes})
    refused = _unknown_language(project, language)
    if theme and theme not in themes:
        refused = f"There is no theme '{theme[:80]}'.{nearest(theme, themes)}"
    if refused:
        return PlainTextResponse(f"{refused}\n", 404)
    year = site.now().astimezone(project.settings.timezone).year
    content = site.outlook().calendar_file(
        _main(project, language), theme, year - 1, year + YEARS_AHEAD
    )
    return revalidated(request, content, ICS)


@router.get("/feed.atom")
def posted(request: Request, site: SiteHere, language: str = "") -> Response:
    """Gives what was posted last, once however many channels got it."""
    project = site.project()
    if refused := _unknown_language(project, language):
        return PlainTextResponse(f"{refused}\n", 404)
    rows = site.ledger.history(states=(State.DELIVERED,), limit=_LOOKED_AT)
    entries = posted_entries(rows, language or None, _main(project, language))
    newest = sorted(entries, key=lambda entry: entry.updated)[-SHOWN:]
    return _feed(request, site, "feed", "Vigilia", language, newest)


@router.get("/upcoming.atom")
def upcoming(request: Request, site: SiteHere, language: str = "") -> Response:
    """Gives the days that some channel is going to post."""
    project = site.project()
    if refused := _unknown_language(project, language):
        return PlainTextResponse(f"{refused}\n", 404)
    chosen = _main(project, language)
    entries = coming_entries(_coming(site, chosen), chosen)
    return _feed(request, site, "upcoming", "Vigilia: what comes", language, entries)


def _feed(
    request: Request, site: Site, name: str, title: str, language: str, entries: Iterable[Entry]
) -> Response:
    query = f"?language={language}" if language else ""
    content = feed(
        f"{name}{query}",
        title,
        # what people call it tells one group from another, and stays when a port changes
        seed=site.access.address or "",
        address=site.access.link(f"/{name}.atom{query}"),
        language=_main(site.project(), language),
        entries=entries,
    )
    return revalidated(request, content, ATOM)


def _coming(site: Site, language: str) -> list[ComingDay]:
    now, project = site.now(), site.project()
    postings = [p for p in site.outlook().within(now, now + AHEAD) if not p.lead_days]
    found: dict[tuple[str, str], ComingDay] = {}
    for posting in _not_skipped(site, postings):
        for id_ in posting.observances:
            day = project.by_id.get(id_)
            if day is not None:
                found.setdefault(
                    (id_, str(posting.date)),
                    _day(project, day, posting, language, posting.due_at - AHEAD),
                )
    return list(found.values())


def _not_skipped(site: Site, postings: list[Posting]) -> list[Posting]:
    """Gives the postings that nobody has decided to leave out."""
    skipped: set[str] = set()
    for start in range(0, len(postings), _LOOKED_AT):
        keys = [posting.key for posting in postings[start : start + _LOOKED_AT]]
        decided = site.ledger.decisions(keys)
        skipped |= {key for key, decision in decided.items() if decision.verdict == "skip"}
    return [posting for posting in postings if posting.key not in skipped]


def _day(
    project: Project, day: Observance, posting: Posting, language: str, since: datetime
) -> ComingDay:
    text = project.days.texts[day.id]
    return ComingDay(
        id=day.id,
        on=posting.date,
        shown=project.languages[language].date(posting.date),
        name=day.names.get(language) or day.names.get("en") or day.id,
        authority=text.authority,
        sources=tuple(s.link(language) for s in text.sources if s.has_title(language)),
        themes=day.themes,
        since=since,
    )


def _main(project: Project, language: str) -> str:
    return language or project.settings.languages[0]


def _unknown_language(project: Project, language: str) -> str:
    if not language or language in project.languages:
        return ""
    there = ", ".join(sorted(project.languages))
    return f"There is no language '{language[:80]}': there are {there}."
