"""What the operator is to be told of, read from the ledger and from what comes.

Nothing is remembered here: whatever ends the process, the next one finds the same again, and the
ledger knows what was told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from bot.checking.facts import stale_ahead
from bot.content.message import Message
from bot.delivery.approval import Standing, asked_for
from bot.errors import RenderError
from bot.ledger.ledger import Ledger
from bot.ledger.rows import DeliveryRow, State
from bot.oversight.live import Broken
from bot.planning import Posting
from bot.project.load import Project

_LOOK_BACK = timedelta(days=3)
"""An operator's channel that is new is not told of what was settled earlier."""

FACTS_AHEAD = timedelta(days=14)

_LAST_CALL = 1 / 3
"""The part of its useful time that is left when a posting still held for approval is told again."""

_LONGEST_LINE = 300


class Cause(StrEnum):
    """Why the operator is told something. Templates and the ledger know these words."""

    UNKNOWN = "unknown"
    FAILED = "failed"
    MISSED = "missed"
    PAUSED = "paused"
    CONFIG = "config"
    APPROVAL = "approval"
    STALE_FACT = "stale-fact"


@dataclass(frozen=True)
class Notice:
    """One thing to tell. ``subject`` stands for it among all of its cause: it is told once.

    ``posting`` is what a person has to read, where that is what is told.
    """

    cause: Cause
    subject: str
    line: str
    posting: Posting | None = None


_CAUSES = {
    State.UNKNOWN: Cause.UNKNOWN,
    State.FAILED: Cause.FAILED,
    State.MISSED: Cause.MISSED,
}


def what_happened(project: Project, ledger: Ledger, now: datetime) -> Iterator[Notice]:
    """Gives what failed, may have arrived or was missed, and the channels that are paused. Raises
    LedgerError."""
    for row in ledger.settled_since(tuple(_CAUSES), now - _LOOK_BACK):
        subject = f"{row.key} {row.state.value} {row.generation}.{row.attempts}"
        yield _notice(_CAUSES[row.state], subject, _told(project, row))
    for paused in ledger.paused_channels().values():
        said = f"{paused.channel}: {paused.detail or paused.reason.value}"
        yield _notice(Cause.PAUSED, f"{paused.channel} {paused.since.isoformat()}", said)


def what_comes(project: Project, ledger: Ledger, now: datetime) -> Iterator[Notice]:
    """Gives the postings that a person has to read, once ahead and once more before they stop being
    useful, and the figures that will be past their review. Looks through the calendar, so it is
    asked now and then only. Raises LedgerError."""
    yield from _last_calls(project, ledger, now)
    lead = project.settings.approval.lead
    coming = [posting for one in project.plan.due(now, now + lead) for posting in one.postings]
    for asked in asked_for(project, ledger, coming, now):
        if asked.standing is Standing.HELD:
            continue  # by a person, who knows
        posting = asked.posting
        changed = " (its words changed since)" if asked.standing is Standing.LAPSED else ""
        said = f"{posting.channel}: {posting.date}, {posting.key}{changed}"
        digest = asked.decision.digest if asked.decision else ""
        subject = f"{posting.key} {asked.standing.value} {digest}"
        yield Notice(Cause.APPROVAL, subject, said, posting)
    try:
        for stale in stale_ahead(project, now, FACTS_AHEAD):
            said = (
                f"{stale.fact.id}: {stale.fact.review}; {stale.observance}, {stale.date}, "
                f"{', '.join(stale.channels)}"
            )
            yield _notice(Cause.STALE_FACT, f"{stale.fact.id} {stale.fact.review}", said)
    except RenderError:
        return  # `check` and the day itself say so


def _last_calls(project: Project, ledger: Ledger, now: datetime) -> Iterator[Notice]:
    """Gives what is due and held, undecided, with little of its useful time left."""
    for row in ledger.history((State.HELD,)):
        left = row.useful_until - now
        if row.held_for != "approval" or left <= timedelta():
            continue
        if row.due_at <= now and left <= (row.useful_until - row.due_at) * _LAST_CALL:
            zone = (
                project.channels[row.channel].timezone if row.channel in project.channels else UTC
            )
            until = f"{row.useful_until.astimezone(zone):%Y-%m-%d %H:%M %Z}"
            said = f"{row.channel}: {row.date}, {row.key} (→ {until})"
            yield _notice(Cause.APPROVAL, f"{row.key} last call", said)


def of_config(broken: Broken | None) -> Iterator[Notice]:
    """Gives why the files as they are now are not in force."""
    for number, problem in enumerate(broken.problems if broken else ()):
        assert broken is not None
        yield _notice(Cause.CONFIG, f"{broken.since.isoformat()} {number}", problem)


def _told(project: Project, row: DeliveryRow) -> str:
    """Gives the channel's name, the title to look for, the due time there, and what is known."""
    channel = project.channels.get(row.channel)
    zone = channel.timezone if channel else project.settings.timezone
    due = f"{row.due_at.astimezone(zone):%Y-%m-%d %H:%M %Z}"
    title = f"“{Message.from_json(row.message).title}”, " if row.message else ""
    why = row.detail or (row.reason.value if row.reason else "")
    return f"{row.channel}: {title}{due}, {row.key}{f'. {why}' if why else ''}"


def _notice(cause: Cause, subject: str, line: str) -> Notice:
    cut = line if len(line) <= _LONGEST_LINE else f"{line[: _LONGEST_LINE - 1]}…"
    return Notice(cause, subject, cut)


def by_cause(notices: Iterable[Notice]) -> dict[Cause, list[Notice]]:
    """Gives the notices by their cause, in the order in which an operator wants to read them."""
    found: dict[Cause, dict[str, Notice]] = {}
    for notice in notices:
        found.setdefault(notice.cause, {}).setdefault(notice.subject, notice)
    return {cause: list(found[cause].values()) for cause in Cause if cause in found}
