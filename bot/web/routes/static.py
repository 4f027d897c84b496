"""Style and script, from memory; their addresses change with their content."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from bot.web.i18n import _
from bot.web.pages import PageHere

router = APIRouter(include_in_schema=False)


@router.get("/static/{name:path}")
async def static(page: PageHere, name: str, v: str = "") -> Response:
    """Return a static file."""
    file = page.pages.static.get(name)
    if file is None:
        return page.say(_("There is no such page"), "", status=404)
    caching = "public, max-age=31536000, immutable" if v == file.version else "no-cache"
    return Response(file.content, media_type=file.kind, headers={"Cache-Control": caching})
