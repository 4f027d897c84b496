"""What a machine may be asked to be, and what it says where it cannot."""

from __future__ import annotations

import re

import pytest

from bot.assembly import Role, assembled
from bot.clock import SettableClock
from bot.errors import LedgerError
from bot.ledger.rows import State
from tests.receiver import Receiver
from tests.service.installation import NINE, Installation, webhook


def test_a_cluster_needs_a_ledger_that_machines_can_share(
    installed: Installation, receiver: Receiver
) -> None:
    installed.write(webhook("one", receiver), settings='[engine]\nkind = "cluster"\n')
    with (
        pytest.raises(LedgerError, match="needs a ledger that machines can share"),
        assembled(installed.project(), SettableClock(NINE), "sqlite:///v.db", role=Role.ALL),
    ):
        pass


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--role", "planner"), '--role goes with kind = "cluster"'),
        (("--role", "boss"), "There is no role 'boss'. There are: all, planner, worker, web."),
    ],
)
def test_a_part_that_cannot_be_played_is_wrong_usage(
    installed: Installation, receiver: Receiver, words: tuple[str, ...], said: str
) -> None:
    installed.write(webhook("one", receiver))
    told = installed.tell("run", *words)
    assert told.code == 2
    assert said in told.err


def test_a_machine_that_stood_still_after_its_claim_sends_nothing(
    installed: Installation, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By then somebody else may be sending it: what is sent twice cannot be taken back."""
    installed.write(webhook("one", receiver))
    installed.known_since(NINE)
    project, clock = installed.project(), SettableClock(NINE)
    moments = iter([0.0, 200.0])
    monkeypatch.setattr("bot.delivery.courier.running_s", lambda: next(moments))
    with assembled(project, clock, "sqlite:///var/vigilia.db") as parts:
        (item,) = project.plan.due(NINE.replace(hour=13), NINE)
        parts.ledger.insert([item], NINE, state_of=lambda *_: (State.READY, None))
        (row,) = parts.ledger.due(NINE, 5)
        parts.courier.deliver(row)
        (row,) = parts.ledger.history()
    assert row.state is State.RETRYING
    assert "its time to be sent was over" in row.detail
    assert receiver.requests == []


def test_the_ledgers_address_is_never_shown_with_the_settings(
    installed: Installation, receiver: Receiver
) -> None:
    url = "postgresql+psycopg://ana:s3cr3t@db.example.org/vigilia"
    installed.write(webhook("one", receiver), settings=f'[ledger]\nurl = "{url}"\n')
    assert not re.search("s3cr3t", repr(installed.project().settings))
