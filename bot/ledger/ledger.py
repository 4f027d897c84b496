"""The ledger: every question and every change, each in one transaction.

Opened with :func:`bot.ledger.opening.open_ledger`. Used by any number of threads. Whatever ``now``,
``at`` or ``until`` is given is an aware datetime; what is given back is in UTC. Every method raises
LedgerError, one sentence, where the database cannot do its part.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from bot.channels.outcome import Reason
from bot.errors import LedgerError
from bot.ledger import claiming, inbox, runs
from bot.ledger import decisions as operator
from bot.ledger import queries as reading
from bot.ledger import slots as planned
from bot.ledger import sqlite as dialect
from bot.ledger import transitions as moving
from bot.ledger.jobs import Enqueue
from bot.ledger.postgresql import Lock, take
from bot.ledger.rows import (
    AttemptRow,
    Claim,
    Decision,
    DeliveryRow,
    Ended,
    HeldFor,
    InboxRow,
    Inserted,
    PausedChannel,
    Recorded,
    RunRow,
    State,
    ToSend,
)
from bot.ledger.sharing import Sharing
from bot.planning import Planned, Posting, Slot

_FIRST_PORTION, _LARGEST_PORTION, _GROWTH = 1, 500, 4
"""How many are written in the first transaction, and in each after it so many times more: the first
of them can be sent while the others are still being written."""


class Ledger(Sharing):
    """The durable record. ``path`` is its file, None in memory; ``mode`` is its stamp."""

    # runs

    def begin_run(self, now: datetime, version: str) -> str:
        """Notes that a run of this process begins; gives its id."""
        with self._writing() as conn:
            return runs.begin(conn, now, version)

    def alive(self, run: str, now: datetime) -> None:
        """Notes that a run is alive."""
        with self._writing() as conn:
            runs.alive(conn, run, now)

    def end_run(self, run: str, now: datetime) -> None:
        """Notes that a run has ended by itself."""
        with self._writing() as conn:
            runs.end(conn, run, now)

    def latest_run(self, host: str | None = None) -> RunRow | None:
        """Gives the run that showed a sign of life last, of one machine or of all; None before the
        first."""
        with self._reading() as conn:
            return reading.latest_run(conn, host)

    def last_alive(self) -> datetime | None:
        """Gives the last instant at which any run was alive."""
        with self._reading() as conn:
            return reading.last_alive(conn)

    # planning

    def see(
        self, days: Mapping[str, Collection[str]], now: datetime, *, since: datetime | None = None
    ) -> Mapping[str, Mapping[str, datetime]]:
        """Notes which observances each channel has, and gives when each was first seen there.

        What is new counts as seen at ``since``, or ``now``. A pair that is no longer given is
        forgotten, so that its return is new; on a shared ledger after an hour.
        """
        at = since or now
        with self._reading() as conn:
            seen = planned.compared(conn, days, at, now)
        if seen.changed:
            with self._writing() as conn:
                take(conn, Lock.SEEING)
                seen = planned.compared(conn, days, at, now)
                planned.write_seen(conn, seen)
        return seen.first

    def first_seen(self) -> Mapping[str, Mapping[str, datetime]]:
        """Gives by channel and observance when they were first seen together."""
        with self._reading() as conn:
            return planned.first_seen(conn)

    def filled(self, slots: Collection[Slot]) -> set[Slot]:
        """Gives those of the slots that are filled."""
        with self._reading() as conn:
            return reading.filled(conn, slots)

    def insert(
        self,
        planned_postings: Sequence[Planned],
        now: datetime,
        *,
        state_of: Callable[[Posting], tuple[State, HeldFor | None]],
    ) -> Inserted:
        """Writes down what has no slot yet, each Planned wholly or, where one of its slots or keys
        is filled, not at all.

        ``state_of`` is asked inside the transaction: what it reads of this ledger (decisions) is
        what holds when the posting is written. Where it says ready and a pause is on, the delivery
        is held.
        """
        return self.insert_all(
            planned_postings, now, states_of=lambda postings: [state_of(each) for each in postings]
        )

    def insert_all(
        self,
        planned_postings: Sequence[Planned],
        now: datetime,
        *,
        states_of: Callable[[Sequence[Posting]], Sequence[tuple[State, HeldFor | None]]],
        enqueue: Enqueue | None = None,
        written: Callable[[], None] = lambda: None,
    ) -> Inserted:
        """As :meth:`insert`, with the states of many postings asked for at once, and in portions
        that grow, each a transaction. ``enqueue`` puts jobs for what is ready into the task queue,
        in the same transaction; ``written`` is called after each."""
        keys: list[str] = []
        refused: list[Planned] = []
        start, size = 0, _FIRST_PORTION
        while start < len(planned_postings):
            some = planned_postings[start : start + size]
            with self._writing() as conn:
                done = planned.insert_all(conn, some, now, states_of, enqueue)
            written()
            keys += [posting.key for one in done for posting in one.postings]
            there = {one.slots for one in done}
            refused += [one for one in some if one.slots not in there]
            start, size = start + size, min(size * _GROWTH, _LARGEST_PORTION)
        return Inserted(tuple(keys), tuple(refused))

    def insert_by_hand(
        self, one: Planned, now: datetime, *, again: bool = False
    ) -> tuple[str, ...]:
        """Writes down what an operator wants sent at once, ready; gives the keys.

        Raises LedgerError where a slot is filled, unless ``again``, which adds ``/again-N`` to the
        keys; and where everything or the channel is paused.
        """
        with self._writing() as conn:
            return planned.insert_by_hand(conn, one, now, again)

    # sending

    def due(
        self, now: datetime, limit: int, *, skip_channels: Collection[str] = ()
    ) -> tuple[DeliveryRow, ...]:
        """Gives what may be claimed at ``now``, the longest due first."""
        with self._reading() as conn:
            return reading.due(conn, now, limit, skip_channels)

    def next_attempt_at(self) -> datetime | None:
        """Gives the earliest instant at which a delivery may be claimed, None where none waits."""
        with self._reading() as conn:
            return reading.next_attempt_at(conn)

    def claim(
        self, wanted: Sequence[ToSend], run: str, now: datetime, lease: timedelta
    ) -> list[Claim]:
        """Takes deliveries to be sent: they are ``sending``, their words are kept, durably, and an
        attempt at each has begun.

        Those are left out where another was quicker, that no longer stand as their row says, are
        not due yet, or no longer useful.
        """
        with self._writing() as conn:
            return claiming.claim(conn, wanted, run, now, lease)

    def settle(self, ended: Sequence[Ended], now: datetime) -> list[Recorded]:
        """Ends the attempts of claims, and gives what became of each. A claim's own late answer may
        still replace ``unknown``.

        The state may be another than asked for: ``held`` for ``retrying`` where a pause is on;
        ``unknown`` for ``failed`` where an earlier attempt may have arrived. Addresses in details
        are masked.
        """
        with self._writing() as conn:
            return claiming.settle(conn, ended, now)

    def interrupted(self, run: str) -> tuple[DeliveryRow, ...]:
        """Gives what other runs left in ``sending``; on a shared ledger, that whose lease is
        over, whoever took it."""
        with self._reading() as conn:
            return reading.interrupted(conn, run)

    def sending(self, run: str | None = None) -> tuple[DeliveryRow, ...]:
        """Gives what is under way, of one run or whoever took it."""
        with self._reading() as conn:
            return reading.sending(conn, run)

    def settle_interrupted(
        self,
        row: DeliveryRow,
        *,
        state: State,
        now: datetime,
        detail: str = "",
        next_attempt_at: datetime | None = None,
    ) -> State | None:
        """Ends the attempt that another run left in ``row``: it is unknown whether it arrived.

        ``state`` is ``unknown``, or ``retrying`` where a repeat is harmless. None where that run
        settled it after all.
        """
        ended = Ended(
            Claim(row, row.run_id or "", row.fence, row.attempts),
            state,
            "unknown",
            Reason.INTERRUPTED,
            detail,
            next_attempt_at=next_attempt_at,
        )
        with self._writing() as conn:
            (recorded,) = claiming.settle(conn, [ended], now, replaces=(State.SENDING,))
        return recorded.state

    def expire(self, now: datetime) -> tuple[DeliveryRow, ...]:
        """Settles what waits though its useful time is over, and gives it as it stands then:
        missed where it was never tried, failed where it was tried in vain, unknown where a try may
        have arrived."""
        with self._reading() as conn:
            if not reading.no_longer_useful(conn, now):
                return ()
        with self._writing() as conn:
            rows = reading.no_longer_useful(conn, now)
            for row in rows:
                moving.give_up(conn, row, now)
            return reading.deliveries_by_id(conn, [row.id for row in rows])

    # what happened

    def delivery(self, key: str) -> DeliveryRow | None:
        """Gives the delivery with that key."""
        with self._reading() as conn:
            return reading.delivery(conn, key)

    def deliveries(self, keys: Collection[str]) -> tuple[DeliveryRow, ...]:
        """Gives the deliveries with those keys, in their order. Raises LedgerError where one is not
        there."""
        with self._reading() as conn:
            found = reading.deliveries_by_key(conn, list(keys))
        lacking = [key for key in keys if key not in found]
        if lacking:
            raise LedgerError(f"No posting has the key {lacking[0]}.")
        return tuple(found[key] for key in keys)

    def history(
        self,
        states: Collection[State] = (),
        *,
        channel: str | None = None,
        observance: str | None = None,
        limit: int | None = None,
    ) -> tuple[DeliveryRow, ...]:
        """Gives the deliveries in these states (all unless given), the last due first."""
        with self._reading() as conn:
            return reading.history(conn, states, channel, observance, limit)

    def attempts(self, key: str) -> tuple[AttemptRow, ...]:
        """Gives the attempts at a delivery, the first first."""
        with self._reading() as conn:
            return reading.attempts_of(conn, key)

    def counts(self) -> Mapping[State, int]:
        """Gives the number of deliveries in each state, 0 included."""
        with self._reading() as conn:
            return reading.counts(conn)

    # the operator

    def decide(
        self,
        key: str,
        verdict: Literal["approve", "hold", "skip"],
        who: str,
        why: str,
        now: datetime,
        *,
        digest: str | None = None,
    ) -> DeliveryRow | None:
        """Approves, holds or skips a posting, coming or waiting; gives its delivery, None where it
        is still to come. ``digest`` is of the words approved.

        A delivery held for approval goes on when approved; one that is held waits for that. Raises
        LedgerError where it is too late.
        """
        with self._writing() as conn:
            return operator.decide(conn, key, verdict, who=who, why=why, now=now, digest=digest)

    def decisions(self, keys: Collection[str]) -> Mapping[str, Decision]:
        """Gives the last approval, hold or skip of each of the keys that has one."""
        with self._reading() as conn:
            return reading.verdicts(conn, keys)

    def decision_log(self, key: str) -> tuple[Decision, ...]:
        """Gives all that was decided about a key, the first first."""
        with self._reading() as conn:
            return reading.decision_log(conn, key)

    def retry(
        self, key: str, now: datetime, useful_until: datetime, who: str, why: str = ""
    ) -> DeliveryRow:
        """Makes a failed, missed, skipped or held delivery ready, its words to be written anew.

        Raises LedgerError for every other state, where the words still need approval, and where
        everything or the channel is paused.
        """
        with self._writing() as conn:
            return operator.retry(conn, key, now=now, useful_until=useful_until, who=who, why=why)

    def resolve(
        self,
        key: str,
        how: Literal["delivered", "resend"],
        now: datetime,
        who: str,
        why: str = "",
        *,
        useful_until: datetime | None = None,
    ) -> DeliveryRow:
        """Says of an unknown delivery that it arrived, or has the same words sent again as a new
        generation, useful until its own instant unless another is given. Raises LedgerError."""
        with self._writing() as conn:
            return operator.resolve(
                conn, key, how, now=now, who=who, why=why, useful_until=useful_until
            )

    def retract(self, key: str, now: datetime, who: str, why: str = "") -> DeliveryRow:
        """Notes that a delivered message was taken back from the channel. Raises LedgerError."""
        with self._writing() as conn:
            return operator.retract(conn, key, now=now, who=who, why=why)

    def pause_channel(
        self, channel: str, reason: Reason, detail: str, address_digest: str, now: datetime
    ) -> bool:
        """Holds what waits for a channel and what will; True where it was not paused before."""
        with self._writing() as conn:
            return operator.pause_channel(
                conn,
                channel,
                reason=reason,
                detail=detail,
                address_digest=address_digest,
                now=now,
            )

    def resume_channel(self, channel: str, now: datetime) -> tuple[DeliveryRow, ...]:
        """Ends the pause of a channel; gives what was held for it as it stands then."""
        with self._writing() as conn:
            return operator.resume_channel(conn, channel, now)

    def paused_channels(self) -> Mapping[str, PausedChannel]:
        """Gives the paused channels by name."""
        with self._reading() as conn:
            return reading.paused_channel_rows(conn)

    def set_pause(self, until: datetime | None, now: datetime) -> tuple[DeliveryRow, ...]:
        """Holds everything until an instant, or, with None, ends that; gives what was set free.

        A pause does not end by itself: whoever finds :meth:`paused_until` past says None.
        """
        with self._writing() as conn:
            return operator.set_pause(conn, until, now)

    def paused_until(self) -> datetime | None:
        """Gives the instant until which everything is held; it may have passed."""
        with self._reading() as conn:
            return moving.paused_until(conn)

    def doubt(self, detail: str, now: datetime) -> tuple[DeliveryRow, ...]:
        """Makes unknown, for ``detail``, whatever waits or is under way; gives the rows as they
        were. For a ledger that was put back and cannot know what was sent since."""
        with self._writing() as conn:
            return operator.doubt(conn, detail, now)

    # the inbox

    def inbox_put(
        self, key: str, channel: str, message: dict[str, Any], text: str, now: datetime
    ) -> bool:
        """Keeps a message for a place on this machine once; False where it was there already."""
        with self._writing() as conn:
            return inbox.put(conn, key, channel, message=message, text=text, now=now)

    def inbox(self, channel: str | None = None, limit: int | None = None) -> tuple[InboxRow, ...]:
        """Gives the messages of one channel or all, the newest first."""
        with self._reading() as conn:
            return inbox.messages(conn, channel, limit)

    # the file

    def backup(self, file: Path) -> None:
        """Copies the ledger whole to a new file while it is in use. Raises LedgerError."""
        if self.shared:
            raise LedgerError(
                f"The ledger at {self._place} is backed up by its server: `pg_dump --format=custom`"
                " with the database's address. docs/cluster.md says more."
            )
        if self.path is None:
            raise LedgerError("A ledger in memory has no file to back up.")
        dialect.copy_file(self.path, file)

    def check(self) -> tuple[str, ...]:
        """Gives what is wrong with the ledger, a sentence each; empty when all is well."""
        with self._reading() as conn:
            return (
                *dialect.file_problems(conn),
                *(f"nothing fills {slot}" for slot in reading.empty_slots(conn)),
            )
