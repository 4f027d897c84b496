"""Random lives of deliveries, against a world that knows what really arrived."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Literal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from bot.channels.outcome import Reason
from bot.errors import LedgerError
from bot.ledger.rows import CLAIMABLE, Claim, DeliveryRow, Settlement, State
from tests.contract.ledger.making import (
    HOUR,
    LEASE,
    NOW,
    USEFUL,
    for_approval,
    open_file,
    plan,
    ready,
    settle,
)

TOKEN = "x0xb-s3cr3t-t0k3n"
SAID = f"HTTPSConnectionPool: Max retries exceeded with url: /services/{TOKEN} at https://x.org/{TOKEN}"

REPEAT_SAFE = "c0"
"""The channel whose platform takes a repeat of a request id for the same post."""

Fate = Literal["arrives", "arrives, no answer", "refused", "lost", "lost, no answer"]
fates = st.sampled_from(["arrives", "arrives, no answer", "refused", "lost", "lost, no answer"])
channels = st.sampled_from(["c0", "c1"])

OUTCOMES: dict[Fate, tuple[State, Literal["delivered", "unknown", "rejected", "retry"]]] = {
    "arrives": (State.DELIVERED, "delivered"),
    "arrives, no answer": (State.UNKNOWN, "unknown"),
    "lost, no answer": (State.UNKNOWN, "unknown"),
    "refused": (State.FAILED, "rejected"),
    "lost": (State.RETRYING, "retry"),
}

# which states may follow which, by who moves: from the state machine of DESIGN
BY_ITSELF = {
    (State.READY, State.SENDING),
    (State.RETRYING, State.SENDING),
    (State.SENDING, State.DELIVERED),
    (State.SENDING, State.RETRYING),
    (State.SENDING, State.FAILED),
    (State.SENDING, State.UNKNOWN),
    (State.SENDING, State.HELD),
    (State.UNKNOWN, State.DELIVERED),
    (State.UNKNOWN, State.RETRYING),
    (State.UNKNOWN, State.FAILED),
    (State.UNKNOWN, State.HELD),
    (State.READY, State.MISSED),
    (State.HELD, State.MISSED),
    (State.READY, State.UNKNOWN),
    (State.HELD, State.UNKNOWN),
    (State.HELD, State.FAILED),
    (State.RETRYING, State.FAILED),
    (State.RETRYING, State.UNKNOWN),
    (State.READY, State.HELD),
    (State.RETRYING, State.HELD),
    (State.HELD, State.READY),
    (State.HELD, State.RETRYING),
}


class Deliveries(RuleBasedStateMachine):
    """One ledger, its operators, its crashes, and the posts that really appeared."""

    @initialize()
    def open(self) -> None:
        self.base = Path(tempfile.mkdtemp())
        self.ledger = open_file(self.base)
        self.run = self.ledger.begin_run(NOW, "0.1.0")
        self.now = NOW
        self.numbers = itertools.count()
        self.fates: dict[tuple[str, int], Fate] = {}
        self.claims: list[Claim] = []
        self.posts: dict[str, list[str]] = {}
        self.resends: Counter[str] = Counter()
        self.before: dict[str, DeliveryRow] = {}
        self.operator_moved = False
        self.keys: list[str] = []

    def teardown(self) -> None:
        if not hasattr(self, "base"):
            return
        self.ledger.close()
        kept = b"".join(path.read_bytes() for path in (self.base / "var").iterdir())
        assert TOKEN.encode() not in kept
        shutil.rmtree(self.base)

    def pick(self, data: st.DataObject) -> str:
        return data.draw(st.sampled_from(self.keys))

    @rule(channel=channels, separate=st.booleans(), approval=st.booleans())
    def insert(self, channel: str, separate: bool, approval: bool) -> None:
        planned = plan(
            channel,
            observances=[f"day-{next(self.numbers)}"],
            languages=[("en",), ("fr",)] if separate else [("en", "fr")],
            due_at=self.now,
        )
        state_of = for_approval if approval else ready
        inserted = self.ledger.insert([planned], self.now, state_of=state_of)
        assert inserted.keys == tuple(posting.key for posting in planned.postings)
        again = replace(planned, postings=planned.postings[:1])
        assert self.ledger.insert([again], self.now, state_of=state_of).refused == (again,)
        self.keys += inserted.keys

    @rule(hours=st.sampled_from([0, 1, 1, 1, 40]))
    def wait(self, hours: int) -> None:
        self.now += hours * HOUR

    @rule(fate=fates)
    def send(self, fate: Fate) -> None:
        for row in self.ledger.due(self.now, 1):
            (claim,) = self.ledger.claim([row], self.run, self.now, LEASE)
            self.claims.append(claim)
            self.fates[claim.key, claim.number] = fate
            if fate.startswith("arrives"):
                request = f"{claim.key} {claim.delivery.generation}"
                posts = self.posts.setdefault(claim.key, [])
                if claim.delivery.channel != REPEAT_SAFE or request not in posts:
                    posts.append(request)

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), forget=st.booleans())
    def answer(self, data: st.DataObject, forget: bool) -> None:
        """An answer comes, perhaps late, perhaps twice."""
        claim = data.draw(st.sampled_from(self.claims))
        state, outcome = OUTCOMES[self.fates[claim.key, claim.number]]
        if state is State.UNKNOWN and claim.delivery.channel == REPEAT_SAFE:
            state = State.RETRYING
        row = self.ledger.delivery(claim.key)
        assert row is not None
        still = row.fence == claim.fence
        ended = (
            claim,
            Settlement(
                state,
                outcome,
                Reason.SERVER_ERROR,
                SAID,
                next_attempt_at=self.now + timedelta(minutes=1)
                if state is State.RETRYING
                else None,
            ),
        )
        got = settle(self.ledger, ended, self.now)
        assert (got is not None) == (still and row.state in {State.SENDING, State.UNKNOWN})
        if forget:
            self.claims.remove(claim)

    @rule(stay=st.booleans())
    def crash(self, stay: bool) -> None:
        """The service is killed and started; a request may still be under way somewhere."""
        if not stay:
            self.claims.clear()
        self.ledger.close()
        self.ledger = open_file(self.base, create=False)
        self.run = self.ledger.begin_run(self.now, "0.1.0")
        for row in self.ledger.interrupted(self.run):
            harmless = row.channel == REPEAT_SAFE
            assert self.ledger.settle_interrupted(
                row,
                state=State.RETRYING if harmless else State.UNKNOWN,
                now=self.now,
                next_attempt_at=self.now if harmless else None,
            )
        assert self.ledger.counts()[State.SENDING] == 0

    @rule()
    def expire(self) -> None:
        self.ledger.expire(self.now)
        assert all(
            row.useful_until > self.now
            for row in self.ledger.history([State.READY, State.RETRYING, State.HELD])
        )

    @rule(until=st.sampled_from([None, HOUR, 48 * HOUR]))
    def pause(self, until: timedelta | None) -> None:
        self.ledger.set_pause(None if until is None else self.now + until, self.now)

    @rule(channel=channels)
    def pause_channel(self, channel: str) -> None:
        paused = channel in self.ledger.paused_channels()
        newly = self.ledger.pause_channel(channel, Reason.GONE, SAID, "digest", self.now)
        assert newly is not paused

    @rule(channel=channels)
    def resume_channel(self, channel: str) -> None:
        self.ledger.resume_channel(channel, self.now)
        assert not [
            row
            for row in self.ledger.history(channel=channel)
            if row.held_for == "channel" and row.state is State.HELD
        ]

    @precondition(lambda self: self.keys)
    @rule(data=st.data(), verdict=st.sampled_from(["approve", "skip"]))
    def decide(self, data: st.DataObject, verdict: Literal["approve", "skip"]) -> None:
        with suppress(LedgerError):
            self.ledger.decide(self.pick(data), verdict, "ana", SAID, self.now)
        self.operator_moved = True

    @precondition(lambda self: self.keys)
    @rule(data=st.data())
    def retry(self, data: st.DataObject) -> None:
        with suppress(LedgerError):
            self.ledger.retry(self.pick(data), self.now, self.now + USEFUL, "ana")
        self.operator_moved = True

    @precondition(lambda self: self.keys)
    @rule(data=st.data(), how=st.sampled_from(["delivered", "resend"]))
    def resolve(self, data: st.DataObject, how: Literal["delivered", "resend"]) -> None:
        key = self.pick(data)
        with suppress(LedgerError):
            self.ledger.resolve(key, how, self.now, "ana", useful_until=self.now + USEFUL)
            self.resends[key] += how == "resend"
        self.operator_moved = True

    @precondition(lambda self: self.keys)
    @rule(data=st.data())
    def retract(self, data: st.DataObject) -> None:
        with suppress(LedgerError):
            self.ledger.retract(self.pick(data), self.now, "ana")
        self.operator_moved = True

    @invariant()
    def nothing_is_posted_twice_unless_an_operator_resent_it(self) -> None:
        for key, posts in getattr(self, "posts", {}).items():
            assert len(posts) <= 1 + self.resends[key]

    @invariant()
    def states_say_the_truth(self) -> None:
        if not hasattr(self, "ledger"):
            return
        rows = {row.key: row for row in self.ledger.history()}
        paused = self.ledger.paused_channels()
        until = self.ledger.paused_until()
        for key, row in rows.items():
            posts = self.posts.get(key, [])
            match row.state:
                case State.FAILED | State.MISSED | State.SKIPPED:
                    assert posts == []
                case State.DELIVERED if row.reason is not Reason.OPERATOR:
                    assert posts
                case state if state in CLAIMABLE:
                    assert row.channel not in paused
                    assert until is None or until <= self.now
            assert (row.settled_at is None) == (
                row.state in {State.READY, State.RETRYING, State.HELD, State.SENDING}
            )
            attempts = self.ledger.attempts(key)
            assert [attempt.number for attempt in attempts] == [*range(1, row.attempts + 1)]
            assert row.state is not State.SENDING or attempts[-1].ended_at is None
            earlier = self.before.get(key, row)
            if earlier.state is not row.state and not self.operator_moved:
                assert (earlier.state, row.state) in BY_ITSELF
            assert (earlier.state, row.state) != (State.SENDING, State.READY)
        assert self.before.keys() <= rows.keys() == set(self.keys)
        self.before, self.operator_moved = rows, False
        assert self.ledger.check() == ()


TestDeliveries = Deliveries.TestCase
TestDeliveries.settings = settings(
    max_examples=30, stateful_step_count=30, deadline=None, database=None
)
