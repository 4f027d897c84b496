"""Decisions: asked first, with what will happen; then made, under the name of who made them."""

from __future__ import annotations

import getpass
from urllib.parse import quote

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from bot.channels.outcome import Delivered
from bot.delivery.decisions import NotTakenBackError, UnreadError
from bot.delivery.test_message import send_preview
from bot.errors import LedgerError, PausedError, VigiliaError
from bot.planning import Posting
from bot.web.app_state import Site, SiteHere
from bot.web.decisions import CHOICES
from bot.web.i18n import _
from bot.web.labels import reason_text, test_text
from bot.web.pages import Page, PageHere, posting_path
from bot.web.routes.posting import PostingDetails, find_posting

router = APIRouter(include_in_schema=False)

LONGEST_WHY = 500
LONGEST_NAME = 80


def _user() -> str:
    """Return the name of this machine's user: it stands in the form where nobody logged in."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


@router.get("/decide")
def ask(site: SiteHere, page: PageHere, action: str = "", key: str = "") -> Response:
    """Ask once more, and say what will happen."""
    details = find_posting(site, key)
    choice = CHOICES.get(action)
    if details is None or choice is None or choice not in details.choices:
        return _too_late(page, key)
    return page.show(
        "confirm.html",
        choice=choice,
        details=details,
        about=details.about,
        key=key,
        who=page.visitor.name or _user(),
        named_by_login=page.visitor.name is not None,
    )


@router.post("/decide")
def decide(site: SiteHere, page: PageHere) -> Response:
    """Make the decision, and show the posting as it then stands."""
    form = page.form
    key, action = form.get("key", ""), form.get("action", "")
    details = find_posting(site, key)
    choice = CHOICES.get(action)
    if details is None or choice is None or choice not in details.choices:
        return _too_late(page, key)
    if action in ("approve", "send") and form.get("digest", "") != details.digest:
        sentence = _("The words changed while you were reading them. Read them once more.")
        return page.refuse(409, sentence, posting_path(key))
    who = page.visitor.name or form.get("who", "").strip()[:LONGEST_NAME]
    if not who:
        sentence = _("Say who decides: the name is kept with the decision.")
        return page.refuse(422, sentence, posting_path(key))
    try:
        make_decision(site, details, action, who, form.get("why", "").strip()[:LONGEST_WHY])
    except VigiliaError as error:
        return page.refuse(409, refusal_text(error), posting_path(key))
    site.wake()
    return RedirectResponse(f"{posting_path(key)}?done={action}", 303)


def make_decision(site: Site, details: PostingDetails, action: str, who: str, why: str) -> None:
    """Make a decision of a page's or the API's. Raises VigiliaError."""
    decisions, about = site.decisions(who, why), details.about
    match action:
        case "approve":
            decisions.approve(about.key, details.digest)
        case "hold":
            decisions.hold(about.key)
        case "skip":
            decisions.skip(about.key)
        case "retry":
            decisions.retry(about.key)
        case "arrived":
            decisions.resolve(about.key, "delivered")
        case "resend":
            decisions.resolve(about.key, "resend")
        case "take-back":
            decisions.retract(about.key, site.poster)
        case "retract":
            decisions.retract(about.key)
        case _ if isinstance(about, Posting):
            decisions.send(about, details.digest)
        case _:
            raise LedgerError(f"{about.key} is {about.state} already.")


def refusal_text(error: VigiliaError) -> str:
    """Return why a decision was refused, in the reader's language where it is for the page."""
    match error:
        case PausedError(channel=None):
            return _("Everything is paused. End the pause first: it is among the channels.")
        case PausedError():
            return _("This channel is paused. Test it first: a good test resumes it.")
        case UnreadError():
            sentence = _(
                "The words in {languages} wait for a person too, and go out with these. Read and"
                " approve them first."
            )
            return sentence.format(languages=error.languages)
        case NotTakenBackError():
            sentence = _("The platform did not take it back. {why}")
            return sentence.format(why=reason_text(error.outcome.reason))
        case _:
            return str(error)


def _too_late(page: Page, key: str) -> Response:
    sentence = _("Somebody was quicker, or it went on by itself. Look at it as it stands now.")
    return page.refuse(409, sentence, posting_path(key) if key else "/")


@router.post("/try")
def try_out(site: SiteHere, page: PageHere) -> Response:
    """Send the words of a posting to a channel that is for trying, marked as a test."""
    form = page.form
    key, name = form.get("key", ""), form.get("channel", "")
    details = find_posting(site, key)
    channel = site.project().channels.get(name)
    if details is None or details.message is None or channel is None:
        return _too_late(page, key)
    try:
        outcome = send_preview(site.project(), channel, details.message, site.poster)
    except VigiliaError as error:
        return page.say(_("Nothing was sent"), str(error), status=409, back=posting_path(key))
    if isinstance(outcome, Delivered):
        return RedirectResponse(f"{posting_path(key)}?done=test&to={quote(name)}", 303)
    return page.say(_("The test did not arrive"), test_text(name, outcome), back=posting_path(key))
