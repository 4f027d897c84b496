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
from typing import TypeVar

from bot.channels.channel import Channel
from bot.channels.fitting import CannotFitError
from bot.channels.outcome import Reason, Rejected, Retry
from bot.channels.platform import Envelope
from bot.channels.request import Request
from bot.clock import Clock
from bot.content.message import Message
from bot.delivery.approval import refuse_lapsed
from bot.delivery.attempt import Begun, Carried, NotSaid, Settled, ended, kept, running_s, said
from bot.delivery.poster import Poster, defect
from bot.delivery.rate_limits import Rates, without_own_host
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
from bot.logs import log
from bot.project.load import Project

LEASE = timedelta(minutes=5)
"""For how long a claim is another's business on a shared ledger; over every deadline of a
request."""

_RECORD_AGAIN_S = 1.0

_T = TypeVar("_T")

Listener = Callable[[Settled], None]


def request_id(key: str, generation: int) -> str:
    """Gives the id that all attempts of one generation of a posting share. Holds no ``.`` or
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
        channel = self.project().channels.get(row.channel)
        return () if channel is None else self._rates(channel)

    def _rates(self, channel: Channel) -> Rates:
        trusted_hosts = self.project().settings.network.trusted_hosts
        return without_own_host(channel.platform.rate_keys(channel.options), trusted_hosts)

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
            return Rejected(Reason.DEFECT, defect(row.key, error))
        return written

    def _without_channel(self, row: DeliveryRow) -> Rejected | Retry:
        said = f"The channel '{row.channel}' is no longer in the configuration."
        if self.ledger.shared and self.clock.now() - row.created_at < FORGOTTEN_AFTER:
            # or not in this machine's yet: another may know it, and soon this one will
            return Retry(Reason.OPERATOR, said)
        return Rejected(Reason.OPERATOR, said)

    def carry(self, begun: Begun) -> Carried:
        """Build the request and post it; return what came of it. Raises nothing."""
        try:
            request = self._request(begun)
        except Exception as error:  # noqa: BLE001 - a defect of ours must not leave the row in doubt
            request = Rejected(Reason.DEFECT, defect(begun.claim.key, error))
        if isinstance(request, Rejected | Retry):
            return Carried(begun, request)
        row = begun.claim.delivery
        outcome = self.poster.post(request, row.key, begun.known_channel, tries=row.tries)
        return Carried(begun, *outcome)

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

    def end(self, carried: Sequence[Carried]) -> list[Settlement]:
        """Settles attempts, in one transaction, and tells the listeners; gives what each came to.
        Raises LedgerError; then none is settled, and it may be asked for again."""
        now = self.clock.now()
        decided = [self._decided(one, now) for one in carried]
        recorded = self.ledger.settle(
            [ended(one, made) for one, made in zip(carried, decided, strict=True)], now
        )
        for one, made, known in zip(carried, decided, recorded, strict=True):
            channel, row = one.begun.channel, one.begun.claim.delivery
            platform = channel.platform.name if channel else ""
            settled = Settled(
                row, made, platform, now - row.due_at, known.channel_paused, known.state
            )
            self._tell(settled)
        return decided

    def _tell(self, settled: Settled) -> None:
        for listener in self.listeners:
            try:
                listener(settled)
            except Exception as error:  # noqa: BLE001 - what is settled must not be settled again
                log(
                    "listener-broke",
                    "A delivery is recorded, and whoever hears of it met a defect.",
                    level="critical",
                    key=settled.row.key,
                    exc_info=error,
                )

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
            in_doubt=any(attempt.outcome == "unknown" for attempt in earlier),
            may_have_arrived=row.may_have_arrived,
        )

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
