"""Approval: nothing goes out that a person has to read first, and no other words than were read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest

from bot.delivery.approval import (
    Standing,
    digest_of,
    needs_approval,
    refuse_lapsed,
    standing_of,
    unapproved,
)
from bot.delivery.planner import write_down
from bot.delivery.rendering import write_message
from bot.errors import RenderError
from bot.ledger.rows import DeliveryRow, State
from bot.planning import Posting
from bot.project.load import Project
from tests.page import NOW, Stage, staged

MINUTE = timedelta(minutes=1)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with staged(tmp_path) as stage:
        write_down(stage.ledger, stage.project, NOW)
        yield stage


def asked(stage: Stage) -> Posting:
    posting = stage.site.forecast().posting(stage.keys["asked"])
    assert posting is not None
    return posting


def reworded(project: Project, posting: Posting) -> Project:
    """Gives the project with other words for a posting's day."""
    text = project.days.texts[posting.observances[0]]
    other = replace(text, opening={"en": "On {{ date }}, in other words."})
    return replace(
        project, days=replace(project.days, texts={**project.days.texts, text.id: other})
    )


def deciding(project: Project, undecided: Literal["hold", "post"]) -> Project:
    approval = project.settings.approval.model_copy(update={"undecided": undecided})
    return replace(project, settings=project.settings.model_copy(update={"approval": approval}))


def due(stage: Stage, project: Project, posting: Posting) -> DeliveryRow:
    """Lets the posting become due; gives what was written down."""
    write_down(stage.ledger, project, posting.due_at + MINUTE)
    row = stage.ledger.delivery(posting.key)
    assert row is not None
    return row


@pytest.mark.parametrize(
    ("verdict", "undecided", "becomes"),
    [
        (None, "hold", State.HELD),
        (None, "post", State.READY),
        ("approve", "hold", State.READY),
        ("hold", "hold", State.HELD),
        ("hold", "post", State.HELD),
        ("skip", "hold", State.SKIPPED),
    ],
)
def test_a_due_posting_does_what_was_decided_or_what_the_settings_say(
    stage: Stage,
    verdict: Literal["approve", "hold", "skip"] | None,
    undecided: Literal["hold", "post"],
    becomes: State,
) -> None:
    posting = asked(stage)
    if verdict:
        digest = digest_of(stage.project, posting)
        stage.ledger.decide(posting.key, verdict, "Ana", "", NOW, digest=digest)
    row = due(stage, deciding(stage.project, undecided), posting)
    assert row.state is becomes
    assert row.held_for == ("approval" if becomes is State.HELD else None)


@pytest.mark.parametrize(("undecided", "becomes"), [("hold", State.HELD), ("post", State.READY)])
def test_an_approval_of_other_words_has_lapsed(
    stage: Stage, undecided: Literal["hold", "post"], becomes: State
) -> None:
    posting = asked(stage)
    digest = digest_of(stage.project, posting)
    stage.ledger.decide(posting.key, "approve", "Ana", "", NOW, digest=digest)
    project = deciding(reworded(stage.project, posting), undecided)
    decision = stage.ledger.decisions([posting.key])[posting.key]
    assert standing_of(stage.project, posting, decision) is Standing.APPROVED
    assert standing_of(project, posting, decision) is Standing.LAPSED
    assert due(stage, project, posting).state is becomes


def test_words_that_change_at_the_last_moment_are_not_sent(stage: Stage) -> None:
    posting = asked(stage)
    digest = digest_of(stage.project, posting)
    stage.ledger.decide(posting.key, "approve", "Ana", "", NOW, digest=digest)
    row = due(stage, stage.project, posting)
    refuse_lapsed(stage.project, stage.ledger, row, write_message(stage.project, row))
    changed = reworded(stage.project, posting)
    with pytest.raises(RenderError, match="The words changed after they were approved"):
        refuse_lapsed(changed, stage.ledger, row, write_message(changed, row))
    unread = deciding(changed, "post")
    refuse_lapsed(unread, stage.ledger, row, write_message(unread, row))


def test_what_nobody_has_to_read_is_sent_whatever_was_approved(stage: Stage) -> None:
    row = stage.ledger.delivery(stage.keys["failed"])
    assert row is not None and not needs_approval(stage.project, row)
    stage.ledger.decide(row.key, "approve", "Ana", "", NOW, digest="of other words")
    refuse_lapsed(stage.project, stage.ledger, row, write_message(stage.project, row))


def test_a_day_or_a_channel_asks_for_approval(stage: Stage) -> None:
    posting = asked(stage)
    assert needs_approval(stage.project, posting)
    assert needs_approval(stage.project, replace(posting, approval=False))
    elsewhere = replace(posting, channel="ottawa", approval=False)
    assert not needs_approval(stage.project, elsewhere)
    read_yearly = replace(elsewhere, observances=("armenian-genocide-memorial-day",))
    assert needs_approval(stage.project, read_yearly)
    assert not needs_approval(stage.project, replace(read_yearly, lead_days=7))


def test_words_that_cannot_be_written_have_no_digest(stage: Stage) -> None:
    posting = asked(stage)
    stage.ledger.decide(posting.key, "approve", "Ana", "", NOW, digest="of some words")
    gone = replace(posting, observances=("no-such-day",))
    assert digest_of(stage.project, gone) is None
    decision = stage.ledger.decisions([posting.key])[posting.key]
    assert standing_of(stage.project, gone, decision) is Standing.LAPSED


def test_it_is_asked_for_as_long_ahead_as_the_settings_say(stage: Stage) -> None:
    posting = asked(stage)
    lead = stage.project.settings.approval.lead

    def asked_at(days_before: timedelta) -> list[Standing]:
        now = posting.due_at - days_before
        found = unapproved(stage.project, stage.ledger, [posting], now)
        return [one.standing for one in found]

    assert asked_at(lead) == [Standing.WAITING]
    assert asked_at(lead + MINUTE) == asked_at(timedelta()) == []
    digest = digest_of(stage.project, posting)
    stage.ledger.decide(posting.key, "approve", "Ana", "", NOW, digest=digest)
    assert asked_at(MINUTE) == []
    stage.ledger.decide(posting.key, "hold", "Ana", "", NOW)
    assert asked_at(MINUTE) == [Standing.HELD]
