"""What a program is told when it does not get what it asked for: RFC 9457, ``problem+json``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

PROBLEM_JSON = "application/problem+json"

# as RFC 9110 calls them, which older versions of Python do not
_NEW_PHRASES = {413: "Content Too Large", 422: "Unprocessable Content"}

PROBLEM_SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"where": {"type": "string"}, "message": {"type": "string"}},
                "required": ["where", "message"],
            },
        },
    },
    "required": ["type", "title", "status", "detail"],
}


def problem(
    status: int,
    detail: str,
    *,
    errors: Sequence[Mapping[str, str]] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """Return an answer that says in ``detail`` what is wrong, for a person to read."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": _NEW_PHRASES.get(status) or HTTPException(status).detail,
        "status": status,
        "detail": detail,
    }
    if errors:
        body["errors"] = list(errors)
    return JSONResponse(body, status, dict(headers or {}), PROBLEM_JSON)
