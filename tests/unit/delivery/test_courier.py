"""The courier: what it makes of a transport's word, whom it slows down, and whom it tells."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from datetime import timedelta

import pytest

from bot.channels.discord import Discord
from bot.channels.outcome import Delivered, Outcome, Reason, Rejected, Retry, Unknown
from bot.channels.request import Response
from bot.delivery.decisions import Decisions
from bot.delivery.test_message import send_test
from bot.errors import LedgerError
from bot.ledger.rows import State
from bot.logs import configure_logs
from tests.unit.delivery.parts import TAKEN, parts

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


class TestItsListeners:
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
