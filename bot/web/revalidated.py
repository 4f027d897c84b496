"""Answers that whoever has them already need not get again (RFC 9110, 13.1.2)."""

from __future__ import annotations

import hashlib
import re

from starlette.requests import Request
from starlette.responses import Response

_TAGS = re.compile(r'(?:W/)?("[^"]*")')


def revalidated(request: Request, content: bytes, kind: str) -> Response:
    """Gives the content with its ETag; nothing but that where the request names it."""
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    asked = request.headers.get("if-none-match", "")
    if asked.strip() == "*" or tag in _TAGS.findall(asked):
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=kind, headers=headers)
