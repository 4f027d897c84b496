"""What falls due next, made ready shortly before: at its instant only writing it down is left.

It spares the first request the planner's look at all channels, which takes longer the more there
are. That look follows at once and finds what was missed here, so nothing rests on this.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bot.channels.fitting import CannotFitError
from bot.channels.platform import Envelope
from bot.delivery.planner import coming_and_unfilled
from bot.delivery.rendering import write_message
from bot.errors import RenderError
from bot.ledger.ledger import Ledger
from bot.planning import Planned
from bot.project.load import Project


@dataclass(frozen=True)
class Prepared:
    """What ``project`` has due at ``due_at`` (UTC), all at that instant; of it nothing is written
    down."""

    project: Project
    due_at: datetime
    planned: tuple[Planned, ...]

    def due(self, project: Project, now: datetime) -> tuple[Planned, ...]:
        """Return it once it is due: nothing where another project is in force by now, or the clock
        was set back."""
        return self.planned if project is self.project and self.due_at <= now else ()


def prepare(ledger: Ledger, project: Project, now: datetime, until: datetime) -> Prepared | None:
    """Return what falls due at the next due instant, None where that is after ``until``, and note
    in the ledger which days are seen. Raises LedgerError."""
    due_at = project.plan.next_due(now)
    if due_at is None or due_at > until:
        return None
    return Prepared(project, due_at, tuple(coming_and_unfilled(ledger, project, now, due_at)))


def practise(prepared: Prepared) -> None:
    """Write and build one message for each platform and throw it away: templates and libraries
    that are read when they are first used have been read by the instant."""
    project = prepared.project
    practised: set[str] = set()
    for item in prepared.planned:
        posting = item.postings[0]
        channel = project.channels[posting.channel]
        if channel.platform.name in practised:
            continue
        practised.add(channel.platform.name)
        try:
            message = write_message(project, posting)
            envelope = Envelope(posting.key, "vg_practice", prepared.due_at)
            channel.platform.request(message, channel.options, envelope)
        except (RenderError, CannotFitError):
            continue  # it is refused, with its reason, when it is to be sent
