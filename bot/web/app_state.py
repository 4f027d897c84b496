"""All that a page may ask for, put together once when the page starts."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated

from fastapi import Depends, Request

from bot.clock import Clock
from bot.delivery.decisions import Decisions
from bot.delivery.poster import Poster
from bot.ledger.ledger import Ledger
from bot.oversight.metrics import Metrics
from bot.project.load import Project
from bot.web.access import Access
from bot.web.forecast import Forecast
from bot.web.visitors import LoginLimit, Visitors


@dataclass
class Site:
    """The page of one running service. Used by many threads at once.

    ``project`` is asked at each request, so that a reloaded configuration shows from then on.
    ``wake`` makes the service look at the ledger now; ``health_problem`` returns what does not
    get on with its work, in a sentence. ``closing`` is set when the page is to end.
    """

    project: Callable[[], Project]
    ledger: Ledger
    clock: Clock
    access: Access
    poster: Poster
    wake: Callable[[], None]
    health_problem: Callable[[], str | None]
    metrics: Metrics
    speed: float = 1.0
    visitors: Visitors = field(default_factory=Visitors)
    logins: LoginLimit = field(default_factory=LoginLimit)
    closing: threading.Event = field(default_factory=threading.Event)
    _forecast: Forecast | None = field(default=None, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def decisions(self, who: str = "", why: str = "") -> Decisions:
        """Return what somebody may decide now."""
        return Decisions(self.project(), self.ledger, self.clock, who, why)

    def now(self) -> datetime:
        """Return the present instant of the service, UTC: a rehearsal's, where it is one."""
        return self.clock.now()

    def today(self) -> date:
        """Return the date of the group's own time zone."""
        return self.now().astimezone(self.project().settings.timezone).date()

    def forecast(self) -> Forecast:
        """Return what comes, of the configuration as it is now."""
        project = self.project()
        with self._lock:
            if self._forecast is None or self._forecast.project is not project:
                self._forecast = Forecast(project, self.clock.now())
            return self._forecast


def site_of(request: Request) -> Site:
    """Return the site that a request is for."""
    site: Site = request.app.state.site
    return site


SiteHere = Annotated[Site, Depends(site_of)]
