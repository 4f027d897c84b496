"""What a person decides about a posting, the same for the command line, the page and the API."""

from __future__ import annotations

from collections.abc import Sequence

from bot.clock import Clock
from bot.delivery.approval import Standing, standing_of
from bot.errors import VigiliaError
from bot.ledger.ledger import Ledger
from bot.planning import Posting, plan_for
from bot.project.load import Project


class UnreadError(VigiliaError):
    """Other ``languages`` of the same slot are for a person to decide first."""

    def __init__(self, languages: Sequence[str]) -> None:
        self.languages = ", ".join(languages)
        super().__init__(
            f"The words in {self.languages} wait for a person too, and go out with these, so"
            " nothing was sent. Read and approve them first."
        )


def send(
    project: Project,
    ledger: Ledger,
    clock: Clock,
    posting: Posting,
    digest: str,
    *,
    who: str,
    why: str,
) -> None:
    """Send a coming posting now, its words, which have ``digest``, approved by this; those of its
    slot in other languages go with it. Raises :class:`UnreadError` where one of those waits for a
    person, or was held or left out by one; LedgerError where the slot is filled or paused."""
    now, channel = clock.now(), project.channel(posting.channel)
    planned = plan_for(
        channel, posting.observances, posting.date, posting.lead_days, now, lines=posting.lines
    )
    siblings = [sibling for sibling in planned.postings if sibling.key != posting.key]
    decided = ledger.decisions([sibling.key for sibling in siblings])
    free = (Standing.FREE, Standing.APPROVED)
    unread = [s for s in siblings if standing_of(project, s, decided.get(s.key)) not in free]
    if unread:
        raise UnreadError([code for sibling in unread for code in sibling.languages])
    ledger.decide(posting.key, "approve", who, why, now, digest=digest)
    ledger.insert_by_hand(planned, now)
