"""Pages: templates, what they all have at hand, and the static files, read once at the start."""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
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
from bot.web.visitors import Visitor

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
    """The templates of one site, and what they all have at hand."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.static = static_files()
        self.environment = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            extensions=["jinja2.ext.i18n"],
        )
        self.environment.globals.update(
            _=_,
            ngettext=ngettext,
            gettext=_,
            labels=labels,
            number=number,
            wait=wait,
            link=link_html,
            asset=lambda name: f"/static/{name}?v={self.static[name].version}",
            version=__version__,
            languages=LANGUAGES,
            named=self.named,
            zone_of=self.zone_of,
            reason_text=labels.reason_text,
            posting_path=posting_path,
            fact_words=self.fact_words,
            as_of=self.as_of,
        )
        self.environment.filters.update(md=html, segment=lambda text: quote(text, safe=""))

    @cached_property
    def moments(self) -> Moments:
        """The dates of the languages that ship: the page has them whatever the group posts in."""
        return Moments(load_languages(self.site.project().places.template_roots))

    def named(self, observances: tuple[str, ...]) -> str:
        """Return what days are called, in the reader's language where they have a name in it."""
        if observances == (DIGEST,):
            return _("The days of the month")
        return " · ".join(self._name(id_) for id_ in observances)

    def _name(self, id_: str) -> str:
        day = self.site.project().by_id.get(id_)
        if day is None:
            return id_
        return day.names.get(spoken()) or day.names.get("en") or id_

    def fact_words(self, fact: Fact) -> str:
        """Return a figure as the messages say it, in the reader's language where it has a text."""
        for code in (spoken(), *fact.text):
            language = self.site.project().languages.get(code)
            if language is not None and not fact_problems(fact, (code,)):
                return clause(fact, language)
        return fact.id

    def as_of(self, fact: Fact) -> str:
        """Return the date or month of a figure."""
        return fact.as_of if isinstance(fact.as_of, str) else self.moments.date(fact.as_of)

    def zone_of(self, channel: str) -> Any:
        """Return the time zone of a channel; the group's own where it is no longer configured."""
        project = self.site.project()
        channel_ = project.channels.get(channel)
        return channel_.timezone if channel_ else project.settings.timezone


def posting_path(key: str) -> str:
    """Return the page of a posting."""
    return f"/posting/{quote(key, safe='/+')}"


@dataclass(frozen=True)
class Page:
    """The page that a request is answered with, in the reader's language."""

    request: Request
    pages: Pages

    @property
    def form(self) -> Mapping[str, str]:
        """The form that was sent."""
        return caller_of(self.request).form

    @property
    def visitor(self) -> Visitor:
        """Who asks for it."""
        return caller_of(self.request).visitor

    def show(self, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        """Return a page made of a template."""
        site = self.pages.site
        text = self.pages.environment.get_template(template).render(
            lang=spoken(),
            here=self.request.url.path,
            visitor=self.visitor,
            needs_login=site.access.needs_login,
            rehearsal=site.clock.rehearsal,
            now=site.now(),
            speed=site.speed,
            moments=self.pages.moments,
            zone=site.project().settings.timezone,
            **values,
        )
        # No page is made of a secret; should one ever get into a text, it is masked all the same.
        masked = SECRETS(None, "", {"page": text})["page"]
        headers = {"Content-Language": spoken(), "Vary": "Accept-Language, Cookie"}
        return HTMLResponse(masked, status_code=status, headers=headers)

    def say(self, title: str, detail: str, *, status: int = 200, back: str = "/") -> Response:
        """Return a page that says one thing."""
        return self.show("notice.html", status=status, title=title, detail=detail, back=back)

    def refuse(self, status: int, why: str, back: str = "/channels") -> Response:
        """Return a page that says why nothing was changed."""
        return self.say(_("Nothing was changed"), why, status=status, back=back)


def page_of(request: Request) -> Page:
    """Return the page that answers a request."""
    return Page(request, request.app.state.pages)


PageHere = Annotated[Page, Depends(page_of)]
