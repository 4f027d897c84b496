"""What is due, written down: the planner's wake, the same on time, late, and after a suspend.

There is no cursor that could move past something: each wake looks back over all that could still be
useful, and over any stretch in which no service was alive.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.channels.channel import Channel
from bot.channels.outcome import Reason, Unknown
from bot.clock import Clock
from bot.delivery.approval import Standing, digest_of, holds, names_words, needs_approval, standing
from bot.delivery.retry import settlement
from bot.ledger.ledger import Ledger
from bot.ledger.rows import Decision, DeliveryRow, HeldFor, State
from bot.ledger.slots import Enqueue
from bot.planning import DIGEST, Planned, Posting, Slot, days_of, plan_for
from bot.project.load import Project

_LONGEST_ABSENCE = timedelta(days=400)

# A changed hour or time zone moves a posting by less than this. What a change has moved out of its
# useful time is still found, and recorded as missed.
_FURTHEST_MOVE = timedelta(days=2)

_FIRST_PORTION, _LARGEST_PORTION, _GROWTH = 1, 500, 4
"""How many are written in the first transaction, and in each after it so many times more: the first
of them can be sent while the others are still being written."""


@dataclass(frozen=True)
class Intake:
    """What a wake wrote down. ``offers`` were due before their channel or day was first seen:
    they are not posted by themselves, and a person may `send` them. ``ended`` is what was not sent
    while it was useful; it may be among ``inserted`` too."""

    inserted: tuple[str, ...] = ()
    offers: tuple[Planned, ...] = ()
    ended: tuple[DeliveryRow, ...] = field(default=())


def selected_days(project: Project) -> dict[str, frozenset[str]]:
    """Return the ids that each channel posts, the digest's among them."""
    days: dict[str, frozenset[str]] = {}
    # a hundred thousand channels make a few choices
    chosen: dict[tuple[object, ...], frozenset[str]] = {}
    for channel in project.channels.values():
        choice = (channel.include, channel.exclude, channel.digest)
        if choice not in chosen:
            ids = [day.id for day in days_of(channel, project.days.calendar)]
            chosen[choice] = frozenset(ids + ([DIGEST] if channel.digest else []))
        days[channel.name] = chosen[choice]
    return days


def write_down(
    ledger: Ledger,
    project: Project,
    now: datetime,
    *,
    since: datetime | None = None,
    enqueue: Enqueue | None = None,
    written: Callable[[], None] = lambda: None,
) -> Intake:
    """Insert what is due and has no slot yet, lift pauses that are over, and end what is no
    longer useful.

    ``since`` (UTC) makes what is seen for the first time count as seen since then. ``enqueue`` puts
    a job for what is ready into a task queue. ``written`` is called after each portion of what is
    inserted. Raises LedgerError.
    """
    wanted, offers = due_and_unfilled(ledger, project, now, since=since)
    lift_pauses(ledger, project, now)
    intake = insert_due(ledger, project, wanted, now, enqueue=enqueue, written=written)
    return Intake(intake.inserted, tuple(offers), (*intake.ended, *ledger.expire(now)))


def due_and_unfilled(
    ledger: Ledger, project: Project, now: datetime, *, since: datetime | None = None
) -> tuple[list[Planned], list[Planned]]:
    """Return what is due and has no slot yet: what was known before it was due, and what was not
    (the offers). Raises LedgerError."""
    last_alive = ledger.last_alive()
    seen = ledger.see(selected_days(project), now, since=since)
    planned = project.plan.due(_look_back(project, now, last_alive, since), now)
    return _split(_free(ledger, project, planned), seen, project.channels, now)


def coming_and_unfilled(
    ledger: Ledger, project: Project, now: datetime, until: datetime
) -> list[Planned]:
    """Return what falls due after ``now`` and by ``until``, has no slot yet, and is known before it
    is due: what is first seen now is. Raises LedgerError."""
    planned = project.plan.due(now, until)
    seen = ledger.see(selected_days(project), now)
    punctual, _offers = _split(_free(ledger, project, planned), seen, project.channels, now)
    return punctual


def insert_due(
    ledger: Ledger,
    project: Project,
    wanted: Sequence[Planned],
    now: datetime,
    *,
    enqueue: Enqueue | None = None,
    written: Callable[[], None] = lambda: None,
) -> Intake:
    """Insert what is due, as decisions and pauses are at that moment: ``missed`` where it is no
    longer useful. Where another process was quicker, what it left is for the next wake. Raises
    LedgerError."""
    keys: list[str] = []
    start, size = 0, _FIRST_PORTION
    while start < len(wanted):
        portion = wanted[start : start + size]
        keys += _insert(ledger, project, portion, now, enqueue)
        written()
        start, size = start + size, min(size * _GROWTH, _LARGEST_PORTION)
    new = set(keys)
    late = [posting.key for item in wanted for posting in item.postings if _is_over(posting, now)]
    return Intake(tuple(keys), ended=ledger.deliveries([key for key in late if key in new]))


def _insert(
    ledger: Ledger,
    project: Project,
    planned: Sequence[Planned],
    now: datetime,
    enqueue: Enqueue | None,
) -> list[str]:
    """Write down a portion; return its new keys.

    The words that somebody approved are written before the transaction, for every other writer
    waits for that. What is approved in between is postponed, and written down after its words.
    """
    keys: list[str] = []
    digests: dict[str, str | None] = {}

    def state_of(
        posting: Posting, decision: Decision | None
    ) -> tuple[State, HeldFor | None] | None:
        if names_words(decision) and posting.key not in digests:
            return None
        digest = digests.get(posting.key)
        stands = standing(needs_approval(project, posting), decision, digest)
        if stands is Standing.SKIPPED:
            return State.SKIPPED, None
        if _is_over(posting, now):
            return State.MISSED, None
        return (State.HELD, "approval") if holds(project, stands) else (State.READY, None)

    while planned:
        postings = [posting for item in planned for posting in item.postings]
        decisions = ledger.decisions([posting.key for posting in postings])
        digests |= {
            posting.key: digest_of(project, posting)
            for posting in postings
            if names_words(decisions.get(posting.key))
        }
        inserted = ledger.insert(planned, now, state_of=state_of, enqueue=enqueue)
        keys += inserted.keys
        planned = inserted.postponed
    return keys


def lift_pauses(ledger: Ledger, project: Project, now: datetime) -> None:
    """End the pause of everything when its time is over, and a channel's when its address
    changed."""
    until = ledger.paused_until()
    if until is not None and until <= now:
        ledger.set_pause(None, now)
    for paused in ledger.paused_channels().values():
        channel = project.channels.get(paused.channel)
        if channel is None:
            continue
        if channel.platform.address_digest(channel.options) != paused.address_digest:
            ledger.resume_channel(paused.channel, now)


def recover(ledger: Ledger, project: Project, run: str, clock: Clock) -> tuple[DeliveryRow, ...]:
    """Settle what an earlier run left in ``sending``: unknown, or to be repeated where that is
    harmless or the channel says so. Return the rows as they were."""
    rows = ledger.interrupted(run)
    for row in rows:
        settle_unfinished(ledger, project, row, clock)
    return rows


def settle_unfinished(ledger: Ledger, project: Project, row: DeliveryRow, clock: Clock) -> None:
    """Settle a delivery whose attempt nobody saw the end of."""
    now = clock.now()
    channel = project.channels.get(row.channel)
    began = [a.started_at for a in ledger.attempts(row.key) if a.generation == row.generation]
    safe_for = channel.platform.repeat_safe_for if channel else None
    decided = settlement(
        Unknown(Reason.INTERRUPTED, "Vigilia ended while this was being sent."),
        now=now,
        next_attempt_at=now,
        useful_until=row.useful_until,
        on_unknown=channel.on_unknown if channel else "hold",
        repeat_safe_until=began[0] + safe_for if began and safe_for else None,
    )
    ledger.settle_interrupted(
        row,
        state=decided.state,
        now=now,
        detail=decided.detail,
        next_attempt_at=decided.next_attempt_at,
    )


def settle_rest(ledger: Ledger, project: Project, run: str, clock: Clock) -> int:
    """Settle, at the end of a run, what it has still under way; return how many there were."""
    rows = ledger.sending(run)
    for row in rows:
        settle_unfinished(ledger, project, row, clock)
    return len(rows)


def _look_back(
    project: Project, now: datetime, last_alive: datetime | None, since: datetime | None
) -> datetime:
    longest = max((c.useful_for for c in project.channels.values()), default=timedelta())
    start = min(now, *(moment for moment in (last_alive, since) if moment is not None))
    return max(start, now - _LONGEST_ABSENCE) - longest - _FURTHEST_MOVE


def _is_over(posting: Posting, now: datetime) -> bool:
    return posting.useful_until <= now


def _free(ledger: Ledger, project: Project, planned: Sequence[Planned]) -> list[Planned]:
    filled = ledger.filled([slot for item in planned for slot in item.slots])
    return [rest for item in planned if (rest := _unfilled(item, project.channels, filled))]


def _unfilled(
    item: Planned, channels: Mapping[str, Channel], filled: Collection[Slot]
) -> Planned | None:
    """Return what has no slot yet: of merged days that are partly posted already, the rest."""
    free = [slot.observance for slot in item.slots if slot not in filled]
    if len(free) == len(item.slots):
        return item
    return only(item, channels[item.postings[0].channel], free)


def _split(
    planned: list[Planned],
    seen: Mapping[str, Mapping[str, datetime]],
    channels: Mapping[str, Channel],
    now: datetime,
) -> tuple[list[Planned], list[Planned]]:
    """Return what was known already when it was due, and what is an offer: first seen at this
    wake."""
    wanted: list[Planned] = []
    offers: list[Planned] = []
    for item in planned:
        channel = channels[item.postings[0].channel]
        first_seen = seen[channel.name]
        late = [slot.observance for slot in item.slots if first_seen[slot.observance] > item.due_at]
        if not late:
            wanted.append(item)
            continue
        rest = only(item, channel, [s.observance for s in item.slots if s.observance not in late])
        if rest:
            wanted.append(rest)
        offer = only(item, channel, [id_ for id_ in late if first_seen[id_] == now])
        if offer and offer.postings[0].useful_until > now:
            offers.append(offer)
    return wanted, offers


def only(item: Planned, channel: Channel, observances: Collection[str]) -> Planned | None:
    """Return the same posting for a part of its days, None where nothing is left of it."""
    first = item.postings[0]
    ids = [id_ for id_ in first.observances if id_ in observances]
    if not ids:
        return None
    return plan_for(
        channel,
        ids,
        first.date,
        first.lead_days,
        item.due_at,
        approval=first.approval,
        lines=first.lines,
    )
