"""Defects and a ledger that fails in the middle of a delivery: what is known is not lost."""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
import time_machine

from bot.channels.outcome import Delivered, Outcome, Reason
from bot.channels.request import HttpRequest, RemoteRequest, Response
from bot.channels.webhook import Webhook
from bot.clock import RehearsalClock
from bot.delivery.courier import Begun, Carried, Courier
from bot.delivery.planner import write_down
from bot.errors import LedgerError
from bot.event_log import log_settled
from bot.ledger.ledger import Ledger
from bot.ledger.rows import Claim, DeliveryRow, Settled, Settlement, State
from bot.logs import configure_logs
from bot.project.secrets import tell_the_logs
from tests.receiver import wait_until
from tests.service.installation import (
    DAY,
    NINE,
    SIGNING_SECRET,
    TOKEN,
    Installation,
    seconds,
    table,
    webhook,
)
from tests.service.running_here import running
from tests.service.stepping import Stepping, stepping

FULL = LedgerError("The ledger at var/vigilia.db cannot be written: the disk is full.")


@pytest.fixture
def site(installed: Installation) -> Installation:
    installed.write(webhook("site", installed.receiver))
    installed.known_since(NINE - timedelta(days=1), real=True)
    return installed


def failing(times: int, then: Callable[..., Any]) -> Callable[..., Any]:
    """Gives ``then`` with the ledger's error before it, so many times."""
    left = [FULL] * times

    def ask(*args: Any, **kwargs: Any) -> Any:
        if left:
            raise left.pop()
        return then(*args, **kwargs)

    return ask


class Broken:
    """A transport with a defect, whose error holds the address, as those of requests do."""

    def send(self, request: RemoteRequest) -> Response | Outcome:
        assert isinstance(request, HttpRequest)
        raise RuntimeError(f"Max retries exceeded with url: {request.url}")


class TestADefect:
    def test_in_sending_is_unknown_and_its_traceback_shows_no_secret(
        self, site: Installation
    ) -> None:
        out = io.StringIO()
        configure_logs(out)
        with stepping(site, NINE) as steps:
            tell_the_logs(steps.project)
            steps.courier.poster.transport = Broken()
            steps.wake()
            assert (steps.row().state, steps.row().reason) == (State.UNKNOWN, Reason.DEFECT)
        assert "Max retries exceeded" in out.getvalue()
        assert TOKEN not in out.getvalue()
        assert SIGNING_SECRET not in out.getvalue()
        assert all("action" in json.loads(line) for line in out.getvalue().splitlines())

    def test_in_writing_is_a_failure(
        self, site: Installation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(*_: object) -> None:
            raise ZeroDivisionError

        with stepping(site, NINE) as steps:
            monkeypatch.setattr(type(steps.project.channel("site").platform), "request", broken)
            steps.wake()
            assert (steps.row().state, steps.row().reason) == (State.FAILED, Reason.DEFECT)
        assert site.receiver.requests == []

    def test_what_cannot_be_made_to_fit_is_a_failure(
        self, site: Installation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Webhook, "too_long", lambda *_: True)
        with stepping(site, NINE) as steps:
            steps.wake()
            assert (steps.row().state, steps.row().reason) == (State.FAILED, Reason.TOO_LARGE)
        assert site.receiver.requests == []


class TestALedgerThatFails:
    def test_before_it_is_claimed_sends_nothing_and_leaves_it_as_it_is(
        self, site: Installation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with stepping(site, NINE) as steps:
            monkeypatch.setattr(steps.ledger, "claim", failing(1, steps.ledger.claim))
            with pytest.raises(LedgerError, match="the disk is full"):
                steps.wake()
            assert (steps.row().state, steps.row().attempts) == (State.READY, 0)
            assert site.receiver.requests == []
            steps.wake(NINE + seconds(60))
            assert steps.row().state is State.DELIVERED
        assert len(site.receiver.requests) == 1

    def test_before_the_inbox_has_it_tries_again(
        self, installed: Installation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        installed.write(table("site", {"platform": "inbox", "include": [DAY]}))
        installed.known_since(NINE - timedelta(days=1), real=True)
        with stepping(installed, NINE) as steps:
            monkeypatch.setattr(steps.ledger, "inbox_put", failing(1, steps.ledger.inbox_put))
            steps.wake()
            assert steps.row().state is State.RETRYING
            steps.wake(NINE + seconds(60))
            assert steps.row().state is State.DELIVERED

    def test_after_it_was_posted_is_offered_the_outcome_until_it_takes_it(
        self, site: Installation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with stepping(site, NINE) as steps:
            monkeypatch.setattr(steps.ledger, "settle", failing(2, steps.ledger.settle))
            steps.wake()
            assert steps.row().state is State.DELIVERED
        assert len(site.receiver.requests) == 1

    def test_for_too_long_leaves_it_to_the_next_run(
        self, site: Installation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with stepping(site, NINE) as steps:
            monkeypatch.setattr(steps.ledger, "settle", failing(9, steps.ledger.settle))
            steps.courier.record_for = timedelta(0)
            with pytest.raises(LedgerError, match="the disk is full"):
                steps.wake()
            assert steps.row().state is State.SENDING

    def test_again_and_again_is_asked_only_now_and_then(
        self, site: Installation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[float] = []
        monkeypatch.setattr("bot.engines.embedded._REST_S", 0.4)
        site.root.joinpath("var").rename(site.root / "before")
        site.known_since(NINE - seconds(60))
        with running(site, RehearsalClock(NINE - seconds(1))) as here:
            claim = failing(3, here.ledger.claim)

            def claim_noted(*args: Any) -> Any:
                asked.append(time.monotonic())
                return claim(*args)

            monkeypatch.setattr(here.ledger, "claim", claim_noted)
            site.receiver.wait_for(1, timeout=20)
            wait_until(lambda: site.rows()["site"].state is State.DELIVERED)
        assert len(asked) == 4
        assert all(later - earlier > 0.3 for earlier, later in pairwise(asked))

    def test_while_it_looks_is_told_and_looked_at_again(
        self, site: Installation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        out = io.StringIO()
        configure_logs(out)
        monkeypatch.setattr("bot.engines.embedded._REST_S", 0.2)
        site.root.joinpath("var").rename(site.root / "before")
        site.known_since(NINE - seconds(60))
        with running(site, RehearsalClock(NINE - seconds(1))) as here:
            monkeypatch.setattr(here.ledger, "due", failing(1, here.ledger.due))
            site.receiver.wait_for(1, timeout=20)
            wait_until(lambda: site.rows()["site"].state is State.DELIVERED)
        assert '"dispatch-failed"' in out.getvalue()

    def test_in_a_single_run_is_said_and_is_a_no(
        self, site: Installation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Ledger, "claim", failing(1, Ledger.claim))
        with time_machine.travel(NINE + seconds(60)):
            said = site.tell("run", "--once")
        assert said.code == 1
        assert str(FULL) in said.err
        assert site.receiver.requests == []

    def test_at_the_end_does_not_keep_the_service(
        self, site: Installation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        out = io.StringIO()
        configure_logs(out)
        site.root.joinpath("var").rename(site.root / "before")
        with running(site, RehearsalClock(NINE - timedelta(hours=2))) as here:
            wait_until(lambda: here.engine.is_well)
            monkeypatch.setattr(here.ledger, "end_run", failing(1, here.ledger.end_run))
        assert '"end-failed"' in out.getvalue()


class TestTheDispatcher:
    @pytest.fixture
    def morning(self, site: Installation, monkeypatch: pytest.MonkeyPatch) -> Installation:
        monkeypatch.setattr("bot.engines.embedded._REST_S", 0.2)
        site.root.joinpath("var").rename(site.root / "before")
        site.known_since(NINE - seconds(60))
        return site

    def test_goes_on_when_the_machine_has_no_thread_to_give(
        self, morning: Installation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        start = threading.Thread.start
        refused: list[str] = []

        def start_or_not(thread: threading.Thread) -> None:
            if thread.name.startswith("delivery-") and not refused:
                refused.append(thread.name)
                raise RuntimeError("can't start new thread")
            start(thread)

        monkeypatch.setattr(threading.Thread, "start", start_or_not)
        with running(morning, RehearsalClock(NINE)) as here:
            morning.receiver.wait_for(1, timeout=20)
            wait_until(lambda: morning.rows()["site"].state is State.DELIVERED)
            wait_until(lambda: here.engine.in_flight == 0)
        assert refused

    def test_goes_on_when_a_worker_meets_a_defect(
        self, morning: Installation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        out = io.StringIO()
        configure_logs(out)
        begin = Courier.begin
        met: list[int] = []

        def begin_or_not(courier: Courier, rows: Sequence[DeliveryRow]) -> list[Begun]:
            if not met:
                met.append(rows[0].id)
                raise ZeroDivisionError
            return begin(courier, rows)

        monkeypatch.setattr(Courier, "begin", begin_or_not)
        with running(morning, RehearsalClock(NINE)):
            morning.receiver.wait_for(1, timeout=20)
            wait_until(lambda: morning.rows()["site"].state is State.DELIVERED)
        assert '"dispatch-failed"' in out.getvalue()
        assert "ZeroDivisionError" in out.getvalue()

    def test_settles_the_others_where_one_meets_a_defect(
        self, morning: Installation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        names = ("one", "two", "three")
        morning.write(*(webhook(name, morning.receiver) for name in names))
        with morning.open(real=False) as ledger:
            write_down(ledger, morning.project(), NINE - seconds(30))
        out = io.StringIO()
        configure_logs(out)
        end = Courier.end

        def end_or_not(courier: Courier, carried: Sequence[Carried]) -> list[Settlement]:
            if any(one.begun.claim.delivery.channel == "two" for one in carried):
                raise ZeroDivisionError
            return end(courier, carried)

        monkeypatch.setattr(Courier, "end", end_or_not)
        with running(morning, RehearsalClock(NINE)) as here:
            morning.receiver.wait_for(3, timeout=20)
            wait_until(lambda: morning.rows()["one"].state is State.DELIVERED)
            wait_until(lambda: morning.rows()["three"].state is State.DELIVERED)
            wait_until(lambda: here.engine.in_flight == 0)
            assert morning.rows()["two"].state is State.SENDING
        # nobody saw its end
        assert morning.rows()["two"].state is State.UNKNOWN
        assert '"delivery-broke"' in out.getvalue()
        assert len(morning.receiver.requests) == 3

    def test_settles_what_has_no_channel_any_more(self, morning: Installation) -> None:
        with morning.open(real=False) as ledger:
            write_down(ledger, morning.project(), NINE)
        morning.write(webhook("other", morning.receiver))
        with running(morning, RehearsalClock(NINE)):
            wait_until(lambda: morning.rows()["site"].state is State.FAILED)


class TestALostClaim:
    def test_what_a_person_holds_while_its_words_are_written_is_not_sent(
        self, site: Installation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with stepping(site, NINE) as steps:
            claim = steps.ledger.claim

            def claim_late(rows: Sequence[DeliveryRow], *args: Any) -> list[Claim]:
                steps.ledger.decide(rows[0].key, "hold", "a person", "", NINE)
                return claim(rows, *args)

            monkeypatch.setattr(steps.ledger, "claim", claim_late)
            steps.wake()
            assert steps.row().state is State.HELD
        assert site.receiver.requests == []

    def test_a_late_answer_says_that_it_is_one(self, site: Installation) -> None:
        out = io.StringIO()
        configure_logs(out)
        with stepping(site, NINE) as steps:
            told: list[Settled] = []
            steps.courier.listeners = (told.append, log_settled)
            steps.courier.poster.transport = Overtaken(steps)
            steps.wake()
            assert steps.row().state is State.RETRACTED
        assert told[0].state is None
        assert '"late-answer"' in out.getvalue()


class Overtaken:
    """A transport whose answer comes after a person has settled the delivery."""

    def __init__(self, steps: Stepping) -> None:
        self._steps = steps

    def send(self, request: RemoteRequest) -> Response | Outcome:
        ledger = self._steps.ledger
        (row,) = ledger.sending()
        ledger.settle_interrupted(row, state=State.UNKNOWN, now=NINE)
        ledger.resolve(row.key, "delivered", NINE, "a person")
        ledger.retract(row.key, NINE, "a person")
        return Delivered()


def test_a_channel_that_is_gone_from_the_configuration_is_told(site: Installation) -> None:
    with stepping(site, NINE - timedelta(hours=1)) as steps:
        steps.ledger.set_pause(NINE + timedelta(hours=1), steps.clock.now())
        steps.wake(NINE)
        site.write(webhook("other", site.receiver))
        steps.project = site.project()
        steps.wake(NINE + timedelta(hours=2))
        row = steps.row()
        assert (row.state, row.reason) == (State.FAILED, Reason.OPERATOR)
        assert "no longer in the configuration" in row.detail
