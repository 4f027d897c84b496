"""Decisions: asked first, with what will happen; then made, under the name of who made them."""

from __future__ import annotations

import getpass
from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from bot.channels.outcome import Delivered
from bot.delivery.decisions import NotTakenBackError, UnreadError
from bot.delivery.test_message import send_preview
from bot.errors import LedgerError, PausedError, VigiliaError
from bot.planning import Posting
from bot.web.app_state import Site, SiteHere
from bot.web.decisions import CHOICES
from bot.web.guard import caller_of
from bot.web.i18n import _
from bot.web.labels import reason_text, test_text
from bot.web.pages import PagesHere, posting_path
from bot.web.routes.posting import Shown, find_posting

router = APIRouter(include_in_schema=False)

LONGEST_WHY = 500
LONGEST_NAME = 80


def who_decides(request: Request) -> str:
    """Gives the name that stands in the form already: of who logged in, or of this machine's
    user."""
    name = caller_of(request).visitor.name
    if name:
        return name
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


@router.get("/decide")
def ask(
    request: Request, site: SiteHere, pages: PagesHere, action: str = "", key: str = ""
) -> Response:
    """Asks once more, and says what will happen."""
    shown = find_posting(site, key)
    choice = CHOICES.get(action)
    if shown is None or choice is None or choice not in shown.choices:
        return _too_late(request, pages, key)
    return pages.show(
        request,
        "confirm.html",
        choice=choice,
        shown=shown,
        about=shown.about,
        key=key,
        who=who_decides(request),
        named_by_login=caller_of(request).visitor.name is not None,
    )


@router.post("/decide")
def decide(request: Request, site: SiteHere, pages: PagesHere) -> Response:
    """Makes the decision, and shows the posting as it then stands."""
    form = caller_of(request).form
    key, action = form.get("key", ""), form.get("action", "")
    shown = find_posting(site, key)
    choice = CHOICES.get(action)
    if shown is None or choice is None or choice not in shown.choices:
        return _too_late(request, pages, key)
    if action in ("approve", "send") and form.get("digest", "") != shown.digest:
        said = _("The words changed while you were reading them. Read them once more.")
        return pages.say(
            request, _("Nothing was changed"), said, status=409, back=posting_path(key)
        )
    who = caller_of(request).visitor.name or form.get("who", "").strip()[:LONGEST_NAME]
    if not who:
        said = _("Say who decides: the name is kept with the decision.")
        return pages.say(
            request, _("Nothing was changed"), said, status=422, back=posting_path(key)
        )
    try:
        make_decision(site, shown, action, who, form.get("why", "").strip()[:LONGEST_WHY])
    except VigiliaError as error:
        return pages.say(
            request,
            _("Nothing was changed"),
            refusal_text(error),
            status=409,
            back=posting_path(key),
        )
    site.wake()
    return RedirectResponse(f"{posting_path(key)}?done={action}", 303)


def make_decision(site: Site, shown: Shown, action: str, who: str, why: str) -> None:
    """Make a decision of a page's or the API's. Raises VigiliaError."""
    decisions, about = site.decisions(who, why), shown.about
    match action:
        case "approve":
            decisions.approve(about.key, shown.digest)
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
            decisions.send(about, shown.digest)
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


def _too_late(request: Request, pages: PagesHere, key: str) -> Response:
    said = _("Somebody was quicker, or it went on by itself. Look at it as it stands now.")
    back = posting_path(key) if key else "/"
    return pages.say(request, _("Nothing was changed"), said, status=409, back=back)


@router.post("/try")
def try_out(request: Request, site: SiteHere, pages: PagesHere) -> Response:
    """Sends the words of a posting to a channel that is for trying, marked as a test."""
    form = caller_of(request).form
    key, name = form.get("key", ""), form.get("channel", "")
    shown = find_posting(site, key)
    channel = site.project().channels.get(name)
    if shown is None or shown.message is None or channel is None:
        return _too_late(request, pages, key)
    try:
        outcome = send_preview(site.project(), channel, shown.message, site.poster)
    except VigiliaError as error:
        return pages.say(
            request, _("Nothing was sent"), str(error), status=409, back=posting_path(key)
        )
    if isinstance(outcome, Delivered):
        return RedirectResponse(f"{posting_path(key)}?done=test&to={quote(name)}", 303)
    return pages.say(
        request, _("The test did not arrive"), test_text(name, outcome), back=posting_path(key)
    )
