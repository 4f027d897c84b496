"""What a person decides about a posting, the same for the command line, the page and the API."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from bot.channels.channel import Channel
from bot.channels.outcome import Delivered, Outcome, Unknown
from bot.channels.platform import Envelope, Retracts
from bot.channels.registry import PLATFORMS
from bot.clock import Clock
from bot.delivery.approval import Standing, holds, standing_of
from bot.delivery.courier import request_id
from bot.delivery.poster import Poster
from bot.errors import LedgerError, VigiliaError, nearest
from bot.ledger.decisions import is_allowed
from bot.ledger.ledger import Ledger
from bot.ledger.rows import Decision, DeliveryRow, in_force, last_verdict
from bot.planning import Plan, Posting, plan_for
from bot.project.load import Project


class UnreadError(VigiliaError):
    """Words of the same slot, in other ``languages``, are for a person to decide first."""

    def __init__(self, languages: Sequence[str]) -> None:
        self.languages = ", ".join(languages)
        super().__init__(
            f"The words in {self.languages} wait for a person too, and go out with these, so"
            " nothing was sent. Read and approve them first."
        )


class CannotRetractError(VigiliaError):
    """A post that cannot be taken back from here."""


class NotTakenBackError(CannotRetractError):
    """A post that its platform did not take back, or may not have: ``outcome``."""

    def __init__(self, key: str, outcome: Outcome) -> None:
        self.outcome = outcome
        if isinstance(outcome, Unknown):
            sentence = f"It is not known whether {key} was taken back. Look. ({outcome.detail})"
        else:
            sentence = f"{key} was not taken back: {outcome.detail or outcome.reason.value}"
        super().__init__(sentence)


def posting_of(project: Project, key: str) -> Posting | None:
    """Return the posting of a key, come or to come; None where no channel has it."""
    pieces = key.split("/")
    if len(pieces) < 5 or pieces[3] not in project.channels:
        return None
    try:
        on = date.fromisoformat(pieces[1])
        noon = datetime.fromisoformat(f"{on}T12:00:00+00:00")
        plan = Plan(project.days.calendar, (project.channel(pieces[3]),))
        near = plan.due(noon - timedelta(days=63), noon + timedelta(days=3))
    except (OverflowError, ValueError):
        return None
    return next((p for item in near for p in item.postings if p.key == key), None)


@dataclass(frozen=True)
class Decisions:
    """What ``who`` decides, for the reason ``why``, at the instant of ``clock``.

    Every verb raises LedgerError where it is too late for it or a pause is on
    (:class:`bot.errors.PausedError`); then nothing is recorded. What becomes of a posting by it is
    told in :mod:`bot.ledger.decisions`.
    """

    project: Project
    ledger: Ledger
    clock: Clock
    who: str
    why: str = ""

    def find(self, key: str) -> DeliveryRow | Posting:
        """Return the delivery of a key, or its coming posting. Raises LedgerError where there is
        none, with the nearest key of the year to come."""
        posting = self.ledger.delivery(key) or posting_of(self.project, key)
        if posting is None:
            now = self.clock.now()
            coming = self.project.plan.due(now - timedelta(days=40), now + timedelta(days=400))
            keys = [p.key for item in coming for p in item.postings]
            hint = nearest(key, keys) or " `vigilia upcoming --json` lists the keys."
            raise LedgerError(f"No posting has the key {key}.{hint}")
        return posting

    def approve(self, key: str, digest: str | None) -> None:
        """Approve the words of ``key`` that have ``digest``."""
        self.ledger.decide(key, "approve", self.who, self.why, self.clock.now(), digest=digest)

    def hold(self, key: str) -> None:
        """Hold a posting back until somebody approves it."""
        self.ledger.decide(key, "hold", self.who, self.why, self.clock.now())

    def skip(self, key: str) -> None:
        """Leave a posting out, this once."""
        self.ledger.decide(key, "skip", self.who, self.why, self.clock.now())

    def retry(self, key: str) -> None:
        """Send a posting that did not arrive, its words written anew."""
        self.ledger.retry(key, self.clock.now(), self._useful_until(key), self.who, self.why)

    def resolve(self, key: str, how: Literal["delivered", "resend"]) -> None:
        """Say of a posting that may have arrived that it did, or send the same words again."""
        now, until = self.clock.now(), self._useful_until(key)
        self.ledger.resolve(key, how, now, self.who, self.why, useful_until=until)

    def send(self, posting: Posting, digest: str) -> None:
        """Send a coming posting now, its words, which have ``digest``, approved by this; those of
        its slot in other languages go with it. Raises :class:`UnreadError` where one of those
        waits for a person, or was held or left out by one."""
        project, now = self.project, self.clock.now()
        planned = plan_for(
            project.channel(posting.channel),
            posting.observances,
            posting.date,
            posting.lead_days,
            now,
            lines=posting.lines,
        )
        siblings = [sibling for sibling in planned.postings if sibling.key != posting.key]
        decided = self.ledger.decisions([sibling.key for sibling in siblings])
        free = (Standing.FREE, Standing.APPROVED)
        unread = [s for s in siblings if standing_of(project, s, decided.get(s.key)) not in free]
        if unread:
            raise UnreadError([code for sibling in unread for code in sibling.languages])
        self.ledger.send_now(planned, posting.key, digest, now, self.who, self.why)

    def retract(self, key: str, poster: Poster | None = None) -> str:
        """Have the platform take a post back, or, without ``poster``, say that it was taken back by
        hand; return what the platform said of it.

        Raises :class:`CannotRetractError` where its platform takes nothing back, or the post's name
        there is not known, :class:`NotTakenBackError` where it did not.
        """
        detail = "" if poster is None else self._take_back(key, poster)
        try:
            self.ledger.retract(key, self.clock.now(), self.who, self.why)
        except LedgerError as error:
            if poster is None:
                raise
            raise LedgerError(
                f"{key} is gone from its channel, but not recorded so. {error}"
            ) from None
        return detail

    def undo(self, key: str) -> Decision:
        """Take back the last decision about a posting while it still matters; return it.

        The decision before it holds again, of a posting still to come. Of one in the ledger, what
        was skipped or held goes on as it would have without that, and what was approved is held
        again. Raises LedgerError where nothing was decided, and where something was sent since.
        """
        decisions = in_force(self.ledger.decision_log(key))
        if not decisions:
            raise LedgerError(f"Nothing was decided about {key} that could be taken back.")
        *before, last = decisions
        verdict = last_verdict(before)
        row = self.ledger.delivery(key)
        waits = row is not None and (
            last.verdict == "approve"
            or holds(self.project, standing_of(self.project, row, verdict))
        )
        self.ledger.undo(last, waits, self.clock.now(), self.who, self.why)
        return last

    def pause(self, until: datetime) -> None:
        """Hold everything back until an instant."""
        self.ledger.set_pause(until, self.clock.now())

    def resume(self) -> None:
        """End a pause: what is still useful is posted, the rest is missed."""
        self.ledger.set_pause(None, self.clock.now())

    def _useful_until(self, key: str) -> datetime:
        """Return until when a posting sent again is worth sending: as long as its channel says."""
        row = self.ledger.delivery(key) or self.ledger.delivery(key, operator=True)
        channel = self.project.channels.get(row.channel) if row else None
        return self.clock.now() + (channel or self.project.settings).useful_for

    def _take_back(self, key: str, poster: Poster) -> str:
        (row,) = self.ledger.deliveries([key])
        if not is_allowed("retract", row):
            raise LedgerError(f"{key} is {row.state}: only what was delivered can be retracted.")
        channel = self.project.channels.get(row.channel)
        if channel is None:
            raise CannotRetractError(
                f"The channel '{row.channel}' is no longer in the configuration, so its address is "
                "not known. Delete the post by hand."
            )
        platform = _retracting(channel)
        name = f"{request_id(row.key, row.generation)}-retract"
        envelope = Envelope(row.key, name, self.clock.now())
        request = None
        if row.remote_id is not None:
            request = platform.retraction(row.remote_id, channel.options, envelope)
        if request is None:
            raise CannotRetractError(
                f"What the platform calls the post {row.key} was not recorded, so it cannot be "
                "taken back from here. Delete it by hand."
            )
        outcome, _status = poster.post(request, key, channel, read=platform.retracted)
        if not isinstance(outcome, Delivered):
            raise NotTakenBackError(key, outcome)
        return outcome.detail


def _retracting(channel: Channel) -> Retracts[Any, Any]:
    if isinstance(channel.platform, Retracts):
        return channel.platform
    able = [name for name, platform in PLATFORMS.items() if isinstance(platform, Retracts)]
    name = channel.platform.actor or channel.platform.called
    raise CannotRetractError(
        f"{name} does not let a post be taken back from here; it can be from "
        f"{', '.join(able[:-1])} and {able[-1]}. Delete the post by hand, if you can."
    )
