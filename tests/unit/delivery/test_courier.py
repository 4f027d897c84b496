"""The courier: what it makes of a transport's word, whom it slows down, and whom it tells."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.channels.discord import Discord
from bot.channels.fitting import CannotFitError
from bot.channels.outcome import Delivered, Outcome, Reason, Rejected, Retry, Unknown
from bot.channels.request import LocalRequest, Response
from bot.content.message import Message
from bot.delivery.courier import request_id
from bot.delivery.decisions import Decisions
from bot.delivery.poster import LocalPlaces
from bot.delivery.test_message import send_test
from bot.errors import LedgerError, RenderError
from bot.ledger.rows import State
from bot.logs import configure_logs
from tests.unit.delivery.parts import TAKEN, Parts, a_project, parts, with_channels

SPENT = {"x-ratelimit-remaining": "0", "x-ratelimit-reset-after": "40"}
GLOBAL = {"x-ratelimit-global": "true", "retry-after": "40"}


def answered(status: int, headers: Mapping[str, str]) -> Response:
    return Response(status, headers, TAKEN.body)


class TestWhatAPlatformAsksFor:
    def test_a_webhook_that_is_spent_is_left_alone_and_its_neighbours_are_not(self) -> None:
        with parts() as here:
            here.transport.answers = [answered(200, SPENT)]
            here.courier.deliver(here.row("one"))
            assert here.row("one").state is State.DELIVERED
            assert here.courier.ready_in(here.row("one")) == 40
            assert here.courier.ready_in(here.row("two")) == 0

    def test_a_limit_of_the_whole_machine_holds_for_every_webhook_of_the_host(self) -> None:
        with parts() as here:
            here.transport.answers = [answered(429, GLOBAL)]
            here.courier.deliver(here.row("one"))
            assert here.row("one").state is State.RETRYING
            assert here.courier.ready_in(here.row("two")) == 40
            assert here.courier.ready_in(here.row("room")) == 0

    def test_a_429_that_names_no_time_slows_its_webhook_down(self) -> None:
        with parts() as here:
            here.transport.answers = [Response(429, {}, b"")]
            here.courier.deliver(here.row("one"))
            assert here.courier.ready_in(here.row("one")) >= 5
            assert here.courier.ready_in(here.row("two")) == 0

    def test_each_429_in_a_row_slows_it_down_for_longer(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("bot.delivery.poster.random.random", lambda: 1.0)
        with parts() as here:
            here.transport.answers = [Response(429, {}, b"")]
            waits = []
            for _ in range(3):
                here.courier.deliver(here.row("one"))
                waits.append(here.courier.ready_in(here.row("one")))
                here.clock.set(here.clock.now() + timedelta(hours=1))
            assert waits == [10, 20, 40]

    def test_a_test_message_and_a_retraction_heed_it_too(self) -> None:
        with parts() as here:
            here.courier.deliver(here.row("one"))
            here.transport.answers = [answered(200, SPENT)]
            assert isinstance(
                send_test(here.project, here.project.channel("two"), here.courier.poster), Delivered
            )
            assert here.courier.ready_in(here.row("two")) == 40
            decisions = Decisions(here.project, here.ledger, here.clock, "ana")
            decisions.retract(here.row("one").key, here.courier.poster)
            assert here.courier.ready_in(here.row("one")) == 40


class TestWhatCameOfIt:
    @pytest.mark.parametrize(
        ("outcome", "state"),
        [
            (Retry(Reason.CONNECT), State.RETRYING),
            (Unknown(Reason.NO_ANSWER), State.UNKNOWN),
            (Rejected(Reason.ADDRESS_REFUSED), State.FAILED),
        ],
        ids=str,
    )
    def test_the_transport_says_whether_it_left(self, outcome: Outcome, state: State) -> None:
        with parts() as here:
            here.transport.answers = [outcome]
            here.courier.deliver(here.row())
            assert here.row().state is state

    def test_a_defect_before_it_is_posted_sends_nothing_and_leaves_no_doubt(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with parts() as here:
            monkeypatch.setattr(Discord, "request", defect)
            here.courier.deliver(here.row())
            assert (here.row().state, here.row().reason) == (State.FAILED, Reason.DEFECT)
            assert here.transport.requests == []

    def test_a_defect_in_reading_an_answer_leaves_it_in_doubt(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with parts() as here:
            monkeypatch.setattr(Discord, "outcome", defect)
            here.courier.deliver(here.row())
            assert (here.row().state, here.row().reason) == (State.UNKNOWN, Reason.DEFECT)
            assert len(here.transport.requests) == 1

    def test_a_refusal_after_a_try_that_may_have_arrived_is_not_called_a_failure(self) -> None:
        with parts() as here:
            here.transport.answers = [Unknown(Reason.NO_ANSWER), Rejected(Reason.BAD_REQUEST)]
            here.courier.deliver(here.row("room"))
            assert here.row("room").state is State.RETRYING
            here.clock.set(here.clock.now() + timedelta(minutes=5))
            here.courier.deliver(here.row("room"))
            assert here.row("room").state is State.UNKNOWN
            first, second = here.transport.urls
            assert first == second, "a repeat is one only under the same transaction id"

    @pytest.mark.parametrize("gone", [True, False])
    def test_an_address_that_is_gone_and_no_other_refusal_pauses_its_channel(
        self, gone: bool
    ) -> None:
        with parts() as here:
            here.transport.answers = [Unknown(Reason.NO_ANSWER), Rejected(Reason.GONE, gone=gone)]
            here.courier.deliver(here.row("room"))
            here.clock.set(here.clock.now() + timedelta(minutes=5))
            here.courier.deliver(here.row("room"))
            assert here.row("room").state is State.UNKNOWN
            assert list(here.ledger.paused_channels()) == (["room"] if gone else [])

    def test_what_another_has_claimed_is_left_to_it(self) -> None:
        with parts() as here:
            row = here.row()
            here.courier.deliver(row)
            assert here.courier.deliver(row) is None
            assert len(here.transport.requests) == 1


CHOICES = {"hold": State.UNKNOWN, "resend": State.RETRYING}


class TestWhatIsTriedAgain:
    def test_a_wait_that_was_asked_for_is_waited_out_and_the_status_is_kept(self) -> None:
        with parts() as here:
            here.transport.answers = [Response(503, {"retry-after": "7200"}, b"")]
            now = here.clock.now()
            here.courier.deliver(here.row())
            assert here.row().next_attempt_at == now + timedelta(seconds=7202.5)
            (attempt,) = here.ledger.attempts(here.row().key)
            assert attempt.status == 503

    def test_one_in_doubt_is_repeated_only_while_that_is_harmless(self) -> None:
        with parts(project=with_channels(a_project(), useful_for=timedelta(hours=36))) as here:
            here.transport.answers = [Unknown(Reason.NO_ANSWER), Retry(Reason.CONNECT)]
            here.courier.deliver(here.row("room"))
            started = here.clock.now()
            for hours, state in ((10, State.RETRYING), (19.999, State.UNKNOWN)):
                here.clock.set(started + timedelta(hours=hours))
                here.courier.deliver(here.row("room"))
                assert here.row("room").state is state

    @pytest.mark.parametrize(("choice", "state"), CHOICES.items(), ids=str)
    def test_one_in_doubt_whose_platform_knows_no_repeat_is_repeated_where_a_group_says_so(
        self, choice: str, state: State
    ) -> None:
        with parts(project=with_channels(a_project(), on_unknown=choice)) as here:
            here.transport.answers = [Unknown(Reason.NO_ANSWER)]
            here.courier.deliver(here.row())
            assert here.row().state is state

    def test_a_doubt_from_before_a_resend_forbids_no_repeat_and_still_is_no_failure(self) -> None:
        with parts() as here:
            here.transport.answers = [Unknown(Reason.NO_ANSWER), Retry(Reason.CONNECT)]
            here.courier.deliver(here.row())
            decisions = Decisions(here.project, here.ledger, here.clock, "ana")
            decisions.resolve(here.row().key, "resend")
            here.courier.deliver(here.row())
            assert here.row().state is State.RETRYING
            here.clock.set(here.row().useful_until - timedelta(seconds=1))
            here.courier.deliver(here.row())
            assert here.row().state is State.UNKNOWN

    def test_a_resend_and_another_posting_have_request_ids_of_their_own(self) -> None:
        ids = {request_id("a", 1), request_id("a", 2), request_id("b", 1)}
        assert len(ids) == 3
        assert all(re.fullmatch(r"vg_[0-9a-f]{32}", id_) for id_ in ids)


class TestWhatIsNotSent:
    def test_a_channel_that_has_left_the_configuration(self) -> None:
        with parts() as here:
            fewer = {name: c for name, c in here.project.channels.items() if name != "one"}
            project = replace(here.project, channels=fewer)
            here.courier.project = lambda: project
            assert here.courier.ready_in(here.row()) == 0
            here.courier.deliver(here.row())
            assert (here.row().state, here.row().reason) == (State.FAILED, Reason.OPERATOR)
            assert here.row().detail == "The channel 'one' is no longer in the configuration."
            assert here.transport.requests == []

    def test_one_that_leaves_it_between_the_claim_and_the_post(self) -> None:
        with parts() as here:
            (begun,) = here.courier.begin([here.row()])
            carried = here.courier.carry(replace(begun, channel=None))
            here.courier.end([carried])
            assert (here.row().state, here.row().reason) == (State.FAILED, Reason.OPERATOR)

    @pytest.mark.parametrize(
        ("error", "reason"),
        [
            (CannotFitError("Too long."), Reason.TOO_LARGE),
            (RenderError("No words."), Reason.RENDER),
        ],
        ids=str,
    )
    def test_what_cannot_be_said_there(
        self, error: Exception, reason: Reason, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(*_: object) -> None:
            raise error

        with parts() as here:
            monkeypatch.setattr(Discord, "request", refuse)
            here.courier.deliver(here.row())
            assert (here.row().state, here.row().reason) == (State.FAILED, reason)
            assert here.row().detail == str(error)
            assert here.transport.requests == []

    def test_what_another_may_be_sending_by_now(self) -> None:
        with parts() as here:
            (begun,) = here.courier.begin([here.row()])
            carried = here.courier.carry(replace(begun, ours_until=0.0))
            here.courier.end([carried])
            assert (here.row().state, here.row().reason) == (State.RETRYING, Reason.INTERRUPTED)
            assert here.row().detail == "Not sent: its time to be sent was over."
            assert here.transport.requests == []


class TestPlacesOnThisMachine:
    def test_the_inbox_keeps_the_message_once_for_a_key(self) -> None:
        with parts() as here:
            message = send_words(here)
            places = LocalPlaces(here.ledger)
            for _ in range(2):
                put = places.put(message, "key", "desk", here.clock.now())
                assert put == Delivered(detail="kept in the inbox")
            (kept,) = here.ledger.inbox()
            assert (kept.channel, kept.text) == ("desk", message.text)

    def test_an_inbox_without_a_ledger_is_a_sentence_and_tried_again(self) -> None:
        with parts() as here:
            poster = replace(here.courier.poster, places=LocalPlaces(None))
            outcome, status = poster.post(send_words(here), "key", here.project.channel("one"))
            sentence = "The inbox is kept in the ledger, and none is open."
            assert (outcome, status) == (Retry(Reason.WRITE, sentence), None)

    def test_the_terminal_shows_it_at_once(self) -> None:
        out = io.StringIO()
        with parts() as here:
            message = replace(send_words(here), place="console")
            put = LocalPlaces(None, out).put(message, "key", "desk", here.clock.now())
        assert put == Delivered(detail="printed")
        assert out.getvalue() == f"{message.text}\n\n"


def send_words(here: Parts) -> LocalRequest:
    (begun,) = here.courier.begin([here.row()])
    assert isinstance(begun.words, Message)
    return LocalRequest("inbox", begun.words, "The words.")


class TestItsListeners:
    def test_they_hear_of_the_platform_too(self) -> None:
        heard: list[str] = []
        with parts(lambda settled: heard.append(settled.platform)) as here:
            here.courier.deliver(here.row("room"))
        assert heard == ["matrix"]

    def test_one_that_meets_a_defect_keeps_nothing_from_the_others(self) -> None:
        heard: list[State | None] = []

        with parts(defect, lambda settled: heard.append(settled.state)) as here:
            carried = [
                here.courier.carry(begun)
                for begun in here.courier.begin([here.row("one"), here.row("two")])
            ]
            here.courier.end(carried)
            assert heard == [State.DELIVERED, State.DELIVERED]
            assert {here.row("one").state, here.row("two").state} == {State.DELIVERED}


def defect(*_: object) -> None:
    raise ZeroDivisionError


class TestWhatTheLedgerCannotTake:
    @pytest.fixture(autouse=True)
    def _soon(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("bot.delivery.courier._RECORD_AGAIN_S", 0.01)

    def test_it_is_offered_again_and_the_log_says_so_each_time(self) -> None:
        out, answers = io.StringIO(), iter([LedgerError("The disk is full."), None])
        configure_logs(out)

        def ask() -> str:
            if (error := next(answers)) is not None:
                raise error
            return "recorded"

        with parts() as here:
            assert here.courier.recorded("a key", ask) == "recorded"
        record = json.loads(out.getvalue())
        assert (record["action"], record["level"], record["key"]) == (
            "not-recorded",
            "error",
            "a key",
        )
        assert record["event"] == "Its outcome waits to be recorded. The disk is full."

    @pytest.mark.parametrize("ends", ["the patience", "the service"])
    def test_it_is_given_up_when_the_patience_is_over_or_the_service_ends(self, ends: str) -> None:
        asked: list[None] = []

        def ask() -> None:
            asked.append(None)
            if ends == "the service" and len(asked) == 3:
                here.courier.ending.set()
            raise LedgerError("The disk is full.")

        with parts() as here:
            here.courier.record_for = timedelta(seconds=0.05) if ends == "the patience" else None
            with pytest.raises(LedgerError):
                here.courier.recorded("a key", ask)
        assert len(asked) > 1
