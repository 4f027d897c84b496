"""Pages: templates, what they all have at hand, and the static files, read once at the start."""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Depends
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from bot import __version__
from bot.content.facts import Fact, clause, fact_problems
from bot.content.language_files import load_languages
from bot.logs import SECRETS
from bot.planning import DIGEST
from bot.web import labels
from bot.web.app_state import Site
from bot.web.dates import Moments, number, wait
from bot.web.guard import caller_of
from bot.web.i18n import LANGUAGES, _, ngettext, spoken
from bot.web.markup import html, link_html

_HERE = Path(__file__).parent
STATIC = _HERE / "static"


@dataclass(frozen=True)
class StaticFile:
    """A file of :mod:`bot.web.static`, with a version that changes with its content."""

    content: bytes
    kind: str
    version: str


def static_files() -> Mapping[str, StaticFile]:
    """Return the static files by name, those of others below ``vendor/``."""
    files = {}
    for path in sorted(STATIC.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            version = hashlib.sha256(content).hexdigest()[:10]
            files[path.relative_to(STATIC).as_posix()] = StaticFile(content, kind, version)
    return files


class Pages:
    """Renders the templates for one site."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.static = static_files()
        self._environment = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
        )
        self._environment.globals.update(
            _=_,
            ngettext=ngettext,
            gettext=_,
            labels=labels,
            number=number,
            wait=wait,
            link=link_html,
            asset=self._asset,
            version=__version__,
            languages=LANGUAGES,
            named=self.named,
            zone_of=self.zone_of,
            reason_text=labels.reason_text,
            posting_path=posting_path,
            fact_words=self.fact_words,
            as_of=self.as_of,
        )
        self._environment.filters.update(md=html, segment=lambda text: quote(text, safe=""))

    def templates(self) -> list[str]:
        """Return the names of the templates."""
        return self._environment.list_templates()

    def compiled(self, name: str) -> object:
        """Return a template, compiled: it is kept, so that the next page has it at once."""
        return self._environment.get_template(name)

    @cached_property
    def moments(self) -> Moments:
        """The dates of the languages that ship: the page has them whatever the group posts in."""
        return Moments(load_languages(self._site.project().places.template_roots))

    def show(
        self, request: Request, template: str, *, status: int = 200, **values: Any
    ) -> HTMLResponse:
        """Return a page in the reader's language."""
        caller = caller_of(request)
        site = self._site
        text = self._environment.get_template(template).render(
            lang=spoken(),
            here=request.url.path,
            visitor=caller.visitor,
            needs_login=site.access.needs_login,
            rehearsal=site.clock.rehearsal,
            now=site.now(),
            speed=site.speed,
            moments=self.moments,
            zone=site.project().settings.timezone,
            **values,
        )
        # No page is made of a secret; should one ever get into a text, it is masked all the same.
        masked = SECRETS(None, "", {"page": text})["page"]
        headers = {"Content-Language": spoken(), "Vary": "Accept-Language, Cookie"}
        return HTMLResponse(masked, status_code=status, headers=headers)

    def say(
        self, request: Request, title: str, detail: str, *, status: int = 200, back: str = "/"
    ) -> Response:
        """Return a page that says one thing."""
        return self.show(
            request, "notice.html", status=status, title=title, detail=detail, back=back
        )

    def named(self, observances: tuple[str, ...]) -> str:
        """Return what days are called, in the reader's language where they have a name in it."""
        if observances == (DIGEST,):
            return _("The days of the month")
        return " · ".join(self._name(id_) for id_ in observances)

    def _name(self, id_: str) -> str:
        day = self._site.project().by_id.get(id_)
        if day is None:
            return id_
        return day.names.get(spoken()) or day.names.get("en") or id_

    def fact_words(self, fact: Fact) -> str:
        """Return a figure as the messages say it, in the reader's language where it has a text."""
        for code in (spoken(), *fact.text):
            language = self._site.project().languages.get(code)
            if language is not None and not fact_problems(fact, (code,)):
                return clause(fact, language)
        return fact.id

    def as_of(self, fact: Fact) -> str:
        """Return the date or month of a figure."""
        return fact.as_of if isinstance(fact.as_of, str) else self.moments.date(fact.as_of)

    def zone_of(self, channel: str) -> Any:
        """Return the time zone of a channel; the group's own where it is no longer configured."""
        project = self._site.project()
        channel_ = project.channels.get(channel)
        return channel_.timezone if channel_ else project.settings.timezone

    def _asset(self, name: str) -> str:
        return f"/static/{name}?v={self.static[name].version}"


def posting_path(key: str) -> str:
    """Return the page of a posting."""
    return f"/posting/{quote(key, safe='/+')}"


def pages_of(request: Request) -> Pages:
    """Return the pages of the application that a request is for."""
    pages: Pages = request.app.state.pages
    return pages


PagesHere = Annotated[Pages, Depends(pages_of)]


def instant_text(at: datetime) -> str:
    """Return an instant for a ``datetime`` attribute."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
