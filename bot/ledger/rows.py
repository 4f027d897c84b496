"""What the ledger gives and takes: the states of a delivery and its frozen rows.

Every instant is an aware datetime in UTC.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Literal

from bot.channels.outcome import Reason
from bot.planning import DigestLine, Planned

Mode = Literal["real", "rehearsal"]
HeldFor = Literal["approval", "channel", "pause"]
OutcomeName = Literal["delivered", "retry", "rejected", "unknown"]
Verdict = Literal[
    "approve", "hold", "skip", "retry", "resolve-delivered", "resolve-resend", "retract", "undo"
]


class State(StrEnum):
    """Where a delivery stands. ``failed``, ``missed`` and ``skipped`` are said only of what surely
    did not arrive; where any attempt may have arrived, the state is ``unknown`` instead."""

    READY = "ready"
    SENDING = "sending"
    RETRYING = "retrying"
    DELIVERED = "delivered"
    FAILED = "failed"
    UNKNOWN = "unknown"
    HELD = "held"
    SKIPPED = "skipped"
    MISSED = "missed"
    RETRACTED = "retracted"


CLAIMABLE = (State.READY, State.RETRYING)
"""The states from which a delivery is taken to be sent."""

WAITING = (State.READY, State.RETRYING, State.HELD)
"""The states of what is not sent yet and still may be."""


@dataclass(frozen=True)
class DeliveryRow:
    """One delivery as it stands.

    ``held_for`` says what a held delivery waits for, or what a missed or skipped one was waiting
    for. ``attempts`` counts all attempts, ``tries`` those of the present ``generation``.
    ``may_have_arrived``: some attempt, of whatever generation, ended without our knowing.
    ``message`` is the JSON form of the words sent, None before the first attempt has kept them.
    ``for_operator``: it is no posting but a message to the operator, written with its words, and
    nothing holds it.
    """

    id: int
    key: str
    observances: tuple[str, ...]
    date: date
    lead_days: int
    channel: str
    languages: tuple[str, ...]
    due_at: datetime
    useful_until: datetime
    state: State
    held_for: HeldFor | None
    generation: int
    attempts: int
    tries: int
    may_have_arrived: bool
    next_attempt_at: datetime | None
    settled_at: datetime | None
    reason: Reason | None
    detail: str
    remote_id: str | None
    message: dict[str, Any] | None = field(repr=False)
    lines: tuple[DigestLine, ...]
    by_hand: bool
    run_id: str | None
    fence: int
    lease_until: datetime | None
    created_at: datetime
    updated_at: datetime
    for_operator: bool = False

    @property
    def observance(self) -> str:
        """The ids joined by ``+``: one id unless days were merged."""
        return "+".join(self.observances)


@dataclass(frozen=True)
class RunRow:
    """One run of a service. ``alive_at`` is by the ledger's clock, which a rehearsal sets;
    ``beat_at``, the last sign of life, by the machine's own."""

    id: str
    started_at: datetime
    alive_at: datetime
    beat_at: datetime
    ended_at: datetime | None
    host: str
    pid: int
    version: str


@dataclass(frozen=True)
class AttemptRow:
    """One try at a delivery; ``ended_at`` and what follows are None until it has ended."""

    number: int
    generation: int
    started_at: datetime
    ended_at: datetime | None
    outcome: OutcomeName | None
    reason: Reason | None
    detail: str
    status: int | None
    remote_id: str | None


@dataclass(frozen=True)
class Claim:
    """The right to send a delivery and to settle it, for as long as ``fence`` is the row's.

    ``number`` counts this attempt among all of the delivery, ``delivery.tries`` among those of its
    generation; both begin at 1.
    """

    delivery: DeliveryRow
    run_id: str
    fence: int
    number: int

    @property
    def id(self) -> int:
        return self.delivery.id

    @property
    def key(self) -> str:
        return self.delivery.key


@dataclass(frozen=True)
class Settlement:
    """What an attempt ended in, and what its delivery comes to by that.

    ``next_attempt_at`` belongs to ``retrying`` and to nothing else: ValueError. ``status`` is of an
    HTTP answer. ``gone`` is the digest of an address at which nothing will arrive any more: its
    channel is paused.
    """

    state: State
    outcome: OutcomeName
    reason: Reason
    detail: str = ""
    remote_id: str | None = None
    next_attempt_at: datetime | None = None
    status: int | None = None
    gone: str | None = None

    def __post_init__(self) -> None:
        if (self.state is State.RETRYING) != (self.next_attempt_at is not None):
            raise ValueError(
                f"next_attempt_at={self.next_attempt_at} does not go with {self.state}"
            )


@dataclass(frozen=True)
class Settled:
    """An attempt that the ledger has ended, at ``at``.

    ``state`` is what the delivery came to: ``held`` for ``retrying`` where a pause is on,
    ``unknown`` for ``failed`` where an earlier attempt may have arrived; None where it was settled
    otherwise in the meantime. ``platform`` is that of its channel, "" where there is none.
    """

    claim: Claim
    settlement: Settlement
    at: datetime
    state: State | None
    channel_paused: bool = False
    platform: str = ""

    @property
    def delivery(self) -> DeliveryRow:
        """The delivery as it was claimed."""
        return self.claim.delivery

    @property
    def late(self) -> timedelta:
        """From due to settled."""
        return self.at - self.claim.delivery.due_at


@dataclass(frozen=True)
class Inserted:
    """What was written down: the keys of the new deliveries. Not written was ``refused``, which had
    a slot filled already, and ``postponed``, whose state could not be said yet."""

    keys: tuple[str, ...]
    refused: tuple[Planned, ...]
    postponed: tuple[Planned, ...]


@dataclass(frozen=True)
class Decision:
    """What an operator decided about a posting, coming or past. ``digest`` is of the words seen."""

    key: str
    verdict: Verdict
    who: str
    why: str
    digest: str | None
    at: datetime


def in_force(log: Iterable[Decision]) -> list[Decision]:
    """Return the decisions of a log about one key, the first first, that were not taken back."""
    decisions: list[Decision] = []
    for decision in log:
        if decision.verdict != "undo":
            decisions.append(decision)
        elif decisions:
            decisions.pop()
    return decisions


def last_verdict(decisions: Sequence[Decision]) -> Decision | None:
    """Return the last approval, hold or skip among decisions that are in force."""
    verdicts = [d for d in decisions if d.verdict in ("approve", "hold", "skip")]
    return verdicts[-1] if verdicts else None


@dataclass(frozen=True)
class PausedChannel:
    """A channel that nothing is sent to; ``address_digest`` is of the address that was gone."""

    channel: str
    reason: Reason
    detail: str
    address_digest: str
    since: datetime


@dataclass(frozen=True)
class InboxRow:
    """A message posted to a place on this machine."""

    key: str
    channel: str
    message: dict[str, Any]
    text: str
    at: datetime
