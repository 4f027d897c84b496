"""Taking a post back: asked of the platform, and recorded with who did it and why."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.channels.channel import Channel
from bot.channels.outcome import Delivered, Outcome
from bot.channels.platform import Envelope, Retracts
from bot.channels.registry import PLATFORMS
from bot.channels.request import HttpRequest
from bot.delivery.courier import request_id
from bot.delivery.poster import Poster
from bot.errors import LedgerError, VigiliaError
from bot.ledger.ledger import Ledger
from bot.ledger.rows import DeliveryRow, State
from bot.project.load import Project


class CannotRetractError(VigiliaError):
    """A post that cannot be taken back from here."""


def retract(
    project: Project,
    ledger: Ledger,
    key: str,
    poster: Poster,
    *,
    who: str,
    why: str,
) -> Outcome:
    """Asks the platform to take a post back; where it has, the ledger says so from then on.

    Gives what the platform answered: ``Delivered`` is "the post is gone". Raises LedgerError where
    there is no such posting or it was not delivered, :class:`CannotRetractError` where its platform
    takes nothing back, or the post's name there is not known.
    """
    row = ledger.delivery(key)
    if row is None:
        raise LedgerError(f"No posting has the key {key}. `vigilia history` shows those there are.")
    if row.state is not State.DELIVERED:
        raise LedgerError(f"{key} is {row.state}: only what was delivered can be retracted.")
    channel = project.channels.get(row.channel)
    if channel is None:
        raise CannotRetractError(
            f"The channel '{row.channel}' is no longer in the configuration, so its address is "
            "not known. Delete the post by hand."
        )
    now = poster.clock.now()
    platform = _retracting(channel)
    request = _request(channel, row, now)
    outcome, _status = poster.post(request, key, channel, read=platform.retracted)
    if isinstance(outcome, Delivered):
        ledger.retract(key, now, who, why)
    return outcome


def _retracting(channel: Channel) -> Retracts[Any]:
    if isinstance(channel.platform, Retracts):
        return channel.platform
    able = [name for name, platform in PLATFORMS.items() if isinstance(platform, Retracts)]
    name = channel.platform.actor or channel.platform.called
    raise CannotRetractError(
        f"{name} does not let a post be taken back from here; it can be from "
        f"{', '.join(able[:-1])} and {able[-1]}. Delete the post by hand, if you can."
    )


def _request(channel: Channel, row: DeliveryRow, now: datetime) -> HttpRequest:
    platform = _retracting(channel)
    envelope = Envelope(row.key, f"{request_id(row.key, row.generation)}-retract", now)
    request = None
    if row.remote_id is not None:
        request = platform.retraction(row.remote_id, channel.options, envelope)
    if request is None:
        raise CannotRetractError(
            f"What the platform calls the post {row.key} was not recorded, so it cannot be taken "
            "back from here. Delete it by hand."
        )
    return request
