"""Decisions, the same for every face: what is sent with what was read, taken back, undone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.channels.outcome import Reason, Unknown
from bot.channels.registry import PLATFORMS
from bot.channels.request import Response
from bot.delivery.approval import Standing, standing_of
from bot.delivery.decisions import (
    CannotRetractError,
    Decisions,
    NotTakenBackError,
    UnreadError,
    posting_of,
)
from bot.delivery.planner import write_down
from bot.errors import LedgerError, PausedError
from bot.ledger.rows import State
from tests.service.installation import DAY, NINE
from tests.unit.delivery.parts import MATRIX_TAKEN, TAKEN, Parts, a_project, parts, with_channels

COMING = f"{DAY}/2027-12-09/0/one/en"
HERE = f"{DAY}/2026-12-09/0/one/en"
ROOM = f"{DAY}/2026-12-09/0/room/en"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def here() -> Iterator[Parts]:
    with parts() as here:
        yield here


def decisions(here: Parts) -> Decisions:
    return Decisions(here.project, here.ledger, here.clock, "ana", "I looked")


def later(here: Parts) -> None:
    here.clock.set(here.clock.now() + MINUTE)


def stands(here: Parts, key: str) -> Standing:
    posting = posting_of(here.project, key)
    assert posting is not None
    return standing_of(here.project, posting, here.ledger.decisions([key]).get(key))


class TestTakingBack:
    def test_a_retraction_has_a_request_id_of_its_own(self, here: Parts) -> None:
        """Under the posting's own, a homeserver would take it for that posting's repeat."""
        here.transport.answers = [MATRIX_TAKEN]
        here.courier.deliver(here.row("room"))
        decisions(here).retract(ROOM, here.courier.poster)
        posting, retraction = (url.rpartition("/")[2] for url in here.transport.urls)
        assert here.row("room").state is State.RETRACTED
        assert posting != retraction

    @pytest.mark.parametrize(
        ("answer", "sentence"),
        [(Response(403, {}, b""), "was not taken back"), (Unknown(Reason.NO_ANSWER), "not known")],
        ids=["refused", "unknown"],
    )
    def test_what_was_not_taken_back_stays_delivered(
        self, here: Parts, answer: Response | Unknown, sentence: str
    ) -> None:
        here.transport.answers = [TAKEN, answer]
        here.courier.deliver(here.row())
        with pytest.raises(NotTakenBackError, match=sentence):
            decisions(here).retract(HERE, here.courier.poster)
        assert here.row().state is State.DELIVERED
        assert here.ledger.decision_log(HERE) == ()

    def test_what_is_gone_and_cannot_be_recorded_is_said_to_be(
        self, here: Parts, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*_: object) -> None:
            raise LedgerError("The disk is full.")

        here.courier.deliver(here.row())
        monkeypatch.setattr(here.ledger, "retract", full)
        with pytest.raises(LedgerError, match=r"is gone from its channel.*The disk is full"):
            decisions(here).retract(HERE, here.courier.poster)

    def test_by_hand_it_is_only_recorded(self, here: Parts) -> None:
        here.courier.deliver(here.row())
        assert decisions(here).retract(HERE) == ""
        assert here.row().state is State.RETRACTED
        assert len(here.transport.requests) == 1
        (decision,) = here.ledger.decision_log(HERE)
        assert (decision.who, decision.why) == ("ana", "I looked")

    def test_the_answer_is_read_as_one_to_a_retraction(self, here: Parts) -> None:
        """Discord answers it with 204 and no body, which of a posting would be no yes."""
        here.transport.answers = [TAKEN, Response(204, {}, b"")]
        here.courier.deliver(here.row())
        decisions(here).retract(HERE, here.courier.poster)
        assert here.row().state is State.RETRACTED

    def test_what_was_not_delivered_is_not_taken_back(self, here: Parts) -> None:
        with pytest.raises(LedgerError, match=f"{HERE} is ready: only what was delivered"):
            decisions(here).retract(HERE, here.courier.poster)
        assert here.transport.requests == []

    def test_of_a_channel_that_is_gone_the_address_is_not_known(self, here: Parts) -> None:
        here.courier.deliver(here.row())
        here.project = replace(here.project, channels={})
        with pytest.raises(CannotRetractError, match=r"'one' is no longer.*by hand\.$"):
            decisions(here).retract(HERE, here.courier.poster)

    def test_without_the_posts_name_it_cannot_be_taken_back(self, here: Parts) -> None:
        here.transport.answers = [Response(204, {}, b"")]
        here.courier.deliver(here.row())
        with pytest.raises(CannotRetractError, match=f"the post {HERE} was not recorded"):
            decisions(here).retract(HERE, here.courier.poster)
        assert here.row().state is State.DELIVERED

    def test_a_platform_that_takes_nothing_back_names_those_that_do(self) -> None:
        inbox = with_channels(a_project(), platform=PLATFORMS["inbox"], options=None)
        with parts(project=inbox) as here:
            here.courier.deliver(here.row())
            with pytest.raises(CannotRetractError) as refused:
                decisions(here).retract(HERE, here.courier.poster)
        sentence = str(refused.value)
        assert "can be from discord, " in sentence
        assert " and zulip. Delete the post by hand" in sentence


class TestSendingNow:
    def test_what_a_pause_refuses_is_not_approved_either(self, here: Parts) -> None:
        posting = posting_of(here.project, COMING)
        assert posting is not None
        decisions(here).pause(NINE + MINUTE)
        with pytest.raises(PausedError) as refused:
            decisions(here).send(posting, "digest")
        assert refused.value.channel is None
        assert here.ledger.decision_log(COMING) == ()
        assert here.ledger.delivery(COMING) is None

    def test_it_goes_out_with_the_approval_of_the_words_that_were_read(self, here: Parts) -> None:
        posting = posting_of(here.project, COMING)
        assert posting is not None
        decisions(here).send(posting, "digest")
        row = here.ledger.delivery(COMING)
        assert row is not None
        assert (row.state, row.due_at, row.date) == (State.READY, NINE, posting.date)
        (decision,) = here.ledger.decision_log(COMING)
        assert (decision.verdict, decision.digest) == ("approve", "digest")
        assert (decision.who, decision.why, decision.at) == ("ana", "I looked", NINE)

    def test_a_reminder_ahead_and_a_digest_stay_what_they_are(self) -> None:
        project = with_channels(a_project(), lead_days=(7,), digest="monthly", include=("*",))
        with parts(project=project) as here:
            until = NINE + timedelta(days=60)
            coming = [p for item in project.plan.due(NINE, until) for p in item.postings]
            ahead = next(p for p in coming if p.lead_days == 7)
            digest = next(p for p in coming if p.lines)
            for posting in (ahead, digest):
                decisions(here).send(posting, "digest")
                row = here.ledger.delivery(posting.key)
                assert row is not None
                assert (row.lead_days, row.lines) == (posting.lead_days, posting.lines)

    def test_words_of_the_same_slot_that_wait_for_a_person_are_not_sent_with_it(self) -> None:
        apart = {"languages": ("en", "fr", "es"), "layout": "separate"}
        project = with_channels(a_project(), approval=True, **apart)
        with parts(project=project) as here:
            keys = [f"{DAY}/2027-12-09/0/one/{code}" for code in ("en", "fr", "es")]
            english, french, spanish = keys
            posting = posting_of(project, english)
            assert posting is not None
            decisions(here).skip(french)
            with pytest.raises(UnreadError) as refused:
                decisions(here).send(posting, "digest")
            assert refused.value.languages == "fr, es"
            assert here.ledger.delivery(english) is None
            for key in (french, spanish):
                decisions(here).approve(key, None)
            decisions(here).send(posting, "digest")
            rows = here.ledger.deliveries(keys)
            assert {row.state for row in rows} == {State.READY} and len(rows) == 3


class TestUndoing:
    def test_of_a_coming_posting_the_decision_before_holds_again(self, here: Parts) -> None:
        decisions(here).hold(COMING)
        decisions(here).skip(COMING)
        assert stands(here, COMING) is Standing.SKIPPED
        assert decisions(here).undo(COMING).verdict == "skip"
        assert stands(here, COMING) is Standing.HELD
        assert decisions(here).undo(COMING).verdict == "hold"
        assert stands(here, COMING) is Standing.FREE
        with pytest.raises(LedgerError, match="Nothing was decided"):
            decisions(here).undo(COMING)
        verdicts = [decision.verdict for decision in here.ledger.decision_log(COMING)]
        assert verdicts == ["hold", "skip", "undo", "undo"]

    def test_what_was_left_out_or_held_goes_on(self, here: Parts) -> None:
        for decide in (decisions(here).skip, decisions(here).hold):
            decide(HERE)
            decisions(here).undo(HERE)
            assert here.row().state is State.READY
        here.courier.deliver(here.row())
        assert here.row().state is State.DELIVERED

    def test_what_needs_approval_is_held_for_it_once_more(self) -> None:
        with parts(project=with_channels(a_project(), approval=True)) as here:
            assert here.row().state is State.HELD
            decisions(here).skip(HERE)
            decisions(here).undo(HERE)
            assert (here.row().state, here.row().held_for) == (State.HELD, "approval")

    def test_what_was_approved_and_has_not_left_is_held_again(self) -> None:
        with parts(project=with_channels(a_project(), approval=True)) as here:
            decisions(here).approve(HERE, None)
            assert here.row().state is State.READY
            stale = here.row()
            decisions(here).undo(HERE)
            assert (here.row().state, here.row().held_for) == (State.HELD, "approval")
            assert here.courier.deliver(stale) is None
            assert here.transport.requests == []

    def test_it_is_written_down_by_whom_and_why(self, here: Parts) -> None:
        decisions(here).skip(HERE)
        decisions(here).undo(HERE)
        last = here.ledger.decision_log(HERE)[-1]
        assert (last.verdict, last.who, last.why) == ("undo", "ana", "I looked")

    def test_an_approval_before_it_holds_again(self) -> None:
        with parts(project=with_channels(a_project(), approval=True)) as here:
            decisions(here).approve(HERE, None)
            decisions(here).skip(HERE)
            decisions(here).undo(HERE)
            assert here.row().state is State.READY

    def test_a_pause_holds_what_is_let_go(self, here: Parts) -> None:
        decisions(here).skip(HERE)
        decisions(here).pause(NINE + MINUTE)
        decisions(here).undo(HERE)
        assert (here.row().state, here.row().held_for) == (State.HELD, "pause")

    def test_what_was_sent_since_is_not_taken_back(self, here: Parts) -> None:
        decisions(here).approve(HERE, None)
        later(here)
        here.transport.answers = [Response(503, {}, b"")]
        here.courier.deliver(here.row())
        with pytest.raises(LedgerError, match="was tried since"):
            decisions(here).undo(HERE)
        assert here.row().state is State.RETRYING

    def test_what_is_no_longer_useful_is_not_let_go(self, here: Parts) -> None:
        decisions(here).skip(HERE)
        here.clock.set(NINE + timedelta(days=3))
        with pytest.raises(LedgerError, match="no longer useful"):
            decisions(here).undo(HERE)
        assert here.row().state is State.SKIPPED

    def test_a_retry_is_not_taken_back(self, here: Parts) -> None:
        decisions(here).skip(HERE)
        decisions(here).retry(HERE)
        with pytest.raises(LedgerError, match="The last decision, retry, cannot be taken back"):
            decisions(here).undo(HERE)
        assert here.row().state is State.READY

    def test_a_skip_that_was_taken_back_before_it_was_due_is_no_skip(self, here: Parts) -> None:
        decisions(here).skip(COMING)
        decisions(here).undo(COMING)
        at = NINE.replace(year=2027)
        write_down(here.ledger, here.project, at)
        row = here.ledger.delivery(COMING)
        assert row is not None and row.state is State.READY
