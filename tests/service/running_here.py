"""A service of this very process, in a thread, so that its parts can be looked at and hurt."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from bot.assembly import assembled
from bot.clock import Clock
from bot.engines.embedded import EmbeddedEngine
from bot.ledger.ledger import Ledger
from bot.project.load import Project
from bot.service import Service
from bot.stopping import Stop
from tests.service.installation import Installation

URL = "sqlite:///var/vigilia.db"


@dataclass(frozen=True)
class Here:
    """The parts of a running service."""

    service: Service
    engine: EmbeddedEngine
    ledger: Ledger
    run: str


@contextmanager
def running(
    installed: Installation, clock: Clock, project: Project | None = None
) -> Iterator[Here]:
    """Runs a service while the block does, and sees that it ends."""
    project = project or installed.project()
    with assembled(project, clock, URL, record_for=timedelta(0)) as parts:
        service = Service(
            ledger=parts.ledger,
            run=parts.run,
            clock=clock,
            engine=parts.engine,
            project=lambda: project,
        )
        stop = Stop()
        thread = threading.Thread(target=service.run, args=(stop,))
        thread.start()
        assert isinstance(parts.engine, EmbeddedEngine)
        try:
            yield Here(service, parts.engine, parts.ledger, parts.run)
        finally:
            stop.ask()
            thread.join(20)
            assert not thread.is_alive()
