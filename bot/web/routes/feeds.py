"""What other programs subscribe to: the calendar, what was posted, the days that come."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from functools import partial

from fastapi import APIRouter, Request
from starlette.responses import Response

from bot.errors import nearest
from bot.feeds.atom import Entry, feed, posted_entries, upcoming_entry
from bot.ledger.rows import DeliveryRow, State
from bot.ledger.search import Wanted
from bot.planning import Posting
from bot.project.load import Project
from bot.web.app_state import Site, SiteHere
from bot.web.conditional import ContentCache, conditional
from bot.web.problems import problem

router = APIRouter(include_in_schema=False)

ICS = "text/calendar; charset=utf-8"
ATOM = "application/atom+xml; charset=utf-8"
YEARS_AHEAD = 4
"""The calendar has last year's days, this one's, and those of so many years to come."""
SHOWN = 50
CACHED_S = 10.0
"""How long a feed is not made anew: so soon a post that was taken back is gone from it."""
_AT_ONCE = 200
_MOST_LOOKED_AT = 5_000
AHEAD = timedelta(days=90)
_TITLES = {
    "en": "Vigilia: what comes",
    "fr": "Vigilia\N{NO-BREAK SPACE}: dates à venir",
    "es": "Vigilia: próximas fechas",
}


@router.api_route("/calendar.ics", methods=["GET", "HEAD"])
def calendar(request: Request, site: SiteHere, language: str = "", theme: str = "") -> Response:
    """Return all days, or those of a theme, named in a language."""
    project = site.project()
    themes = sorted({name for day in project.days.calendar for name in day.themes})
    refused = _unknown_language(project, language)
    if theme and theme not in themes:
        refused = f"There is no theme '{theme[:80]}'.{nearest(theme, themes)}"
    if refused:
        return problem(404, refused)
    year = site.today().year
    chosen = _main(project, language)
    content = _shelf(request).get(
        f"calendar {chosen} {theme}",
        lambda: site.forecast().calendar_file(chosen, theme, year - 1, year + YEARS_AHEAD),
        CACHED_S,
    )
    return conditional(request, content, ICS)


@router.api_route("/feed.atom", methods=["GET", "HEAD"])
def posted(request: Request, site: SiteHere, language: str = "") -> Response:
    """Return what was posted last, once however many channels got it."""
    project = site.project()
    if refused := _unknown_language(project, language):
        return problem(404, refused)

    def entries() -> Iterable[Entry]:
        rows = _posted(site, language)
        latest = posted_entries(rows, language or None, _main(project, language))
        return sorted(latest, key=lambda entry: entry.updated)[-SHOWN:]

    return _feed(request, site, "feed", "Vigilia", language, entries)


@router.api_route("/upcoming.atom", methods=["GET", "HEAD"])
def upcoming(request: Request, site: SiteHere, language: str = "") -> Response:
    """Return the days that some channel is going to post."""
    project = site.project()
    if refused := _unknown_language(project, language):
        return problem(404, refused)
    chosen = _main(project, language)
    title, entries = _TITLES.get(chosen, _TITLES["en"]), partial(_upcoming_entries, site, chosen)
    return _feed(request, site, "upcoming", title, language, entries)


def _shelf(request: Request) -> ContentCache:
    shelf: ContentCache = request.app.state.shelf
    return shelf


def _feed(
    request: Request,
    site: Site,
    name: str,
    title: str,
    language: str,
    entries: Callable[[], Iterable[Entry]],
) -> Response:
    query = f"?language={language}" if language else ""

    def make() -> bytes:
        return feed(
            f"{name}{query}",
            title,
            # what people call it tells one group from another, and stays when a port changes
            seed=site.access.address or "",
            address=site.access.link(f"/{name}.atom{query}"),
            language=_main(site.project(), language),
            entries=entries(),
        )

    return conditional(request, _shelf(request).get(f"{name}{query}", make, CACHED_S), ATOM)


def _posted(site: Site, language: str) -> list[DeliveryRow]:
    """Return what was delivered last in a language, or in any: enough for all entries, or as much
    as is looked at."""
    rows: list[DeliveryRow] = []
    looked_at = 0
    messages: set[tuple[str, date, int]] = set()
    before: tuple[datetime, int] | None = None
    while len(messages) <= SHOWN and looked_at < _MOST_LOOKED_AT:
        page = site.ledger.search(Wanted(states=(State.DELIVERED,), before=before), _AT_ONCE)
        looked_at += len(page)
        fitting = [row for row in page if row.message and language in ("", *row.languages)]
        rows += fitting
        messages |= {(row.observance, row.date, row.lead_days) for row in fitting}
        if len(page) < _AT_ONCE:
            break
        before = (page[-1].due_at, page[-1].id)
    return rows


def _upcoming_entries(site: Site, code: str) -> Iterable[Entry]:
    now, project = site.now(), site.project()
    postings = [p for p in site.forecast().within(now, now + AHEAD) if not p.lead_days]
    entries: dict[tuple[str, date], Entry] = {}
    for posting in _not_skipped(site, postings):
        for id_ in posting.observances:
            day = project.by_id.get(id_)
            if day is not None and (id_, posting.date) not in entries:
                text, since = project.days.texts[id_], posting.due_at - AHEAD
                entry = upcoming_entry(day, text, posting.date, project.languages[code], since)
                entries[id_, posting.date] = entry
    return entries.values()


def _not_skipped(site: Site, postings: list[Posting]) -> list[Posting]:
    """Return the postings that nobody has decided to leave out."""
    skipped: set[str] = set()
    for start in range(0, len(postings), _AT_ONCE):
        keys = [posting.key for posting in postings[start : start + _AT_ONCE]]
        decided = site.ledger.decisions(keys)
        skipped |= {key for key, decision in decided.items() if decision.verdict == "skip"}
    return [posting for posting in postings if posting.key not in skipped]


def _main(project: Project, language: str) -> str:
    return language or project.settings.languages[0]


def _unknown_language(project: Project, language: str) -> str:
    if not language or language in project.languages:
        return ""
    there = ", ".join(sorted(project.languages))
    return f"There is no language '{language[:80]}': there are {there}."
