"""Writing down what is due: in portions, as was decided, with no writer waiting for words."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest

from bot.content.message import Message
from bot.delivery import approval
from bot.delivery.approval import digest_of
from bot.delivery.planner import due_and_unfilled, insert_due, write_down
from bot.delivery.rendering import write_message
from bot.ledger.ledger import Ledger
from bot.ledger.rows import Decision, DeliveryRow, State
from bot.opening import open_ledger
from bot.planning import Posting
from bot.project.load import Project
from tests.page import NOW, Stage, staged
from tests.unit.delivery.test_approval import asked, reworded
from tests.unit.planning.plans import channel, day, project_of

MINUTE = timedelta(minutes=1)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with staged(tmp_path) as stage:
        write_down(stage.ledger, stage.project, NOW)
        yield stage


def test_the_first_of_many_are_there_long_before_the_last() -> None:
    project = project_of(*(channel(f"c{number}") for number in range(1000)), days=[day("high")])
    due_at = project.plan.next_due(NOW)
    assert due_at is not None
    there: list[int] = []
    with open_ledger("sqlite://", base=Path(), mode="rehearsal", create=True, now=NOW) as ledger:
        wanted, _ = due_and_unfilled(ledger, project, due_at, since=NOW)
        found = insert_due(
            ledger,
            project,
            wanted,
            due_at,
            written=lambda: there.append(ledger.counts()[State.READY]),
        )
    assert found.inserted == tuple(item.postings[0].key for item in wanted)
    assert there == [1, 5, 21, 85, 341, 841, 1000]


def once_read(ledger: Ledger, then: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> None:
    """Has something happen after the decisions were read for the words, before the write."""
    read = ledger.decisions
    waiting = [then]

    def decisions(keys: Collection[str]) -> Mapping[str, Decision]:
        answer = read(keys)
        if waiting and keys:
            waiting.pop()()
        return answer

    monkeypatch.setattr(ledger, "decisions", decisions)


def due(stage: Stage, project: Project, posting: Posting) -> DeliveryRow:
    write_down(stage.ledger, project, posting.due_at + MINUTE)
    row = stage.ledger.delivery(posting.key)
    assert row is not None
    return row


@pytest.mark.parametrize(
    ("verdict", "becomes"),
    [("approve", State.READY), ("hold", State.HELD), ("skip", State.SKIPPED)],
)
def test_what_is_decided_between_the_words_and_the_write_holds(
    stage: Stage,
    verdict: Literal["approve", "hold", "skip"],
    becomes: State,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    posting = asked(stage)
    digest = digest_of(stage.project, posting)

    def decide() -> None:
        stage.ledger.decide(posting.key, verdict, "Ana", "", NOW, digest=digest)

    once_read(stage.ledger, decide, monkeypatch)
    assert due(stage, stage.project, posting).state is becomes


def test_an_approval_of_other_words_between_the_two_has_lapsed(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    posting = asked(stage)
    digest = digest_of(stage.project, posting)

    def approve() -> None:
        stage.ledger.decide(posting.key, "approve", "Ana", "", NOW, digest=digest)

    once_read(stage.ledger, approve, monkeypatch)
    assert due(stage, reworded(stage.project, posting), posting).state is State.HELD


def test_no_writer_waits_while_approved_words_are_written(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    posting = asked(stage)
    digest = digest_of(stage.project, posting)
    stage.ledger.decide(posting.key, "approve", "Ana", "", NOW, digest=digest)
    through: list[bool] = []

    def beside(project: Project, about: Posting | DeliveryRow) -> Message:
        other = threading.Thread(target=lambda: stage.ledger.begin_run(NOW, "0.1.0"), daemon=True)
        other.start()
        other.join(5)
        through.append(not other.is_alive())
        return write_message(project, about)

    monkeypatch.setattr(approval, "write_message", beside)
    assert due(stage, stage.project, posting).state is State.READY
    assert through == [True]
