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
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

from bot.channels.channel import Channel
from bot.channels.fitting import CannotFitError
from bot.channels.outcome import Outcome, Reason, Rejected, Retry
from bot.channels.platform import Envelope
from bot.channels.request import Request
from bot.clock import Clock
from bot.content.message import Message
from bot.delivery.approval import refuse_lapsed
from bot.delivery.poster import Poster, defect
from bot.delivery.rate_limits import Rates, without_own_host
from bot.delivery.rendering import Words, Written
from bot.delivery.retry import next_delay, settlement
from bot.errors import LedgerError, RenderError
from bot.ledger.ledger import Ledger
from bot.ledger.rows import AttemptRow, Claim, DeliveryRow, Settled, Settlement
from bot.ledger.sightings import FORGOTTEN_AFTER
from bot.logs import log
from bot.project.load import Project

LEASE = timedelta(minutes=5)
"""For how long a claim is another's business on a shared ledger; over every deadline of a
request."""

_RECORD_AGAIN_S = 1.0

_T = TypeVar("_T")

Unsent = Rejected | Retry
"""Why a delivery ends before anything could leave."""


@dataclass(frozen=True)
class Begun:
    """An attempt that is recorded, before anything has left: what is to be sent, or why nothing
    is. ``ours_until``: seconds of :func:`running_s` up to which nobody else may send it."""

    claim: Claim
    channel: Channel | None
    words: Message | Unsent
    ours_until: float


@dataclass(frozen=True)
class Carried:
    """What came of an attempt, and the status of an HTTP answer; not recorded yet."""

    begun: Begun
    outcome: Outcome
    status: int | None = None


Listener = Callable[[Settled], None]


def running_s() -> float:
    """Return the seconds since the machine was started, those counted that it slept."""
    boot = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if boot is None else time.clock_gettime(boot)


def request_id(key: str, generation: int) -> str:
    """Return the id that all attempts of one generation of a posting share. Holds no ``.`` or
    space."""
    digest = hashlib.sha256(f"{key}#{generation}".encode()).hexdigest()
    return f"vg_{digest[:32]}"


@dataclass
class Courier:
    """Take deliveries from the ledger to their channels. Used by many threads at once.

    ``project`` is asked at each delivery, so that a reloaded configuration holds from then on. An
    outcome that the ledger cannot take (a full disk) is kept and offered again for ``record_for``,
    or, where that is None, until ``ending`` is set.
    """

    ledger: Ledger
    project: Callable[[], Project]
    run: str
    clock: Clock
    poster: Poster
    listeners: Iterable[Listener] = ()
    chance: Callable[[], float] = field(default=random.random)
    record_for: timedelta | None = None
    ending: threading.Event = field(default_factory=threading.Event)
    lease: timedelta = LEASE
    words: Words = field(default_factory=Words)

    def ready_in(self, row: DeliveryRow) -> float:
        """Return the seconds until the rate limits let this delivery go; 0.0 takes its turn."""
        return self.poster.limits.wait_for(self.rates_of(row))

    def rates_of(self, row: DeliveryRow) -> Rates:
        """Return the buckets of a delivery, with their requests a second."""
        project = self.project()
        channel = project.channels.get(row.channel)
        return () if channel is None else _rates(project, channel)

    def deliver(self, row: DeliveryRow) -> Settlement | None:
        """Make one attempt; return what it came to, None where another had claimed the row.

        Raises LedgerError where the row could not be claimed, or its outcome not be recorded.
        """
        begun = self.begin([row])
        if not begun:
            return None
        carried = [self.carry(begun[0])]
        (settlement,) = self.recorded(row.key, lambda: self.end(carried))
        return settlement

    def begin(self, rows: Sequence[DeliveryRow]) -> list[Begun]:
        """Write the words of deliveries and claim them, in one transaction; leave out what another
        had claimed. Raises LedgerError; then none is claimed."""
        # before the ledger is asked: nobody knows how long the answer was under way
        ours_until = running_s() + self.lease.total_seconds() / 2
        project = self.project()
        words = {row.id: _words(self, project, row) for row in rows}
        new = {
            row.id: written.json
            for row in rows
            if row.message is None and isinstance(written := words[row.id], Written)
        }
        claims = self.ledger.claim(rows, self.run, self.clock.now(), self.lease, new)
        return [
            Begun(
                claim,
                project.channels.get(claim.delivery.channel),
                written.message if isinstance(written := words[claim.id], Written) else written,
                ours_until,
            )
            for claim in claims
        ]

    def carry(self, begun: Begun) -> Carried:
        """Build the request and post it; return what came of it. Raises nothing."""
        claim, channel = begun.claim, begun.channel
        if channel is None:
            return Carried(begun, _without_channel(self, claim.delivery))
        try:
            request = _request(begun, channel, self.clock.now())
        except Exception as error:  # noqa: BLE001 - a defect of ours must not leave the row in doubt
            request = Rejected(Reason.DEFECT, defect(claim.key, error))
        if isinstance(request, Rejected | Retry):
            return Carried(begun, request)
        result = self.poster.post(request, claim.key, channel, tries=claim.delivery.tries)
        return Carried(begun, *result)

    def end(self, carried: Sequence[Carried]) -> list[Settlement]:
        """Settle attempts, in one transaction, and tell the listeners; return what each came to.
        Raises LedgerError; then none is settled, and it may be asked for again."""
        now = self.clock.now()
        settlements = [_settlement(self, attempt, now) for attempt in carried]
        claims = [attempt.begun.claim for attempt in carried]
        rows = self.ledger.settle(list(zip(claims, settlements, strict=True)), now)
        for attempt, settled in zip(carried, rows, strict=True):
            channel = attempt.begun.channel
            name = channel.platform.name if channel else ""
            _tell(self.listeners, replace(settled, platform=name))
        return settlements

    def recorded(self, key: str, ask: Callable[[], _T]) -> _T:
        """Return what the ledger answers, as soon as it can: what is known of a delivery is not
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
                sentence = f"Its outcome waits to be recorded. {error}"
                log("not-recorded", sentence, level="error", key=key)
                self.ending.wait(_RECORD_AGAIN_S)


def _rates(project: Project, channel: Channel) -> Rates:
    trusted_hosts = project.settings.network.trusted_hosts
    return without_own_host(channel.platform.rate_keys(channel.options), trusted_hosts)


def _words(courier: Courier, project: Project, row: DeliveryRow) -> Written | Unsent:
    """Return the words of a delivery. What cannot be written is refused here, unsent."""
    if row.channel not in project.channels:
        return _without_channel(courier, row)
    try:
        if row.message is not None:
            return Written(Message.from_json(row.message), row.message)
        written = courier.words.of(project, row)
        refuse_lapsed(project, courier.ledger, row, written.message)
    except RenderError as error:
        return Rejected(Reason.RENDER, str(error))
    except LedgerError:
        raise
    except Exception as error:  # noqa: BLE001 - it must not keep the others from being sent
        return Rejected(Reason.DEFECT, defect(row.key, error))
    return written


def _without_channel(courier: Courier, row: DeliveryRow) -> Unsent:
    sentence = f"The channel '{row.channel}' is no longer in the configuration."
    if courier.ledger.shared and courier.clock.now() - row.created_at < FORGOTTEN_AFTER:
        # or not in this machine's yet: another may know it, and soon this one will
        return Retry(Reason.OPERATOR, sentence)
    return Rejected(Reason.OPERATOR, sentence)


def _request(begun: Begun, channel: Channel, now: datetime) -> Request | Unsent:
    """Build the request. What does not fit is refused here, unsent."""
    row, message = begun.claim.delivery, begun.words
    if not isinstance(message, Message):
        return message
    envelope = Envelope(row.key, request_id(row.key, row.generation), now)
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


def _settlement(courier: Courier, carried: Carried, now: datetime) -> Settlement:
    outcome, row, channel = carried.outcome, carried.begun.claim.delivery, carried.begun.channel
    retry_after = outcome.retry_after if isinstance(outcome, Retry) else None
    earlier = _earlier(courier.ledger, row)
    safe_for = channel.platform.repeat_safe_for if channel else None
    began = earlier[0].started_at if earlier else now
    gone = isinstance(outcome, Rejected) and outcome.gone and channel is not None
    return replace(
        settlement(
            outcome,
            now=now,
            next_attempt_at=courier.clock.after(next_delay(row.tries, retry_after, courier.chance)),
            useful_until=row.useful_until,
            on_unknown=channel.on_unknown if channel else "hold",
            repeat_safe_until=began + safe_for if safe_for else None,
            in_doubt=any(attempt.outcome == "unknown" for attempt in earlier),
            may_have_arrived=row.may_have_arrived,
        ),
        status=carried.status,
        gone=channel.platform.address_digest(channel.options) if gone and channel else None,
    )


def _earlier(ledger: Ledger, row: DeliveryRow) -> list[AttemptRow]:
    """Return the attempts of this generation before the present one: those with its request id."""
    if row.tries <= 1:
        return []
    return [a for a in ledger.attempts(row.key) if a.generation == row.generation][:-1]


def _tell(listeners: Iterable[Listener], settled: Settled) -> None:
    for listener in listeners:
        try:
            listener(settled)
        except Exception as error:  # noqa: BLE001 - what is settled must not be settled again
            log(
                "listener-broke",
                "A delivery is recorded, and whoever hears of it met a defect.",
                level="critical",
                key=settled.claim.key,
                exc_info=error,
            )
