"""The page's server: a thread beside the service, which never waits for it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from functools import partial

import uvicorn

from bot.web.app import build_app
from bot.web.app_state import Site
from bot.web.i18n import LANGUAGES, catalogue
from bot.web.pages import Pages

PATIENCE_S = 1
"""How long answers under way may take at the end; the service has 10 s for all of its end."""

_PAUSE_S = 0.02


def serve(site: Site, listening: socket.socket) -> None:
    """Serve until the site is closing. Called in a thread of its own."""
    pages = Pages(site)
    server = uvicorn.Server(
        uvicorn.Config(
            build_app(site, pages),
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            # the guard writes it: here it would be as old as the last tick
            date_header=False,
            ws="none",
            http="h11",
            timeout_graceful_shutdown=PATIENCE_S,
            limit_concurrency=256,
            # a connection that rests must not keep the service from ending
            timeout_keep_alive=5,
        )
    )

    def end() -> None:
        site.closing.wait()
        server.should_exit = True

    threading.Thread(target=end, name="page-end", daemon=True).start()
    threading.Thread(target=_warm, args=(site, pages), name="warm", daemon=True).start()
    server.run(sockets=[listening])


def _warm(site: Site, pages: Pages) -> None:
    """Work out beforehand what the first visitor would wait for; with pauses, as postings come
    first."""
    now = site.now()
    forecast, templates = site.forecast(), pages.environment
    steps: tuple[Callable[[], object], ...] = (
        *(partial(templates.get_template, name) for name in templates.list_templates()),
        *(partial(catalogue, code) for code in LANGUAGES),
        lambda: pages.moments,
        lambda: forecast.year(now.year),
        lambda: forecast.within(now, now + site.project().settings.approval.lead),
        lambda: forecast.going_stale(now),
    )
    for step in steps:
        if site.closing.wait(_PAUSE_S):
            return
        step()
