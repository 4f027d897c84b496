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
_MOST_KEPT = 200


@dataclass(frozen=True)
class Kept:
    """Some content, and the whole second (UTC) in which it was first found to be so."""

    content: bytes
    changed: datetime

    @property
    def tag(self) -> str:
        """What stands for exactly this content."""
        return f'"{hashlib.sha256(self.content).hexdigest()[:32]}"'


class Shelf:
    """Content that is made when somebody asks, and not made again for a while."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, Kept]] = {}

    def get(self, name: str, make: Callable[[], bytes], kept_s: float) -> Kept:
        """Return the content of that name, made at most so many seconds ago."""
        with self._lock:
            at, found = time.monotonic(), self._kept.get(name)
            if found is not None and at - found[0] < kept_s:
                return found[1]
            content = make()
            if found is not None and found[1].content == content:
                kept = found[1]
            else:
                kept = Kept(content, SystemClock().now().replace(microsecond=0))
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            self._kept[name] = (at, kept)
            return kept


def revalidated(request: Request, kept: Kept, kind: str) -> Response:
    """Return the content, or 304 to whoever has it already."""
    headers = {
        "ETag": kept.tag,
        "Last-Modified": format_datetime(kept.changed, usegmt=True),
        "Cache-Control": "private, no-cache",
    }
    if _has_it(request, kept):
        return Response(status_code=304, headers=headers)
    return Response(kept.content, media_type=kind, headers=headers)


def _has_it(request: Request, kept: Kept) -> bool:
    """Whether the asker has this content. A tag goes before a date (RFC 9110, 13.2.2)."""
    tags = request.headers.get("if-none-match")
    if tags is not None:
        return tags.strip() == "*" or kept.tag in _TAGS.findall(tags)
    try:
        since = parsedate_to_datetime(request.headers.get("if-modified-since", ""))
        return kept.changed <= since.replace(tzinfo=since.tzinfo or UTC)
    except (ValueError, OverflowError):
        return False
