"""One delivery's way: claim → render → build → post → settle. Each step a small function.

What is decided here is recorded before anything else happens: ``sending`` is durable before the
first byte leaves, and the words are kept with the first attempt.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, assert_never

from bot.calendar.observances import Occurrence
from bot.channels.channel import Channel
from bot.channels.fitting import CannotFitError
from bot.channels.outcome import Delivered, Outcome, Reason, Rejected, Retry, Unknown
from bot.channels.platform import Envelope
from bot.channels.request import HttpRequest, LocalRequest, Request, Response
from bot.clock import Clock
from bot.content.message import Message
from bot.delivery.limits import RateLimits
from bot.delivery.retry import Settlement, next_delay, settlement
from bot.errors import RenderError
from bot.ledger.ledger import Ledger
from bot.ledger.rows import AttemptRow, Claim, DeliveryRow, OutcomeName, State
from bot.logs import log
from bot.planning import DIGEST, Posting
from bot.project.load import Project

LEASE = timedelta(minutes=5)
"""For how long a claim is another's business on a shared ledger; over every deadline of a
request."""


class Transport(Protocol):
    """Sends one HTTP request: the answer, or the outcome where there was none that could be
    read."""

    def send(self, request: HttpRequest) -> Response | Outcome: ...


class LocalPlaces(Protocol):
    """Puts a message into a place on this machine."""

    def put(self, request: LocalRequest, key: str, channel: str, at: datetime) -> Delivered: ...


@dataclass(frozen=True)
class Settled:
    """What listeners are told: log, metrics, the operator. ``late`` is from due to settled."""

    row: DeliveryRow
    settlement: Settlement
    platform: str
    late: timedelta
    channel_paused: bool = False


Listener = Callable[[Settled], None]


def request_id(key: str, generation: int) -> str:
    """Gives the id that all attempts of one generation of a posting share. Holds no ``.`` or
    space."""
    digest = hashlib.sha256(f"{key}#{generation}".encode()).hexdigest()
    return f"vg_{digest[:32]}"


def write_message(project: Project, row: DeliveryRow | Posting) -> Message:
    """Gives the words of a posting. Raises RenderError where they cannot be written."""
    if row.observances == (DIGEST,):
        items = [(coming.observance, coming.date) for coming in row.coming]
        return project.writer.write_digest(items, row.date, row.languages, row.date)
    gone = [id_ for id_ in row.observances if id_ not in project.by_id]
    if gone:
        raise RenderError(f"The day '{gone[0]}' is no longer in the calendar.")
    occurrences = [Occurrence(project.by_id[id_], row.date) for id_ in row.observances]
    return project.writer.write(occurrences, row.languages, row.lead_days)


@dataclass
class Courier:
    """Takes deliveries from the ledger to their channels. Used by many threads at once.

    ``project`` is asked at each delivery, so that a reloaded configuration holds from then on.
    """

    ledger: Ledger
    project: Callable[[], Project]
    run: str
    clock: Clock
    transport: Transport
    places: LocalPlaces
    limits: RateLimits
    listeners: Iterable[Listener] = ()
    chance: Callable[[], float] = field(default=random.random)

    def ready_in(self, row: DeliveryRow) -> float:
        """Gives the seconds until the rate limits let this delivery go; 0.0 takes its turn."""
        channel = self.project().channels.get(row.channel)
        if channel is None:
            return 0.0
        return self.limits.wait_for(channel.platform.rate_keys(channel.options))

    def deliver(self, row: DeliveryRow) -> Settlement | None:
        """Makes one attempt. Gives what it came to, None where another had claimed the row."""
        claim = self.ledger.claim(row.id, self.run, self.clock.now(), LEASE)
        if claim is None:
            return None
        channel = self.project().channels.get(claim.delivery.channel)
        sending = False
        outcome: Outcome
        try:
            made = self._prepared(claim, channel)
            if isinstance(made, Rejected):
                outcome = made
            else:
                sending = True
                outcome = self._posted(made, claim, channel)
        except Exception as error:  # noqa: BLE001 - a defect of ours must not leave the row in doubt
            log("defect", "A delivery met a defect.", level="error", key=row.key, exc_info=True)
            outcome = _defect(error, sending=sending)
        return self._settled(claim, channel, outcome)

    def _prepared(self, claim: Claim, channel: Channel | None) -> Request | Rejected:
        """Renders and builds. What cannot be said or does not fit is refused here, unsent."""
        row = claim.delivery
        if channel is None:
            said = f"The channel '{row.channel}' is no longer in the configuration."
            return Rejected(Reason.OPERATOR, said)
        try:
            message = self._words(claim)
            envelope = Envelope(row.key, request_id(row.key, row.generation), self.clock.now())
            request: Request = channel.platform.request(message, channel.options, envelope)
        except RenderError as error:
            return Rejected(Reason.RENDER, str(error))
        except CannotFitError as error:
            return Rejected(Reason.TOO_LARGE, str(error))
        return request

    def _words(self, claim: Claim) -> Message:
        if claim.delivery.message is not None:
            return Message.from_json(claim.delivery.message)
        message = write_message(self.project(), claim.delivery)
        self.ledger.keep_message(claim, message.to_json())
        return message

    def _posted(self, request: Request, claim: Claim, channel: Channel | None) -> Outcome:
        assert channel is not None
        match request:
            case LocalRequest():
                return self.places.put(request, claim.delivery.key, channel.name, self.clock.now())
            case HttpRequest():
                answer = self.transport.send(request)
                if not isinstance(answer, Response):
                    return answer
                outcome: Outcome = channel.platform.outcome(answer, self.clock.now())
                return outcome
            case _:
                assert_never(request)

    def _settled(self, claim: Claim, channel: Channel | None, outcome: Outcome) -> Settlement:
        now, row = self.clock.now(), claim.delivery
        asked = outcome.retry_after if isinstance(outcome, Retry) else None
        delay = next_delay(row.tries, asked, self.chance)
        earlier = self._earlier(row)
        safe_for = channel.platform.repeat_safe_for if channel else None
        began = earlier[0].started_at if earlier else now
        decided = settlement(
            outcome,
            now=now,
            next_attempt_at=self.clock.after(delay),
            useful_until=row.useful_until,
            on_unknown=channel.on_unknown if channel else "hold",
            repeat_safe_until=began + safe_for if safe_for else None,
            maybe_arrived=any(attempt.outcome == "unknown" for attempt in earlier),
        )
        self.ledger.settle(
            claim,
            state=State(decided.state),
            now=now,
            outcome=_name(outcome),
            reason=decided.reason,
            detail=decided.detail,
            remote_id=decided.remote_id,
            next_attempt_at=decided.next_attempt_at,
        )
        paused = False
        if channel is not None:
            if isinstance(outcome, Retry) and outcome.reason is Reason.RATE_LIMITED:
                bucket = channel.platform.rate_keys(channel.options)[0][0]
                self.limits.back_off(bucket, (asked or delay).total_seconds())
            if decided.pauses_channel:
                digest = channel.platform.address_digest(channel.options)
                paused = self.ledger.pause_channel(
                    channel.name, decided.reason, decided.detail, digest, now
                )
        platform = channel.platform.name if channel else ""
        settled = Settled(row, decided, platform, now - row.due_at, paused)
        for listener in self.listeners:
            listener(settled)
        return decided

    def _earlier(self, row: DeliveryRow) -> list[AttemptRow]:
        """Gives the attempts of this generation before the present one: those with its request
        id."""
        if row.tries <= 1:
            return []
        same = [a for a in self.ledger.attempts(row.key) if a.generation == row.generation]
        return same[:-1]


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


def _defect(error: Exception, *, sending: bool) -> Outcome:
    """A defect before the request left is a refusal; after that nobody can know."""
    detail = f"A defect in Vigilia ({type(error).__name__}). Please report it."
    return Unknown(Reason.DEFECT, detail) if sending else Rejected(Reason.DEFECT, detail)
