"""The page's server: a thread beside the service, which never waits for it."""

from __future__ import annotations

import socket

import uvicorn

from bot.web.app import build_app
from bot.web.site import Site

PATIENCE_S = 1
"""How long answers under way may take at the end; the service has 10 s for all of its end."""


def server_of(site: Site) -> uvicorn.Server:
    """Gives the server of a site, which :func:`serve` runs."""
    return uvicorn.Server(
        uvicorn.Config(
            build_app(site),
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            ws="none",
            http="h11",
            timeout_graceful_shutdown=PATIENCE_S,
            limit_concurrency=256,
            # a connection that rests must not keep the service from ending
            timeout_keep_alive=5,
        )
    )


def serve(site: Site, listening: socket.socket) -> None:
    """Serves until the site is closing. Called in a thread of its own."""
    server = server_of(site)
    site.ends(lambda: setattr(server, "should_exit", True))
    server.run(sockets=[listening])
