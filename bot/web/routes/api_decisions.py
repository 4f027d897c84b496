"""The API's changes: what the commands of the same names do. With the token only."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from bot.delivery.decisions import CannotRetractError
from bot.errors import LedgerError
from bot.schemas import Instant, Schema
from bot.web.app_state import Site, SiteHere
from bot.web.routes.api import LONGEST_KEY, PostingSchema, api_router, found_posting, posting_schema
from bot.web.routes.channels import LONGEST_PAUSE_H
from bot.web.routes.decisions import LONGEST_NAME, LONGEST_WHY, make_decision, refusal_text

router = api_router("deciding")


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Decided(_Body):
    """About which posting, who decides, and why; the last two are kept with the decision."""

    key: str = Field(min_length=1, max_length=LONGEST_KEY)
    who: str = Field(pattern=r"\S", max_length=LONGEST_NAME)
    why: str = Field(default="", max_length=LONGEST_WHY)


class Approved(Decided):
    """An approval is of the words that were read, which ``digest`` of the posting stands for."""

    digest: str = Field(min_length=1, max_length=100)


class Resolved(Decided):
    """What was found in the channel: it is there, or it is to be sent again."""

    how: Literal["delivered", "resend"]


class Paused(_Body):
    """Until when nothing is posted, at most a month ahead."""

    until: AwareDatetime


class PauseSchema(Schema):
    """Until when nothing is posted; null: it is."""

    paused_until: Instant | None


def _done(site: Site, body: Decided, action: str) -> PostingSchema:
    """Make a decision; return the posting as it then stands. Raises HTTPException."""
    details = found_posting(site, body.key)
    try:
        make_decision(site, details, action, body.who.strip(), body.why.strip())
    except (LedgerError, CannotRetractError) as error:
        raise HTTPException(409, refusal_text(error)) from None
    site.wake()
    return posting_schema(site, found_posting(site, body.key))


@router.post("/approve")
def approve(site: SiteHere, body: Approved) -> PostingSchema:
    """Approves the words of a posting, also ahead of its day. 409 where they are others by now."""
    if found_posting(site, body.key).digest != body.digest:
        raise HTTPException(409, "The words are not those that 'digest' stands for. Read them.")
    return _done(site, body, "approve")


@router.post("/hold")
def hold(site: SiteHere, body: Decided) -> PostingSchema:
    """Holds a posting back until somebody approves it."""
    return _done(site, body, "hold")


@router.post("/skip")
def skip(site: SiteHere, body: Decided) -> PostingSchema:
    """Leaves a posting out, this once."""
    return _done(site, body, "skip")


@router.post("/retry")
def retry(site: SiteHere, body: Decided) -> PostingSchema:
    """Tries a posting again that failed, was missed, skipped or is held back."""
    return _done(site, body, "retry")


@router.post("/resolve")
def resolve(site: SiteHere, body: Resolved) -> PostingSchema:
    """Settles a posting that may have arrived, once somebody has looked into the channel."""
    return _done(site, body, "arrived" if body.how == "delivered" else "resend")


@router.post("/retract")
def retract(site: SiteHere, body: Decided) -> PostingSchema:
    """Takes a post back from its channel, where the platform lets it be deleted."""
    return _done(site, body, "take-back")


@router.post("/pause")
def pause(site: SiteHere, body: Paused) -> PauseSchema:
    """Holds everything back until an instant."""
    now = site.now()
    if not now < body.until <= now + timedelta(hours=LONGEST_PAUSE_H):
        raise HTTPException(409, f"'until' is an instant of the next {LONGEST_PAUSE_H // 24} days.")
    site.decisions().pause(body.until)
    return PauseSchema(paused_until=body.until)


@router.post("/resume")
def resume(site: SiteHere) -> PauseSchema:
    """Ends a pause: what is still useful is posted, the rest is recorded as missed."""
    site.decisions().resume()
    site.wake()
    return PauseSchema(paused_until=None)
