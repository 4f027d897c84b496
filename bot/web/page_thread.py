"""The page of a service: begun and ended with it, and never in its way.

Whatever keeps the page from being served is told in the log, and keeps nothing else. The libraries
of the page are imported in its own thread, after the service is under way.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from bot.errors import LedgerError
from bot.ledger.ledger import Ledger
from bot.logs import log
from bot.settings.listening import Listen
from bot.web.access import Access

if TYPE_CHECKING:
    from bot.assembly import Assembly
    from bot.clock import Clock

_PATIENCE_S = 2.0
_INDEX_EVERY_S = 10.0
_INDEX_AT_ONCE = 50
_INDEX_PAUSE_S = 0.02
_INDEX_REST_S = 60.0


@contextmanager
def open_page(
    parts: Assembly,
    access: Access | None,
    clock: Clock,
    *,
    speed: float = 1.0,
    announce: Callable[[str], None] = lambda _address: None,
) -> Iterator[None]:
    """Have the page open while the block runs; none without ``access``. ``announce`` is called with
    its address as soon as it can be opened."""
    listening = _listening(access.listen) if access else None
    if access is None or listening is None:
        yield
        return
    from bot.oversight.metrics import Metrics  # noqa: PLC0415 - only where there is a page

    metrics = Metrics(parts.courier.project, parts.ledger, clock, parts.health_problem)
    parts.courier.listeners = (*parts.courier.listeners, metrics.heard)
    closing = threading.Event()
    host, port = listening.getsockname()[:2]
    address = f"http://{Listen(host, port).text}/"

    def serve() -> None:
        try:
            from bot.web.app_state import Site  # noqa: PLC0415 - in the page's own thread
            from bot.web.server import serve as serve_site  # noqa: PLC0415

            site = Site(
                project=parts.courier.project,
                ledger=parts.ledger,
                clock=clock,
                access=access,
                poster=parts.courier.poster,
                wake=parts.engine.wake,
                health_problem=parts.health_problem,
                metrics=metrics,
                speed=speed,
                closing=closing,
            )
            serve_site(site, listening)
        except Exception as error:  # noqa: BLE001 - the page must not be what ends the service
            log("page-off", f"The page met a defect and is off: {error}", level="error")

    index = partial(_index_words, parts.ledger, closing)
    threads = [
        threading.Thread(target=target, name=name, daemon=True)
        for name, target in (("page", serve), ("words", index))
    ]
    for thread in threads:
        thread.start()
    log("page", f"The page is at {address}", address=address)
    announce(address)
    try:
        yield
    finally:
        closing.set()
        for thread in threads:
            thread.join(_PATIENCE_S)
        listening.close()


def _listening(listen: Listen) -> socket.socket | None:
    """Return a socket that listens; None, and a record in the log, where nothing can."""
    try:
        return bound(listen)
    except OSError as error:
        log(
            "page-off",
            f"The page cannot listen on {listen} ({error.strerror or error}): perhaps another "
            "program uses the port. Postings go out all the same. Give 'listen' under [web] in "
            "config/vigilia.toml another port.",
            level="error",
        )
        return None


def bound(listen: Listen) -> socket.socket:
    """Return a socket that listens there. Raises OSError."""
    family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((listen.host, listen.port))
        listening.listen(128)
    except OSError:
        listening.close()
        raise
    return listening


def _index_words(ledger: Ledger, closing: threading.Event) -> None:
    """Make what was sent findable, while nothing is being sent."""
    pause = _INDEX_EVERY_S
    while not closing.wait(pause):
        pause = _INDEX_EVERY_S
        try:
            if ledger.fan_out() is None and ledger.index_words(_INDEX_AT_ONCE):
                pause = _INDEX_PAUSE_S
        except LedgerError:
            # whoever posts says so, and louder
            pause = _INDEX_REST_S
