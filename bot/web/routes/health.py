"""Whether the service answers: for a supervisor's probe. It says nothing about postings."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import PlainTextResponse, Response

router = APIRouter(include_in_schema=False)


@router.get("/healthz")
async def healthz() -> Response:
    """Answers 200 while the process serves requests."""
    return PlainTextResponse("ok\n")
