"""A backup put back in the ledger's place: what may have been posted since becomes unknown."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.delivery.planner import due_and_unfilled
from bot.ledger.ledger import Ledger
from bot.ledger.rows import Decision, DeliveryRow, State
from bot.planning import Posting
from bot.project.load import Project


@dataclass(frozen=True)
class Doubted:
    """What a restored ledger cannot know: deliveries that the backup has as not sent yet, and
    postings that fell due after its last sign of life. All are ``unknown`` now."""

    open_then: tuple[DeliveryRow, ...]
    due_since: tuple[DeliveryRow, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(row.key for row in (*self.open_then, *self.due_since))


def doubt_what_followed(ledger: Ledger, project: Project, now: datetime) -> Doubted:
    """Records as unknown all that may have been posted since the backup was made, so that nothing
    of it is posted again blindly. Raises LedgerError."""
    last_alive = ledger.last_alive()
    since = f"{last_alive:%Y-%m-%d %H:%M} UTC" if last_alive else "an unknown instant"
    detail = (
        f"A backup of the ledger was put back, which knows nothing after {since}: it may have been "
        "posted since. Look into the channel."
    )
    wanted, _offers = due_and_unfilled(ledger, project, now)
    # Held at first, so that nothing could send it; `doubt` gives each the attempt that nobody saw.
    inserted = ledger.insert(wanted, now, state_of=_held)
    rows = ledger.doubt(detail, now)
    new = set(inserted.keys)
    return Doubted(
        tuple(row for row in rows if row.key not in new and not row.for_operator),
        tuple(row for row in rows if row.key in new),
    )


def _held(_posting: Posting, _decision: Decision | None) -> tuple[State, None]:
    return State.HELD, None
