"""Postings, claims and ledgers for the ledger's tests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.channels.outcome import Reason
from bot.ledger.ledger import Ledger
from bot.ledger.rows import Claim, Decision, HeldFor, Settlement, State
from bot.opening import open_ledger
from bot.planning import DigestLine, Planned, Posting, Slot

DAY = date(2026, 12, 9)
NOW = datetime(2026, 12, 9, 14, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
USEFUL = timedelta(hours=36)
LEASE = timedelta(minutes=5)
OBSERVANCE = "genocide-prevention-day"
KEY = f"{OBSERVANCE}/2026-12-09/0/ottawa/en"
URL = "sqlite:///var/vigilia.db"


def plan(
    channel: str = "ottawa",
    *,
    observances: Sequence[str] = (OBSERVANCE,),
    languages: Sequence[tuple[str, ...]] = (("en",),),
    due_at: datetime = NOW,
    lines: tuple[DigestLine, ...] = (),
) -> Planned:
    joined = "+".join(observances)
    return Planned(
        slots=tuple(Slot(observance, DAY, 0, channel) for observance in observances),
        postings=tuple(
            Posting(
                key=f"{joined}/{DAY}/0/{channel}/{'+'.join(group)}",
                observances=tuple(observances),
                date=DAY,
                lead_days=0,
                channel=channel,
                languages=group,
                due_at=due_at,
                useful_until=due_at + USEFUL,
                lines=lines,
            )
            for group in languages
        ),
    )


def ready(_: Posting, _decision: Decision | None) -> tuple[State, HeldFor | None]:
    return State.READY, None


def for_approval(_: Posting, _decision: Decision | None) -> tuple[State, HeldFor | None]:
    return State.HELD, "approval"


def open_file(base: Path, *, create: bool = True) -> Ledger:
    return open_ledger(URL, base=base, mode="real", create=create, now=NOW)


def put_in(ledger: Ledger, *planned: Planned) -> None:
    inserted = ledger.insert(planned or (plan(),), NOW, state_of=ready)
    assert not inserted.refused


def state_of(ledger: Ledger, key: str = KEY) -> State:
    row = ledger.delivery(key)
    assert row is not None
    return row.state


def claimed(
    ledger: Ledger,
    run: str,
    key: str = KEY,
    now: datetime = NOW,
    lease: timedelta = LEASE,
    *,
    words: dict[str, Any] | None = None,
) -> Claim:
    row = ledger.delivery(key)
    assert row is not None
    (claim,) = ledger.claim([row], run, now, lease, {} if words is None else {row.id: words})
    return claim


def settle(ledger: Ledger, ended: tuple[Claim, Settlement], now: datetime = NOW) -> State | None:
    (settled,) = ledger.settle([ended], now)
    return settled.state


def deliver(ledger: Ledger, claim: Claim, now: datetime = NOW) -> State | None:
    return settle(ledger, delivered(claim), now)


def delivered(claim: Claim, name: str | None = "post-1") -> tuple[Claim, Settlement]:
    return (
        claim,
        Settlement(State.DELIVERED, "delivered", Reason.ACCEPTED, remote_id=name, status=200),
    )


def try_later(ledger: Ledger, claim: Claim, at: datetime, now: datetime = NOW) -> State | None:
    said = "the server said 503"
    ended = (
        claim,
        Settlement(
            State.RETRYING, "retry", Reason.SERVER_ERROR, said, status=503, next_attempt_at=at
        ),
    )
    return settle(ledger, ended, now)


def refuse(ledger: Ledger, claim: Claim, now: datetime = NOW) -> State | None:
    return settle(ledger, refused(claim), now)


def refused(claim: Claim) -> tuple[Claim, Settlement]:
    return (claim, Settlement(State.FAILED, "rejected", Reason.BAD_REQUEST, status=400))


def lose(ledger: Ledger, claim: Claim, now: datetime = NOW) -> State | None:
    return settle(ledger, (claim, Settlement(State.UNKNOWN, "unknown", Reason.NO_ANSWER)), now)
