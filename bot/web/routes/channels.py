"""Where Vigilia posts: how each channel stands, a test, and the end of a pause."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from bot.channels.channel import Channel
from bot.channels.outcome import Delivered
from bot.delivery.test_message import send_test
from bot.errors import VigiliaError
from bot.ledger.rows import PausedChannel
from bot.web.app_state import SiteHere
from bot.web.forecast import PostingGroup
from bot.web.guard import caller_of
from bot.web.i18n import _
from bot.web.labels import test_text
from bot.web.pages import PagesHere

router = APIRouter(include_in_schema=False)

SHOWN = 50
LONGEST_PAUSE_H = 24 * 31


@dataclass(frozen=True)
class Place:
    """A channel as it stands: its pause, its last success (UTC), and what it posts next."""

    channel: Channel
    paused: PausedChannel | None
    last: datetime | None
    next: PostingGroup | None


@router.get("/channels")
def channels(
    request: Request,
    site: SiteHere,
    pages: PagesHere,
    q: str = "",
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
    done: str = "",
    to: str = "",
) -> Response:
    """Show the channels, so many on a page."""
    project, now = site.project(), site.now()
    names = [name for name in project.channels if q.strip().lower() in name]
    here = names[(page - 1) * SHOWN : page * SHOWN]
    paused, last = site.ledger.paused_channels(), site.ledger.last_delivered(here)
    places = []
    for name in here:
        places.append(
            Place(
                project.channels[name],
                paused.get(name),
                last.get(name),
                site.forecast().next_of(name, now),
            )
        )
    until = site.ledger.paused_until()
    return pages.show(
        request,
        "channels.html",
        places=places,
        q=q,
        page=page,
        pages_in_all=max(1, -(-len(names) // SHOWN)),
        count=len(names),
        paused_until=until if until is not None and until > now else None,
        done=done if done in ("test", "resume", "pause", "go-on") else "",
        to=to if to in project.channels else "",
    )


@router.get("/channels/test")
def ask_test(request: Request, site: SiteHere, pages: PagesHere, channel: str) -> Response:
    """Ask before a test message is sent."""
    place = site.project().channels.get(channel)
    if place is None:
        return _unknown(request, pages)
    return pages.show(request, "channel_test.html", channel=place)


@router.post("/channels/test")
def test(request: Request, site: SiteHere, pages: PagesHere) -> Response:
    """Send a clearly marked test message; a good one ends the channel's pause."""
    name = caller_of(request).form.get("channel", "")
    channel = site.project().channels.get(name)
    if channel is None:
        return _unknown(request, pages)
    try:
        outcome = send_test(site.project(), channel, site.poster)
        if isinstance(outcome, Delivered):
            if name in site.ledger.paused_channels():
                site.ledger.resume_channel(name, site.now())
                site.wake()
            return RedirectResponse(f"/channels?done=test&to={name}", 303)
    except VigiliaError as error:
        return pages.say(
            request, _("The test did not arrive"), str(error), status=409, back="/channels"
        )
    return pages.say(
        request, _("The test did not arrive"), test_text(name, outcome), back="/channels"
    )


@router.post("/channels/resume")
def resume(request: Request, site: SiteHere, pages: PagesHere) -> Response:
    """End the pause of a channel: what is still useful goes out, the rest is missed."""
    name = caller_of(request).form.get("channel", "")
    if name not in site.project().channels:
        return _unknown(request, pages)
    site.ledger.resume_channel(name, site.now())
    site.wake()
    return RedirectResponse(f"/channels?done=resume&to={name}", 303)


@router.post("/pause")
def pause(request: Request, site: SiteHere, pages: PagesHere) -> Response:
    """Hold everything for some hours: when the news makes a planned posting wrong."""
    hours = caller_of(request).form.get("hours", "")
    if not hours.isascii() or not hours.isdigit() or not 1 <= int(hours) <= LONGEST_PAUSE_H:
        sentence = _("Say for how many hours: from 1 to {most}.").format(most=LONGEST_PAUSE_H)
        return pages.say(request, _("Nothing was changed"), sentence, status=422, back="/channels")
    site.decisions().pause(site.now() + timedelta(hours=int(hours)))
    return RedirectResponse("/channels?done=pause", 303)


@router.post("/go-on")
def go_on(site: SiteHere) -> Response:
    """End the pause of everything."""
    site.decisions().resume()
    site.wake()
    return RedirectResponse("/channels?done=go-on", 303)


def _unknown(request: Request, pages: PagesHere) -> Response:
    sentence = _("The configuration has no such channel any more.")
    return pages.say(request, _("Nothing was changed"), sentence, status=404, back="/channels")
