"""What happens at this moment, as server-sent events: how far a fan-out is, and that something
changed."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from datetime import datetime
from threading import Lock
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from bot.errors import LedgerError
from bot.ledger.rows import State
from bot.web.app_state import Site, SiteHere

router = APIRouter(include_in_schema=False)

LOOK_S = 0.5
KEEP_ALIVE_S = 15.0
MOST_LISTENERS = 50


class Pulse:
    """What the ledger says at this moment, asked at most twice a second however many listen."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._lock = Lock()
        self._asked_at = 0.0
        self._state: dict[str, Any] = {}
        self._since: datetime | None = None
        self.listeners = 0

    def now(self) -> dict[str, Any]:
        """Return ``{mark, progress}``; progress is None while nothing is being sent."""
        with self._lock:
            if time.monotonic() - self._asked_at >= LOOK_S:
                self._state = self._look()
                self._asked_at = time.monotonic()
            return self._state

    def _look(self) -> dict[str, Any]:
        try:
            fan_out = self._site.ledger.fan_out(self._since)
            mark = self._site.ledger.change_mark()
        except LedgerError:
            return self._state
        self._since = fan_out.since if fan_out else None
        if fan_out is None:
            return {"mark": mark, "progress": None}
        counts = fan_out.counts
        return {
            "mark": f"{mark}-{fan_out.done}",
            "progress": {
                "total": fan_out.total,
                "done": fan_out.done,
                "delivered": counts.get(State.DELIVERED, 0),
                "trouble": counts.get(State.FAILED, 0) + counts.get(State.UNKNOWN, 0),
            },
        }


@router.get("/live")
async def live(request: Request, site: SiteHere) -> Response:
    """Stream what changes, until the browser leaves or the service ends."""
    pulse: Pulse = request.app.state.pulse
    if pulse.listeners >= MOST_LISTENERS:
        return PlainTextResponse("Too many listen already.\n", 503)
    return StreamingResponse(
        _events(request, site, pulse),
        media_type="text/event-stream",
        headers={"X-Accel-Buffering": "no"},
    )


async def _events(request: Request, site: Site, pulse: Pulse) -> AsyncIterator[str]:
    pulse.listeners += 1
    state: dict[str, Any] | None = None
    quiet_since = time.monotonic()
    try:
        yield "retry: 3000\n\n"
        while not site.closing.is_set() and not await request.is_disconnected():
            now = await run_in_threadpool(pulse.now)
            if now != state:
                state = now
                quiet_since = time.monotonic()
                yield f"data: {json.dumps(state)}\n\n"
            elif time.monotonic() - quiet_since > KEEP_ALIVE_S:
                quiet_since = time.monotonic()
                yield ": still here\n\n"
            await asyncio.sleep(LOOK_S)
    finally:
        pulse.listeners -= 1
