"""One delivery's way: claim → render → build → post → settle. Each step a small function.

What is decided here is recorded before anything else happens: ``sending`` is durable before the
first byte leaves, and the words are kept with the first attempt.
"""

from __future__ import annotations

import hashlib
import random
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, TypeVar, assert_never

from bot.channels.channel import Channel
from bot.channels.fitting import CannotFitError
from bot.channels.outcome import Delivered, Outcome, Reason, Rejected, Retry, Unknown
from bot.channels.platform import Envelope
from bot.channels.request import (
    ApprisedRequest,
    HttpRequest,
    LocalRequest,
    MimeRequest,
    Request,
    Response,
)
from bot.clock import Clock
from bot.content.message import Message
from bot.delivery.approval import refuse_lapsed
from bot.delivery.others import NoOtherTransport, OtherTransport
from bot.delivery.rate_headers import HOST, asked_to_wait, without_own_host
from bot.delivery.retry import Settlement, next_delay, settlement
from bot.delivery.words import write_message
from bot.errors import LedgerError, RenderError
from bot.ledger.ledger import Ledger
from bot.ledger.planned import FORGOTTEN_AFTER
from bot.ledger.rows import AttemptRow, Claim, DeliveryRow, OutcomeName, State
from bot.logs import SECRETS, log
from bot.project.load import Project

LEASE = timedelta(minutes=5)
"""For how long a claim is another's business on a shared ledger; over every deadline of a
request."""

_RECORD_AGAIN_S = 1.0

_T = TypeVar("_T")


class Transport(Protocol):
    """Sends one HTTP request: the answer, or the outcome where there was none that could be
    read."""

    def send(self, request: HttpRequest) -> Response | Outcome: ...


class Limits(Protocol):
    """Rate limits: of this process, or of all machines."""

    def wait_for(self, keys: Sequence[tuple[str, float]]) -> float: ...

    def back_off(self, key: str, seconds: float) -> None: ...


class LocalPlaces(Protocol):
    """Puts a message into a place on this machine."""

    def put(self, request: LocalRequest, key: str, channel: str, at: datetime) -> Delivered: ...


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


Listener = Callable[[Settled], None]


def request_id(key: str, generation: int) -> str:
    """Gives the id that all attempts of one generation of a posting share. Holds no ``.`` or
    space."""
    digest = hashlib.sha256(f"{key}#{generation}".encode()).hexdigest()
    return f"vg_{digest[:32]}"


@dataclass
class Courier:
    """Takes deliveries from the ledger to their channels. Used by many threads at once.

    ``project`` is asked at each delivery, so that a reloaded configuration holds from then on. An
    outcome that the ledger cannot take (a full disk) is kept and offered again for ``record_for``,
    or, where that is None, until ``ending`` is set.
    """

    ledger: Ledger
    project: Callable[[], Project]
    run: str
    clock: Clock
    transport: Transport
    places: LocalPlaces
    limits: Limits
    listeners: Iterable[Listener] = ()
    chance: Callable[[], float] = field(default=random.random)
    record_for: timedelta | None = None
    ending: threading.Event = field(default_factory=threading.Event)
    others: OtherTransport = field(default_factory=NoOtherTransport)
    lease: timedelta = LEASE

    def ready_in(self, row: DeliveryRow) -> float:
        """Gives the seconds until the rate limits let this delivery go; 0.0 takes its turn."""
        channel = self.project().channels.get(row.channel)
        return self.wait_for(channel) if channel else 0.0

    def wait_for(self, channel: Channel) -> float:
        """Gives the seconds until the rate limits let a request to this channel go; 0.0 takes its
        turn."""
        return self.limits.wait_for(self._buckets(channel))

    def rates_of(self, row: DeliveryRow) -> Sequence[tuple[str, float]]:
        """Gives the buckets of a delivery, with their requests a second."""
        channel = self.project().channels.get(row.channel)
        return self._buckets(channel) if channel else ()

    def _buckets(self, channel: Channel) -> Sequence[tuple[str, float]]:
        trusted = self.project().settings.network.trusted_hosts
        return without_own_host(channel.platform.rate_keys(channel.options), trusted)

    def _heed(self, answer: Response, channel: Channel) -> None:
        """Keeps a bucket shut for as long as the platform's headers ask."""
        asked = asked_to_wait(answer.headers, answer.status, self.clock.now())
        if asked is None:
            return
        for bucket, _ in channel.platform.rate_keys(channel.options):
            if bucket.startswith(HOST) == asked.everywhere:
                self.limits.back_off(bucket, asked.seconds)

    def deliver(self, row: DeliveryRow) -> Settlement | None:
        """Makes one attempt. Gives what it came to, None where another had claimed the row.

        Raises LedgerError where the row could not be claimed, or its outcome not be recorded.
        """
        # before it is asked for: nobody knows how long the answer was under way
        ours_until = _running_s() + self.lease.total_seconds() / 2
        claim = self.ledger.claim(row.id, self.run, self.clock.now(), self.lease)
        if claim is None:
            return None
        channel = self.project().channels.get(claim.delivery.channel)
        outcome, status = self._attempted(claim, channel, ours_until)
        return self._settled(claim, channel, outcome, status)

    def _attempted(
        self, claim: Claim, channel: Channel | None, ours_until: float
    ) -> tuple[Outcome, int | None]:
        """Renders, builds and posts; gives the outcome, and the status of an HTTP answer."""
        if channel is None:
            said = f"The channel '{claim.delivery.channel}' is no longer in the configuration."
            if (
                self.ledger.shared
                and self.clock.now() - claim.delivery.created_at < FORGOTTEN_AFTER
            ):
                # or not in this machine's yet: another may know it, and soon this one will
                return Retry(Reason.OPERATOR, said), None
            return Rejected(Reason.OPERATOR, said), None
        sending = False
        try:
            made = self._prepared(claim, channel)
            if isinstance(made, Rejected | Retry):
                return made, None
            if _running_s() > ours_until:
                # a machine that stood still: by now somebody else may be sending it
                return Retry(Reason.INTERRUPTED, "Not sent: its time to be sent was over."), None
            sending = True
            return self.post(made, claim.key, channel)
        except Exception as error:  # noqa: BLE001 - a defect of ours must not leave the row in doubt
            log("defect", "A delivery met a defect.", level="error", key=claim.key, exc_info=True)
            return _defect(error, sending=sending), None

    def _prepared(self, claim: Claim, channel: Channel) -> Request | Rejected | Retry:
        """Renders and builds. What cannot be said or does not fit is refused here, unsent; so is
        what could not be recorded."""
        row = claim.delivery
        try:
            message = self._words(claim)
            envelope = Envelope(row.key, request_id(row.key, row.generation), self.clock.now())
            request: Request = channel.platform.request(message, channel.options, envelope)
        except CannotFitError as error:
            return Rejected(Reason.TOO_LARGE, str(error))
        except RenderError as error:
            return Rejected(Reason.RENDER, str(error))
        except LedgerError as error:
            return Retry(Reason.WRITE, f"Not sent, as its words could not be recorded. {error}")
        return request

    def _words(self, claim: Claim) -> Message:
        if claim.delivery.message is not None:
            return Message.from_json(claim.delivery.message)
        project = self.project()
        message = write_message(project, claim.delivery)
        refuse_lapsed(project, self.ledger, claim.delivery, message)
        if not self.ledger.keep_message(claim, message.to_json()):
            raise LedgerError("It was settled otherwise before it was sent.")
        return message

    def post(self, request: Request, key: str, channel: Channel) -> tuple[Outcome, int | None]:
        """Sends a request once; gives what it came to, and the status of an HTTP answer."""
        match request:
            case LocalRequest():
                try:
                    now = self.clock.now()
                    return self.places.put(request, key, channel.name, now), None
                except LedgerError as error:
                    return Retry(Reason.WRITE, str(error)), None
            case HttpRequest():
                try:
                    answer = self.transport.send(request)
                except Exception:
                    # its traceback may hold a form of a secret that stands in no file
                    SECRETS.know(request.secrets)
                    raise
                if not isinstance(answer, Response):
                    return answer, None
                outcome: Outcome = channel.platform.outcome(answer, self.clock.now())
                self._heed(answer, channel)
                return outcome, answer.status
            case MimeRequest() | ApprisedRequest():
                return self.others.send(request), None
            case _:
                assert_never(request)

    def _settled(
        self, claim: Claim, channel: Channel | None, outcome: Outcome, status: int | None
    ) -> Settlement:
        now, row = self.clock.now(), claim.delivery
        asked = outcome.retry_after if isinstance(outcome, Retry) else None
        delay = next_delay(row.tries, asked, self.chance)
        earlier = self.recorded(row.key, lambda: self._earlier(row))
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
        state = self.recorded(
            row.key,
            lambda: self.ledger.settle(
                claim,
                state=State(decided.state),
                now=now,
                outcome=_name(outcome),
                reason=decided.reason,
                detail=decided.detail,
                remote_id=decided.remote_id,
                next_attempt_at=decided.next_attempt_at,
                status=status,
            ),
        )
        paused = False
        if channel is not None:
            if isinstance(outcome, Retry) and outcome.reason is Reason.RATE_LIMITED:
                bucket = channel.platform.rate_keys(channel.options)[0][0]
                self.limits.back_off(bucket, (asked or delay).total_seconds())
            if decided.pauses_channel:
                paused = self.recorded(row.key, lambda: self._pause(channel, decided, now))
        platform = channel.platform.name if channel else ""
        settled = Settled(row, decided, platform, now - row.due_at, paused, state)
        for listener in self.listeners:
            listener(settled)
        return decided

    def _pause(self, channel: Channel, decided: Settlement, now: datetime) -> bool:
        digest = channel.platform.address_digest(channel.options)
        return self.ledger.pause_channel(channel.name, decided.reason, decided.detail, digest, now)

    def recorded(self, key: str, ask: Callable[[], _T]) -> _T:
        """Gives what the ledger says, as soon as it can: what is known of a delivery is not
        forgotten because a disk is full. Raises LedgerError when the patience is over."""
        ends = (
            None if self.record_for is None else time.monotonic() + self.record_for.total_seconds()
        )
        while True:
            last_time = self.ending.is_set() or (ends is not None and time.monotonic() >= ends)
            try:
                return ask()
            except LedgerError as error:
                if last_time:
                    raise
                log(
                    "not-recorded",
                    f"Its outcome waits to be recorded. {error}",
                    level="error",
                    key=key,
                )
                self.ending.wait(_RECORD_AGAIN_S)

    def _earlier(self, row: DeliveryRow) -> list[AttemptRow]:
        """Gives the attempts of this generation before the present one: those with its request
        id."""
        if row.tries <= 1:
            return []
        same = [a for a in self.ledger.attempts(row.key) if a.generation == row.generation]
        return same[:-1]


def _running_s() -> float:
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


def _defect(error: Exception, *, sending: bool) -> Outcome:
    """A defect before the request left is a refusal; after that nobody can know."""
    detail = f"A defect in Vigilia ({type(error).__name__}). Please report it."
    return Unknown(Reason.DEFECT, detail) if sending else Rejected(Reason.DEFECT, detail)
