"""A posting, coming or past: its words, how they look, the request, sources, decisions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from markupsafe import Markup
from starlette.responses import Response

from bot.channels.channel import Channel
from bot.channels.fitting import CannotFitError
from bot.channels.platform import Envelope, Retracts
from bot.content.message import Message
from bot.delivery.approval import Standing, needs_approval, standing
from bot.delivery.courier import request_id
from bot.delivery.rendering import write_message
from bot.errors import RenderError
from bot.ledger.rows import AttemptRow, Decision, DeliveryRow
from bot.planning import Posting
from bot.project.load import Project
from bot.web.app_state import Site, SiteHere
from bot.web.decisions import CHOICES, Choice, choices
from bot.web.forecast import facts_of
from bot.web.i18n import _
from bot.web.pages import PagesHere
from bot.web.previews import draw_preview

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class Shown:
    """A posting as its page shows it: ``row`` once it is in the ledger, ``posting`` before."""

    about: DeliveryRow | Posting
    row: DeliveryRow | None
    message: Message | None
    trouble: str
    standing: Standing
    needed: bool
    decision: Decision | None
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


def find_posting(site: Site, key: str) -> Shown | None:
    """Return a posting by its key, None where there is none."""
    row = site.ledger.delivery(key)
    about: DeliveryRow | Posting | None = row or site.forecast().posting(key)
    if about is None:
        return None
    message, trouble = _words(site.project(), about, row)
    decision = site.ledger.decisions([key]).get(key)
    needed = needs_approval(site.project(), about)
    stands = standing(needed, decision, message.digest if message else None)
    channel = site.project().channels.get(about.channel)
    deletes = channel is not None and isinstance(channel.platform, Retracts)
    return Shown(about, row, message, trouble, stands, needed, decision, deletes)


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
def posting(
    request: Request, site: SiteHere, pages: PagesHere, key: str, done: str = "", to: str = ""
) -> Response:
    """Show a posting."""
    project = site.project()
    shown = find_posting(site, key)
    if shown is None:
        sentence = _(
            "No posting has this key. It may have been planned by an earlier configuration."
        )
        return pages.say(request, _("There is no such posting"), sentence, status=404)
    about = shown.about
    channel = project.channels.get(about.channel)
    attempts: tuple[AttemptRow, ...] = site.ledger.attempts(key) if shown.row else ()
    return pages.show(
        request,
        "posting.html",
        shown=shown,
        about=about,
        key=key,
        channel=channel,
        picture=pictured(channel, shown.message, about) if channel and shown.message else None,
        texts=[project.days.texts[id_] for id_ in about.observances if id_ in project.days.texts],
        facts=facts_of(project, about.observances, about.date.year, about.languages),
        siblings=[
            p for p in site.forecast().siblings(_as_posting(about)) if p.channel != about.channel
        ][:12],
        attempts=attempts,
        decisions=site.ledger.decision_log(key),
        test_channels=_test_channels(project, about.channel),
        names={code: language.name for code, language in project.languages.items()},
        today=site.now().astimezone(pages.zone_of(about.channel)).date(),
        done=done if done in DONE else "",
        to=to if to in project.channels else "",
    )


def _test_channels(project: Project, but: str) -> list[str]:
    """Return the channels to try words on, those of this machine first."""
    names = [name for name in project.channels if name != but] or list(project.channels)
    return sorted(names, key=lambda name: not project.channels[name].platform.local)[:500]


def _as_posting(about: DeliveryRow | Posting) -> Posting:
    if isinstance(about, Posting):
        return about
    return Posting(
        key=about.key,
        observances=about.observances,
        date=about.date,
        lead_days=about.lead_days,
        channel=about.channel,
        languages=about.languages,
        due_at=about.due_at,
        useful_until=about.useful_until,
        lines=about.lines,
    )
