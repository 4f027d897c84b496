"""Approval: whose words a person reads first, what was decided, and whether it still holds.

An approval is bound to the digest of the words that were seen. When the words change afterwards, a
fact, a template or a language of the channel, it lapses and is asked for again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.content.message import Message
from bot.delivery.rendering import write_message
from bot.errors import RenderError
from bot.ledger.ledger import Ledger
from bot.ledger.rows import Decision, DeliveryRow
from bot.planning import Posting
from bot.project.load import Project


class Standing(StrEnum):
    """What a person's decisions come to for a posting that has not been sent."""

    FREE = "free"
    """Posted when due: nobody has to decide, and nobody did."""
    WAITING = "waiting"
    """A person has to read it first."""
    APPROVED = "approved"
    LAPSED = "lapsed"
    """It was approved, and the words are not those any more."""
    HELD = "held"
    """A person holds it back until somebody approves it."""
    SKIPPED = "skipped"


def needs_approval(project: Project, posting: Posting | DeliveryRow) -> bool:
    """Whether a person reads these words before they are posted: its day or its channel says so."""
    if isinstance(posting, Posting) and posting.approval:
        return True
    channel = project.channels.get(posting.channel)
    if channel is not None and channel.approval:
        return True
    days = (project.by_id.get(id_) for id_ in posting.observances)
    return posting.lead_days == 0 and any(day is not None and day.approval for day in days)


def standing(needed: bool, decision: Decision | None, digest: str | None) -> Standing:
    """Gives how a posting stands whose words have ``digest`` (None: they cannot be written)."""
    if decision is None:
        return Standing.WAITING if needed else Standing.FREE
    match decision.verdict:
        case "skip":
            return Standing.SKIPPED
        case "hold":
            return Standing.HELD
        case _:
            same = decision.digest is None or decision.digest == digest
            return Standing.APPROVED if same else Standing.LAPSED


def digest_of(project: Project, posting: Posting | DeliveryRow) -> str | None:
    """Gives the digest of a posting's words, None where they cannot be written."""
    try:
        return write_message(project, posting).digest
    except RenderError:
        return None


def names_words(decision: Decision | None) -> bool:
    """Whether somebody approved certain words, so that it matters what the words are."""
    return decision is not None and decision.verdict == "approve" and decision.digest is not None


def standing_of(
    project: Project, posting: Posting | DeliveryRow, decision: Decision | None
) -> Standing:
    """Gives how a posting stands. Its words are written only where an approval names some."""
    digest = digest_of(project, posting) if names_words(decision) else None
    return standing(needs_approval(project, posting), decision, digest)


def holds(project: Project, stands: Standing) -> bool:
    """Whether a posting that stands so is held until a person decides."""
    if stands in (Standing.WAITING, Standing.LAPSED):
        return project.settings.approval.undecided == "hold"
    return stands in (Standing.HELD, Standing.SKIPPED)


def refuse_lapsed(project: Project, ledger: Ledger, row: DeliveryRow, message: Message) -> None:
    """Raises RenderError where somebody approved other words than those about to be sent, and
    nothing may be sent unread."""
    if project.settings.approval.undecided == "post" or not needs_approval(project, row):
        return
    decision = ledger.decisions([row.key]).get(row.key)
    if standing(True, decision, message.digest) is Standing.LAPSED:
        raise RenderError(
            "The words changed after they were approved, so nothing was sent. Read them, approve "
            f"them, then `vigilia retry {row.key}`."
        )


@dataclass(frozen=True)
class Asked:
    """A coming posting that a person has to read: ``standing`` is waiting, lapsed or held."""

    posting: Posting
    standing: Standing
    decision: Decision | None


def asked_for(
    project: Project, ledger: Ledger, planned: Sequence[Posting], now: datetime
) -> Iterator[Asked]:
    """Gives those of the postings, due within ``[approval] lead``, that wait for a person."""
    until = now + project.settings.approval.lead
    near = [posting for posting in planned if now < posting.due_at <= until]
    decisions = ledger.decisions([posting.key for posting in near])
    for posting in near:
        decision = decisions.get(posting.key)
        if decision is None and not needs_approval(project, posting):
            continue
        found = standing_of(project, posting, decision)
        if found in (Standing.WAITING, Standing.LAPSED, Standing.HELD):
            yield Asked(posting, found, decision)
