"""The HTML part of an e-mail as a document of its own: no script, nothing loaded, framed here only.

It is the one page with styles within, as mail programs need them; its policy and the frame's
sandbox keep it apart from all others.
"""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import HTMLResponse, Response

from bot.logs import SECRETS
from bot.web.app_state import SiteHere
from bot.web.problems import problem
from bot.web.routes.posting import find_posting, shown_request

router = APIRouter(include_in_schema=False)

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
    ),
    "X-Frame-Options": "SAMEORIGIN",
}

_NONE = "There is no e-mail of this key."


@router.get("/mail-part/{key:path}")
def mail_part(site: SiteHere, key: str) -> Response:
    """Return the HTML part of the e-mail that a posting is."""
    shown = find_posting(site, key)
    channel = site.project().channels.get(shown.about.channel) if shown else None
    if shown is None or shown.message is None or channel is None:
        return problem(404, _NONE)
    request = shown_request(channel, shown.message, shown.about)
    parts = request.get("mime", {}).get("parts", ()) if request else ()
    part = next((part["text"] for part in parts if part["type"] == "text/html"), None)
    if part is None:
        return problem(404, _NONE)
    # A link opens beside the page and never within the frame.
    page = part.replace("<head>", '<head><base target="_blank">', 1)
    return HTMLResponse(SECRETS(None, "", {"page": page})["page"], headers=HEADERS)
