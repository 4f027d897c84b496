"""The ledger: every question and every change, each in one transaction.

Opened with :func:`bot.opening.open_ledger`. Used by any number of threads. Every instant is
an aware datetime, and those that come back are in UTC. Every method raises LedgerError, one
sentence, where the database cannot do its part.

A method is the function named here without its first parameter: what it takes, returns and refuses
stands there. One that has the name of a module hides it, so it stands below the module's others.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.errors import LedgerError
from bot.ledger import (
    claiming,
    decisions,
    inbox,
    operator_outbox,
    pauses,
    queries,
    runs,
    search,
    settling,
    sightings,
    slots,
    sqlite,
    transitions,
)
from bot.ledger.transactions import Lock, Transactions, reads, writes


class Ledger(Transactions):
    """The durable record. ``path`` is its file, None in memory; ``mode`` is its stamp."""

    # runs
    begin_run = writes(runs.begin)
    alive = writes(runs.alive)
    beat = writes(runs.beat)
    end_run = writes(runs.end)
    latest_run = reads(runs.latest_run)
    last_alive = reads(runs.last_alive)

    # planning
    see = sightings.see
    first_seen = reads(sightings.first_seen)
    filled = reads(slots.filled)
    insert = writes(slots.insert)
    insert_by_hand = writes(slots.insert_by_hand)

    # sending
    due = reads(queries.due)
    due_count = reads(queries.due_count)
    next_attempt_at = reads(queries.next_attempt_at)
    claim = writes(claiming.claim)
    settle = writes(settling.settle)
    interrupted = reads(queries.interrupted)
    sending = reads(queries.sending)
    settle_interrupted = writes(settling.settle_interrupted)
    expire = transitions.expire

    # what happened
    delivery = reads(queries.delivery)
    deliveries = reads(queries.deliveries_with)
    history = reads(queries.history)
    attempts = reads(queries.attempts_of)
    counts = reads(queries.counts)

    # what a page shows
    count_since = reads(search.count_since)
    last_delivered = reads(search.last_delivered)
    fan_out = reads(search.fan_out)
    change_mark = reads(search.change_mark)
    days_marked = reads(search.days_marked)
    index_words = writes(search.index_words)
    search = reads(search.search)

    # decisions
    decide = writes(decisions.decide)
    decision_log = reads(queries.decision_log)
    retry = writes(decisions.retry)
    resolve = writes(decisions.resolve)
    retract = writes(decisions.retract)
    send_now = writes(decisions.send_now)
    undo = writes(decisions.undo)
    pause_channel = writes(pauses.pause_channel)
    resume_channel = writes(pauses.resume_channel)
    paused_channels = reads(queries.paused_channel_rows)
    set_pause = writes(pauses.set_pause)
    paused_until = reads(transitions.paused_until)
    doubt = writes(transitions.doubt)
    decisions = reads(queries.verdicts)

    # messages to the operator
    note_config = writes(operator_outbox.note_config)
    noted_config = reads(operator_outbox.noted_config)
    untold_ends = reads(operator_outbox.untold_ends)
    unreported = reads(operator_outbox.unreported)
    last_told = reads(operator_outbox.last_told)
    tell = writes(operator_outbox.tell)

    # the inbox
    inbox_put = writes(inbox.put)
    inbox = reads(inbox.messages)

    @contextmanager
    def alone(self, _lock: Lock) -> Iterator[bool]:
        """Yield True while no other machine is in such a block, False where one is. A machine that
        dies is out of it."""
        yield True

    # the file

    def backup(self, file: Path) -> None:
        """Copy the ledger whole to a new file while it is in use. Raises LedgerError."""
        if self.path is None:
            raise LedgerError("A ledger in memory has no file to back up.")
        sqlite.copy_file(self.path, file)

    def check(self) -> tuple[str, ...]:
        """Return what is wrong with the ledger, a sentence each; empty when all is well."""
        with self.reading() as conn:
            return (
                *sqlite.file_problems(conn),
                *(f"nothing fills {slot}" for slot in slots.empty_slots(conn)),
            )
