"""The page's server: a thread beside the service, which never waits for it."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import uvicorn

from bot.web.app import build_app
from bot.web.app_state import Site
from bot.web.i18n import LANGUAGES, catalogue
from bot.web.pages import Pages

PATIENCE_S = 1
"""How long answers under way may take at the end; the service has 10 s for all of its end."""

_PAUSE_S = 0.02


class _Server(uvicorn.Server):
    """Sleeps until somebody asks for something or it is to end. uvicorn's own wakes ten times a
    second to see whether it is, which was half of what an idle service took."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._told = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def main_loop(self) -> None:
        self._loop = asyncio.get_running_loop()
        # asked after the loop is known: whoever says it in between is heard by one of the two
        if not self.should_exit:
            await self._told.wait()

    def end(self) -> None:
        """Ends it, from any thread."""
        self.should_exit = True
        if self._loop is not None:
            with suppress(RuntimeError):  # it has ended by itself
                self._loop.call_soon_threadsafe(self._told.set)


def serve(site: Site, listening: socket.socket) -> None:
    """Serves until the site is closing. Called in a thread of its own."""
    pages = Pages(site)
    server = _Server(
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
    site.ends(server.end)
    threading.Thread(target=_warm, args=(site, pages), name="warm", daemon=True).start()
    server.run(sockets=[listening])


def _warm(site: Site, pages: Pages) -> None:
    """Works out beforehand what the first visitor would wait for; with pauses, as postings come
    first."""
    now = site.now()
    forecast = site.forecast()
    steps: tuple[Callable[[], object], ...] = (
        *(partial(pages.compiled, name) for name in pages.templates()),
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
