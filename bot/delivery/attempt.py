"""An attempt on its way: begun, carried, settled."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, assert_never

from bot.channels.channel import Channel
from bot.channels.outcome import Delivered, Outcome, Rejected, Retry, Unknown
from bot.content.message import Message
from bot.delivery.rendering import Written
from bot.delivery.retry import Settlement
from bot.ledger.rows import Claim, DeliveryRow, Ended, OutcomeName, State

NotSaid = Rejected | Retry
"""Why a delivery ends before anything could leave."""


@dataclass(frozen=True)
class Begun:
    """An attempt that is recorded, before anything has left: what is to be said, or why nothing
    is. ``ours_until``: seconds of :func:`running_s` up to which nobody else may send it."""

    claim: Claim
    channel: Channel | None
    words: Message | NotSaid
    ours_until: float

    @property
    def known_channel(self) -> Channel:
        """The channel of what there is to say. Raises ValueError where it is not known."""
        if self.channel is None:
            raise ValueError(f"{self.claim.key} has no channel")
        return self.channel


@dataclass(frozen=True)
class Carried:
    """What came of an attempt, and the status of an HTTP answer; not recorded yet."""

    begun: Begun
    outcome: Outcome
    status: int | None = None


@dataclass(frozen=True)
class Settled:
    """What listeners are told: log, metrics, the operator. ``late`` is from due to settled.

    ``recorded`` is what the ledger made of it: ``held`` for ``retrying`` where a pause is on,
    ``unknown`` for ``failed`` where an earlier attempt may have arrived; None where the delivery
    was settled otherwise in the meantime.
    """

    row: DeliveryRow
    settlement: Settlement
    platform: str
    late: timedelta
    channel_paused: bool = False
    recorded: State | None = None


def running_s() -> float:
    """Gives the seconds since the machine was started, those counted that it slept."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)


def _name(outcome: Outcome) -> OutcomeName:
    match outcome:
        case Delivered():
            return "delivered"
        case Retry():
            return "retry"
        case Rejected():
            return "rejected"
        case Unknown():
            return "unknown"
        case _:
            assert_never(outcome)


def said(words: Written | NotSaid) -> Message | NotSaid:
    """Gives the words themselves."""
    return words.message if isinstance(words, Written) else words


def kept(row: DeliveryRow, words: Written | NotSaid) -> dict[str, Any] | None:
    """Gives what is to be kept with a claim: nothing where the words of an earlier attempt are."""
    return words.kept if isinstance(words, Written) and row.message is None else None


def ended(carried: Carried, decided: Settlement) -> Ended:
    """Gives what the ledger is told of an attempt."""
    channel = carried.begun.channel
    gone = decided.pauses_channel and channel is not None
    return Ended(
        carried.begun.claim,
        decided.state,
        _name(carried.outcome),
        decided.reason,
        decided.detail,
        decided.remote_id,
        decided.next_attempt_at,
        carried.status,
        gone=channel.platform.address_digest(channel.options) if gone and channel else None,
    )
