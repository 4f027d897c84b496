"""A posting, coming or past: its words, how they look, the request, sources, decisions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter
from markupsafe import Markup
from starlette.responses import HTMLResponse, Response

from bot.channels.channel import Channel
from bot.channels.fitting import CannotFitError
from bot.channels.platform import Envelope, Retracts
from bot.content.message import Message
from bot.delivery.approval import Standing, needs_approval, standing
from bot.delivery.courier import request_id
from bot.delivery.rendering import write_message
from bot.errors import RenderError
from bot.ledger.rows import DeliveryRow
from bot.logs import SECRETS
from bot.planning import Posting
from bot.project.load import Project
from bot.web.app_state import Site, SiteHere
from bot.web.decisions import CHOICES, Choice, choices
from bot.web.forecast import facts_of
from bot.web.i18n import _
from bot.web.pages import PageHere
from bot.web.previews import draw_preview
from bot.web.problems import problem

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class PostingDetails:
    """A posting as its page shows it: ``row`` once it is in the ledger, ``posting`` before."""

    about: DeliveryRow | Posting
    row: DeliveryRow | None
    message: Message | None
    trouble: str
    standing: Standing
    deletes: bool = False
    """Whether its platform takes posts back."""

    @property
    def digest(self) -> str:
        return self.message.digest if self.message else ""

    @property
    def choices(self) -> Sequence[Choice]:
        return choices(self.row, self.standing, deletes=self.deletes)


@dataclass(frozen=True)
class Picture:
    """How a message looks on a channel's platform, and the request, as JSON without secrets."""

    html: Markup
    request: str
    left_out: tuple[str, ...] = ()


def find_posting(site: Site, key: str) -> PostingDetails | None:
    """Return a posting by its key, None where there is none."""
    row = site.ledger.delivery(key)
    about: DeliveryRow | Posting | None = row or site.forecast().posting(key)
    if about is None:
        return None
    message, trouble = _words(site.project(), about, row)
    stands = standing(
        needs_approval(site.project(), about),
        site.ledger.decisions([key]).get(key),
        message.digest if message else None,
    )
    channel = site.project().channels.get(about.channel)
    deletes = channel is not None and isinstance(channel.platform, Retracts)
    return PostingDetails(about, row, message, trouble, stands, deletes)


def _words(
    project: Project, about: DeliveryRow | Posting, row: DeliveryRow | None
) -> tuple[Message | None, str]:
    """Return the words sent, or those that would be; or why there are none."""
    if row is not None and row.message is not None:
        return Message.from_json(row.message), ""
    try:
        return write_message(project, about), ""
    except RenderError as error:
        return None, str(error)


def pictured(channel: Channel, message: Message, about: DeliveryRow | Posting) -> Picture:
    """Return how a message looks on a channel, made of the very request that would be sent."""
    try:
        request, losses = channel.platform.fitted_request(
            message, channel.options, _envelope(about)
        )
    except CannotFitError as error:
        return Picture(Markup(""), "", (str(error),))
    sent = request.shown()
    text = json.dumps(sent, ensure_ascii=False, indent=2)
    document = f"/mail-part/{quote(about.key, safe='/+')}"
    return Picture(draw_preview(channel.platform.name, sent, message, document), text, losses)


def shown_request(
    channel: Channel, message: Message, about: DeliveryRow | Posting
) -> dict[str, Any] | None:
    """Return the request of a posting, secrets masked; None where the words do not fit."""
    try:
        return channel.platform.request(message, channel.options, _envelope(about)).shown()
    except CannotFitError:
        return None


def _envelope(about: DeliveryRow | Posting) -> Envelope:
    generation = about.generation if isinstance(about, DeliveryRow) else 0
    return Envelope(about.key, request_id(about.key, generation), about.due_at)


DONE = frozenset(CHOICES) | {"test"}


@router.get("/posting/{key:path}")
def posting(site: SiteHere, page: PageHere, key: str, done: str = "", to: str = "") -> Response:
    """Show a posting."""
    project = site.project()
    details = find_posting(site, key)
    if details is None:
        sentence = _(
            "No posting has this key. It may have been planned by an earlier configuration."
        )
        return page.say(_("There is no such posting"), sentence, status=404)
    about = details.about
    channel = project.channels.get(about.channel)
    return page.show(
        "posting.html",
        details=details,
        about=about,
        key=key,
        channel=channel,
        picture=pictured(channel, details.message, about) if channel and details.message else None,
        texts=[project.days.texts[id_] for id_ in about.observances if id_ in project.days.texts],
        facts=facts_of(project, about.observances, about.date.year, about.languages),
        siblings=site.forecast().siblings(about)[:12],
        attempts=site.ledger.attempts(key) if details.row else (),
        decisions=site.ledger.decision_log(key),
        test_channels=_test_channels(project, about.channel),
        names={code: language.name for code, language in project.languages.items()},
        done=done if done in DONE else "",
        to=to if to in project.channels else "",
    )


def _test_channels(project: Project, but: str) -> list[str]:
    """Return the channels to try words on, those of this machine first."""
    names = [name for name in project.channels if name != but] or list(project.channels)
    return sorted(names, key=lambda name: not project.channels[name].platform.local)[:500]


# The HTML part of an e-mail is the one page with styles within, as mail programs need them; its
# policy and the frame's sandbox keep it apart from all others.
_MAIL_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
    ),
    "X-Frame-Options": "SAMEORIGIN",
}

_NO_MAIL = "There is no e-mail of this key."


@router.get("/mail-part/{key:path}")
def mail_part(site: SiteHere, key: str) -> Response:
    """Return the HTML part of the e-mail that a posting is: a document of its own, with no script
    and nothing loaded, framed here only."""
    details = find_posting(site, key)
    channel = site.project().channels.get(details.about.channel) if details else None
    if details is None or details.message is None or channel is None:
        return problem(404, _NO_MAIL)
    request = shown_request(channel, details.message, details.about)
    parts = request.get("mime", {}).get("parts", ()) if request else ()
    part = next((part["text"] for part in parts if part["type"] == "text/html"), None)
    if part is None:
        return problem(404, _NO_MAIL)
    # A link opens beside the page and never within the frame.
    page = part.replace("<head>", '<head><base target="_blank">', 1)
    return HTMLResponse(SECRETS(None, "", {"page": page})["page"], headers=_MAIL_HEADERS)
