"""Defects and a ledger that fails in the middle of a delivery: what is known is not lost."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from bot.channels.outcome import Delivered, Outcome, Reason
from bot.channels.request import HttpRequest, Response
from bot.clock import RehearsalClock
from bot.delivery.courier import Settled
from bot.errors import LedgerError
from bot.ledger.rows import State
from bot.logs import configure_logs
from bot.project.secrets import tell_the_logs
from bot.running import log_settled
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

    def send(self, request: HttpRequest) -> Response | Outcome:
        raise RuntimeError(f"Max retries exceeded with url: {request.url}")


class TestADefect:
    def test_in_sending_is_unknown_and_its_traceback_shows_no_secret(
        self, site: Installation
    ) -> None:
        out = io.StringIO()
        configure_logs(out)
        with stepping(site, NINE) as steps:
            tell_the_logs(steps.project)
            steps.courier.transport = Broken()
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


class TestALedgerThatFails:
    def test_before_the_words_are_kept_sends_nothing_and_tries_again(
        self, site: Installation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with stepping(site, NINE) as steps:
            keep = failing(1, steps.ledger.keep_message)
            monkeypatch.setattr(steps.ledger, "keep_message", keep)
            steps.wake()
            assert steps.row().state is State.RETRYING
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


class TestALostClaim:
    def test_words_that_were_settled_otherwise_are_not_sent(
        self, site: Installation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with stepping(site, NINE) as steps:
            keep = steps.ledger.keep_message

            def keep_late(*args: Any) -> bool:
                for row in steps.ledger.sending():
                    steps.ledger.settle_interrupted(row, state=State.UNKNOWN, now=NINE)
                return keep(*args)

            monkeypatch.setattr(steps.ledger, "keep_message", keep_late)
            steps.wake()
            # what surely was not sent may be sent after all
            assert steps.row().state is State.RETRYING
        assert site.receiver.requests == []

    def test_a_late_answer_says_that_it_is_one(self, site: Installation) -> None:
        out = io.StringIO()
        configure_logs(out)
        with stepping(site, NINE) as steps:
            told: list[Settled] = []
            steps.courier.listeners = (told.append, log_settled)
            steps.courier.transport = Overtaken(steps)
            steps.wake()
            assert steps.row().state is State.RETRACTED
        assert told[0].recorded is None
        assert '"late-answer"' in out.getvalue()


class Overtaken:
    """A transport whose answer comes after a person has settled the delivery."""

    def __init__(self, steps: Stepping) -> None:
        self._steps = steps

    def send(self, request: HttpRequest) -> Response | Outcome:
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
