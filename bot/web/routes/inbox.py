"""The inbox, read like a conversation: the newest at the end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from fastapi import APIRouter
from markupsafe import Markup
from starlette.responses import Response

from bot.content.message import Message
from bot.ledger.rows import InboxRow
from bot.web.app_state import SiteHere
from bot.web.pages import PageHere, Pages
from bot.web.previews import draw_preview

router = APIRouter(include_in_schema=False)

SHOWN = 12
MOST = 200


@dataclass(frozen=True)
class Line:
    """A message of the conversation, and the local date on which it came."""

    channel: str
    key: str
    at: datetime
    date: date
    html: Markup
    is_posting: bool


@router.get("/inbox")
def inbox(site: SiteHere, page: PageHere, channel: str = "", show: int = SHOWN) -> Response:
    """Show the messages of one local channel, or of all."""
    project = site.project()
    local = [
        name for name, channel_ in project.channels.items() if channel_.platform.name == "inbox"
    ]
    most = max(1, min(show, MOST))
    messages = site.ledger.inbox(channel=channel or None, limit=most + 1)
    lines = [_line(page.pages, row) for row in reversed(messages[:most])]
    return page.show(
        "inbox.html",
        lines=lines,
        channel=channel,
        channels=local[:500],
        more=most + SHOWN if len(messages) > most and most < MOST else None,
    )


def _line(pages: Pages, row: InboxRow) -> Line:
    html = draw_preview("inbox", {"json": {"text": row.text}}, Message.from_json(row.message))
    zone = pages.zone_of(row.channel)
    is_posting = not row.key.startswith("test/")
    return Line(row.channel, row.key, row.at, row.at.astimezone(zone).date(), html, is_posting)
