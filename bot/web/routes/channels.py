"""Where Vigilia posts: how each channel stands, a test, and the end of a pause."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import RedirectResponse, Response

from bot.channels.channel import Channel
from bot.channels.outcome import Delivered
from bot.delivery.test_message import send_test
from bot.errors import VigiliaError
from bot.ledger.rows import PausedChannel
from bot.web.app_state import SiteHere
from bot.web.forecast import PostingGroup
from bot.web.i18n import _
from bot.web.labels import test_text
from bot.web.pages import Page, PageHere

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
    site: SiteHere,
    page: PageHere,
    q: str = "",
    number: Annotated[int, Query(alias="page", ge=1, le=10_000)] = 1,
    done: str = "",
    to: str = "",
) -> Response:
    """Show the channels, so many on a page."""
    project, now = site.project(), site.now()
    names = [name for name in project.channels if q.strip().lower() in name]
    here = names[(number - 1) * SHOWN : number * SHOWN]
    paused, last = site.ledger.paused_channels(), site.ledger.last_delivered(here)
    places = [
        Place(
            channel=project.channels[name],
            paused=paused.get(name),
            last=last.get(name),
            next=site.forecast().next_of(name, now),
        )
        for name in here
    ]
    until = site.ledger.paused_until()
    return page.show(
        "channels.html",
        places=places,
        q=q,
        page=number,
        pages_in_all=max(1, -(-len(names) // SHOWN)),
        count=len(names),
        paused_until=until if until is not None and until > now else None,
        done=done if done in ("test", "resume", "pause", "go-on") else "",
        to=to if to in project.channels else "",
    )


@router.get("/channels/test")
def ask_test(site: SiteHere, page: PageHere, channel: str) -> Response:
    """Ask before a test message is sent."""
    place = site.project().channels.get(channel)
    if place is None:
        return _unknown(page)
    return page.show("channel_test.html", channel=place)


@router.post("/channels/test")
def test(site: SiteHere, page: PageHere) -> Response:
    """Send a clearly marked test message; a good one ends the channel's pause."""
    name = page.form.get("channel", "")
    channel = site.project().channels.get(name)
    if channel is None:
        return _unknown(page)
    try:
        outcome = send_test(site.project(), channel, site.poster)
        if isinstance(outcome, Delivered):
            if name in site.ledger.paused_channels():
                site.ledger.resume_channel(name, site.now())
                site.wake()
            return RedirectResponse(f"/channels?done=test&to={name}", 303)
    except VigiliaError as error:
        return page.say(_("The test did not arrive"), str(error), status=409, back="/channels")
    return page.say(_("The test did not arrive"), test_text(name, outcome), back="/channels")


@router.post("/channels/resume")
def resume(site: SiteHere, page: PageHere) -> Response:
    """End the pause of a channel: what is still useful goes out, the rest is missed."""
    name = page.form.get("channel", "")
    if name not in site.project().channels:
        return _unknown(page)
    site.ledger.resume_channel(name, site.now())
    site.wake()
    return RedirectResponse(f"/channels?done=resume&to={name}", 303)


@router.post("/pause")
def pause(site: SiteHere, page: PageHere) -> Response:
    """Hold everything for some hours: when the news makes a planned posting wrong."""
    hours = page.form.get("hours", "")
    if not hours.isascii() or not hours.isdigit() or not 1 <= int(hours) <= LONGEST_PAUSE_H:
        sentence = _("Say for how many hours: from 1 to {most}.").format(most=LONGEST_PAUSE_H)
        return page.refuse(422, sentence)
    site.decisions().pause(site.now() + timedelta(hours=int(hours)))
    return RedirectResponse("/channels?done=pause", 303)


@router.post("/go-on")
def go_on(site: SiteHere) -> Response:
    """End the pause of everything."""
    site.decisions().resume()
    site.wake()
    return RedirectResponse("/channels?done=go-on", 303)


def _unknown(page: Page) -> Response:
    return page.refuse(404, _("The configuration has no such channel any more."))
