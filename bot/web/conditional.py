"""Answers that whoever has them already need not get again (RFC 9110, 13.1)."""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from starlette.requests import Request
from starlette.responses import Response

from bot.clock import SystemClock

_TAGS = re.compile(r'(?:W/)?("[^"]*")')
_MOST_CACHED = 200


@dataclass(frozen=True)
class Snapshot:
    """Some content, and the whole second (UTC) in which it was first found to be so."""

    content: bytes
    changed: datetime

    @property
    def tag(self) -> str:
        """What stands for exactly this content."""
        return f'"{hashlib.sha256(self.content).hexdigest()[:32]}"'


class ContentCache:
    """Content that is made when somebody asks, and not made again for a while."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cached: dict[str, tuple[float, Snapshot]] = {}

    def get(self, name: str, make: Callable[[], bytes], max_age_s: float) -> Snapshot:
        """Return the content of that name, made at most so many seconds ago."""
        with self._lock:
            at, cached = time.monotonic(), self._cached.get(name)
            if cached is not None and at - cached[0] < max_age_s:
                return cached[1]
            body = make()
            if cached is not None and cached[1].content == body:
                snapshot = cached[1]
            else:
                snapshot = Snapshot(body, SystemClock().now().replace(microsecond=0))
            if len(self._cached) >= _MOST_CACHED:
                self._cached.clear()
            self._cached[name] = (at, snapshot)
            return snapshot


def conditional(request: Request, snapshot: Snapshot, kind: str) -> Response:
    """Return the content, or 304 to whoever has it already."""
    headers = {
        "ETag": snapshot.tag,
        "Last-Modified": format_datetime(snapshot.changed, usegmt=True),
        "Cache-Control": "private, no-cache",
    }
    if _has_it(request, snapshot):
        return Response(status_code=304, headers=headers)
    return Response(snapshot.content, media_type=kind, headers=headers)


def _has_it(request: Request, snapshot: Snapshot) -> bool:
    """Whether the asker has this content. A tag goes before a date (RFC 9110, 13.2.2)."""
    tags = request.headers.get("if-none-match")
    if tags is not None:
        return tags.strip() == "*" or snapshot.tag in _TAGS.findall(tags)
    try:
        since = parsedate_to_datetime(request.headers.get("if-modified-since", ""))
        return snapshot.changed <= since.replace(tzinfo=since.tzinfo or UTC)
    except (ValueError, OverflowError):
        return False
