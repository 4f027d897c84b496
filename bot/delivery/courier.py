"""A delivery's way: render → claim → build → post → settle. Each step a small function.

What is decided here is recorded before anything else happens: ``sending``, and the words with the
first attempt, are durable before the first byte leaves. Many are claimed and settled together, each
is posted by itself.
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
from bot.channels.outcome import Delivered, Outcome, Reason, Rejected, Retry
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
from bot.delivery.attempt import (
    Begun,
    Carried,
    NotSaid,
    Settled,
    ended,
    kept,
    running_s,
    said,
    sent_defect,
    unsent_defect,
)
from bot.delivery.rate_headers import HOST, asked_to_wait, without_own_host
from bot.delivery.remembered import Remembered
from bot.delivery.rendering import Words, Written
from bot.delivery.retry import Settlement, next_delay, settlement
from bot.errors import LedgerError, RenderError
from bot.ledger.ledger import Ledger
from bot.ledger.rows import (
    AttemptRow,
    DeliveryRow,
    ToSend,
)
from bot.ledger.sightings import FORGOTTEN_AFTER
from bot.logs import SECRETS, log
from bot.project.load import Project
from bot.transport.dispatch import Transport

LEASE = timedelta(minutes=5)
"""For how long a claim is another's business on a shared ledger; over every deadline of a
request."""

_RECORD_AGAIN_S = 1.0

_T = TypeVar("_T")

Rates = Sequence[tuple[str, float]]
"""The buckets that hold for a channel, with their requests a second."""


class Limits(Protocol):
    """Rate limits: of this process, or of all machines."""

    def wait_for(self, keys: Rates) -> float: ...

    def back_off(self, key: str, seconds: float) -> None: ...


class LocalPlaces(Protocol):
    """Puts a message into a place on this machine."""

    def put(self, request: LocalRequest, key: str, channel: str, at: datetime) -> Delivered: ...


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
    lease: timedelta = LEASE
    words: Words = field(default_factory=Words)
    _rates: Remembered[Rates] = field(default_factory=lambda: Remembered[Rates](10_000))

    def ready_in(self, row: DeliveryRow) -> float:
        """Gives the seconds until the rate limits let this delivery go; 0.0 takes its turn."""
        return self.limits.wait_for(self.rates_of(row))

    def wait_for(self, channel: Channel) -> float:
        """Gives the seconds until the rate limits let a request to this channel go; 0.0 takes its
        turn."""
        return self.limits.wait_for(_buckets(self.project(), channel.name))

    def rates_of(self, row: DeliveryRow) -> Rates:
        """Gives the buckets of a delivery, with their requests a second."""
        project = self.project()
        return self._rates.of(project, row.channel, lambda: _buckets(project, row.channel))

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
        begun = self.begin([row])
        if not begun:
            return None
        carried = [self.carry(begun[0])]
        (decided,) = self.recorded(row.key, lambda: self.end(carried))
        return decided

    def begin(self, rows: Sequence[DeliveryRow]) -> list[Begun]:
        """Writes the words of deliveries and claims them, in one transaction; leaves out what
        another had claimed. Raises LedgerError; then none is claimed."""
        # before they are asked for: nobody knows how long the answer was under way
        ours_until = running_s() + self.lease.total_seconds() / 2
        project = self.project()
        words = {row.id: self._words(project, row) for row in rows}
        wanted = [ToSend(row, kept(row, words[row.id])) for row in rows]
        claims = self.ledger.claim(wanted, self.run, self.clock.now(), self.lease)
        channels = project.channels
        return [
            Begun(claim, channels.get(claim.delivery.channel), said(words[claim.id]), ours_until)
            for claim in claims
        ]

    def _words(self, project: Project, row: DeliveryRow) -> Written | NotSaid:
        """Gives the words of a delivery. What cannot be said is refused here, unsent."""
        if row.channel not in project.channels:
            return self._without_channel(row)
        try:
            if row.message is not None:
                return Written(Message.from_json(row.message), row.message)
            written = self.words.of(project, row)
            refuse_lapsed(project, self.ledger, row, written.message)
        except RenderError as error:
            return Rejected(Reason.RENDER, str(error))
        except LedgerError:
            raise
        except Exception as error:  # noqa: BLE001 - it must not keep the others from being sent
            return unsent_defect(row.key, error)
        return written

    def _without_channel(self, row: DeliveryRow) -> Rejected | Retry:
        said = f"The channel '{row.channel}' is no longer in the configuration."
        if self.ledger.shared and self.clock.now() - row.created_at < FORGOTTEN_AFTER:
            # or not in this machine's yet: another may know it, and soon this one will
            return Retry(Reason.OPERATOR, said)
        return Rejected(Reason.OPERATOR, said)

    def carry(self, begun: Begun) -> Carried:
        """Builds the request and posts it; gives what came of it. Raises nothing."""
        sending = False
        try:
            request = self._request(begun)
            if isinstance(request, Rejected | Retry):
                return Carried(begun, request)
            sending = True
            return Carried(begun, *self.post(request, begun.claim.key, begun.known_channel))
        except Exception as error:  # noqa: BLE001 - a defect of ours must not leave the row in doubt
            met = sent_defect if sending else unsent_defect
            return Carried(begun, met(begun.claim.key, error))

    def _request(self, begun: Begun) -> Request | NotSaid:
        """Builds the request. What does not fit is refused here, unsent."""
        row, channel, message = begun.claim.delivery, begun.channel, begun.words
        if not isinstance(message, Message):
            return message
        if channel is None:
            return self._without_channel(row)
        envelope = Envelope(row.key, request_id(row.key, row.generation), self.clock.now())
        try:
            request: Request = channel.platform.request(message, channel.options, envelope)
        except CannotFitError as error:
            return Rejected(Reason.TOO_LARGE, str(error))
        except RenderError as error:
            return Rejected(Reason.RENDER, str(error))
        if running_s() > begun.ours_until:
            # a machine that stood still: by now somebody else may be sending it
            return Retry(Reason.INTERRUPTED, "Not sent: its time to be sent was over.")
        return request

    def post(self, request: Request, key: str, channel: Channel) -> tuple[Outcome, int | None]:
        """Sends a request once; gives what it came to, and the status of an HTTP answer."""
        match request:
            case LocalRequest():
                try:
                    now = self.clock.now()
                    return self.places.put(request, key, channel.name, now), None
                except LedgerError as error:
                    return Retry(Reason.WRITE, str(error)), None
            case HttpRequest() | MimeRequest() | ApprisedRequest():
                try:
                    answer = self.transport.send(request)
                except Exception:
                    # its traceback may hold a form of a secret that stands in no file
                    if isinstance(request, HttpRequest):
                        SECRETS.know(request.secrets)
                    raise
                if not isinstance(answer, Response):
                    return answer, None
                outcome: Outcome = channel.platform.outcome(answer, self.clock.now())
                self._heed(answer, channel)
                return outcome, answer.status
            case _:
                assert_never(request)

    def end(self, carried: Sequence[Carried]) -> list[Settlement]:
        """Settles attempts, in one transaction, and tells the listeners; gives what each came to.
        Raises LedgerError; then none is settled, and it may be asked for again."""
        now = self.clock.now()
        decided = [self._decided(one, now) for one in carried]
        recorded = self.ledger.settle(
            [ended(one, made) for one, made in zip(carried, decided, strict=True)], now
        )
        for one, made, known in zip(carried, decided, recorded, strict=True):
            self._slow_down(one)
            channel, row = one.begun.channel, one.begun.claim.delivery
            platform = channel.platform.name if channel else ""
            settled = Settled(
                row, made, platform, now - row.due_at, known.channel_paused, known.state
            )
            for listener in self.listeners:
                listener(settled)
        return decided

    def _decided(self, carried: Carried, now: datetime) -> Settlement:
        outcome, row, channel = carried.outcome, carried.begun.claim.delivery, carried.begun.channel
        asked = outcome.retry_after if isinstance(outcome, Retry) else None
        delay = next_delay(row.tries, asked, self.chance)
        earlier = self._earlier(row)
        safe_for = channel.platform.repeat_safe_for if channel else None
        began = earlier[0].started_at if earlier else now
        return settlement(
            outcome,
            now=now,
            next_attempt_at=self.clock.after(delay),
            useful_until=row.useful_until,
            on_unknown=channel.on_unknown if channel else "hold",
            repeat_safe_until=began + safe_for if safe_for else None,
            maybe_arrived=any(attempt.outcome == "unknown" for attempt in earlier),
        )

    def _slow_down(self, carried: Carried) -> None:
        """Keeps the bucket of a channel shut after a 429, also where no header says for how
        long."""
        outcome, channel = carried.outcome, carried.begun.channel
        if channel is None or not isinstance(outcome, Retry):
            return
        if outcome.reason is Reason.RATE_LIMITED:
            tries = carried.begun.claim.delivery.tries
            wait = outcome.retry_after or next_delay(tries, None, self.chance)
            bucket = channel.platform.rate_keys(channel.options)[0][0]
            self.limits.back_off(bucket, wait.total_seconds())

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


def _buckets(project: Project, name: str) -> Rates:
    channel = project.channels.get(name)
    if channel is None:
        return ()
    trusted = project.settings.network.trusted_hosts
    return without_own_host(channel.platform.rate_keys(channel.options), trusted)
