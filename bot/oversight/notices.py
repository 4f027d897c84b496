"""What the operator is to be told of, read from the ledger and from what comes.

Nothing is remembered here: whatever ends the process, the next one finds the same again, and the
ledger knows what was told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum

from bot.checking.facts import stale_ahead
from bot.delivery.approval import Standing, unapproved
from bot.errors import RenderError
from bot.ledger.ledger import Ledger
from bot.ledger.operator_outbox import UntoldEnd
from bot.ledger.rows import State
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


_ENDS = (State.UNKNOWN, State.FAILED, State.MISSED)


def untold_ends(project: Project, ledger: Ledger, now: datetime) -> Iterator[Notice]:
    """Yield what failed, may have arrived or was missed, and was not told yet. Raises
    LedgerError."""
    for end in ledger.untold_ends(_ENDS, now - _LOOK_BACK):
        yield _notice(Cause(end.state.value), end.subject, _end_line(project, end))


def paused_channels(ledger: Ledger) -> Iterator[Notice]:
    """Yield the channels that are paused because their address is gone. Raises LedgerError."""
    for paused in ledger.paused_channels().values():
        line = f"{paused.channel}: {paused.detail or paused.reason.value}"
        yield _notice(Cause.PAUSED, f"{paused.channel} {paused.since.isoformat()}", line)


def upcoming(project: Project, ledger: Ledger, now: datetime) -> Iterator[Notice]:
    """Yield the postings that a person has to read, once ahead and once more before they stop being
    useful, and the figures that will be past their review. Looks through the whole plan, so it is
    asked now and then only. Raises LedgerError."""
    yield from _last_calls(project, ledger, now)
    lead = project.settings.approval.lead
    postings = [posting for item in project.plan.due(now, now + lead) for posting in item.postings]
    for request in unapproved(project, ledger, postings, now):
        if request.standing is Standing.HELD:
            continue  # by a person, who knows
        posting = request.posting
        changed = " (its words changed since)" if request.standing is Standing.LAPSED else ""
        line = f"{posting.channel}: {posting.date}, {posting.key}{changed}"
        digest = request.decision.digest if request.decision else ""
        subject = f"{posting.key} {request.standing.value} {digest}"
        yield Notice(Cause.APPROVAL, subject, line, posting)
    try:
        for stale in stale_ahead(project, now, FACTS_AHEAD):
            line = (
                f"{stale.fact.id}: {stale.fact.review}; {stale.observance}, {stale.date}, "
                f"{', '.join(stale.channels)}"
            )
            yield _notice(Cause.STALE_FACT, f"{stale.fact.id} {stale.fact.review}", line)
    except RenderError:
        return  # `check` and the day itself say so


def _last_calls(project: Project, ledger: Ledger, now: datetime) -> Iterator[Notice]:
    """Yield what is due and held, undecided, with little of its useful time left."""
    for row in ledger.history((State.HELD,)):
        rest = row.useful_until - now
        if row.held_for != "approval" or rest <= timedelta():
            continue
        if row.due_at <= now and rest <= (row.useful_until - row.due_at) * _LAST_CALL:
            until = _local(row.useful_until, _zone(project, row.channel) or UTC)
            line = f"{row.channel}: {row.date}, {row.key} (→ {until})"
            yield _notice(Cause.APPROVAL, f"{row.key} last call", line)


def broken_config(broken: Broken | None) -> Iterator[Notice]:
    """Yield why the files as they are now are not in force."""
    if broken is not None:
        for number, problem in enumerate(broken.problems):
            yield _notice(Cause.CONFIG, f"{broken.since.isoformat()} {number}", problem)


def _end_line(project: Project, end: UntoldEnd) -> str:
    """Return the channel's name, the title to look for, the due time there, and what is known."""
    due = _local(end.due_at, _zone(project, end.channel) or project.settings.timezone)
    title = f"“{end.title}”, " if end.title else ""
    why = end.detail or (end.reason.value if end.reason else "")
    return f"{end.channel}: {title}{due}, {end.key}{f'. {why}' if why else ''}"


def _zone(project: Project, channel: str) -> tzinfo | None:
    return project.channels[channel].timezone if channel in project.channels else None


def _local(instant: datetime, zone: tzinfo) -> str:
    return f"{instant.astimezone(zone):%Y-%m-%d %H:%M %Z}"


def _notice(cause: Cause, subject: str, line: str) -> Notice:
    cut = line if len(line) <= _LONGEST_LINE else f"{line[: _LONGEST_LINE - 1]}…"
    return Notice(cause, subject, cut)


def by_cause(notices: Iterable[Notice]) -> dict[Cause, list[Notice]]:
    """Return the notices by their cause, in the order in which an operator wants to read them."""
    grouped: dict[Cause, dict[str, Notice]] = {}
    for notice in notices:
        grouped.setdefault(notice.cause, {}).setdefault(notice.subject, notice)
    return {cause: list(grouped[cause].values()) for cause in Cause if cause in grouped}
