"""What other processes may do beside a running service, and what it does about it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from bot.channels.outcome import Reason
from bot.delivery.courier import request_id
from bot.ledger.rows import HeldFor, Settlement, State
from bot.planning import plan_for
from tests.receiver import Answer, Received, Receiver, wait_until
from tests.service.installation import DAY, TOKEN, Installation, Running, webhook

ON = date(2026, 12, 9)
NAMES = ("failed", "unknown", "waiting", "unwanted", "paused", "byhand", "refused")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A real service that runs, with a delivery in each state that asks for a person."""
    with Receiver() as receiver:
        installed = Installation(tmp_path_factory.mktemp("group"), receiver)
        installed.write(*(webhook(name, receiver) for name in NAMES))
        installed.known_since(datetime.now(UTC), real=True)
        put_in(installed, "failed", State.FAILED)
        put_in(installed, "unknown", State.UNKNOWN)
        put_in(installed, "waiting", State.HELD, "approval")
        put_in(installed, "unwanted", State.HELD, "approval")
        yield installed
        installed.end()


@pytest.fixture(scope="module")
def service(installed: Installation) -> Running:
    running = installed.start()
    running.wait_for("started")
    return running


def key_of(channel: str) -> str:
    return f"{DAY}/{ON}/0/{channel}/en"


def put_in(
    installed: Installation, channel: str, state: State, held_for: HeldFor | None = None
) -> None:
    """Writes down a posting that is due now, and takes it to a state, as an earlier run would."""
    now = datetime.now(UTC)
    planned = plan_for(installed.project().channel(channel), (DAY,), ON, 0, now)
    with installed.open() as ledger:
        first = state if state is State.HELD else State.READY
        ledger.insert([planned], now, state_of=lambda *_: (first, held_for))
        if state in (State.FAILED, State.UNKNOWN):
            row = ledger.delivery(key_of(channel))
            assert row is not None
            run = ledger.begin_run(now, "0.1.0")
            (claim,) = ledger.claim([row], run, now, timedelta(minutes=5))
            ended = (
                claim,
                Settlement(
                    state,
                    "rejected" if state is State.FAILED else "unknown",
                    Reason.BAD_REQUEST if state is State.FAILED else Reason.NO_ANSWER,
                ),
            )
            ledger.settle([ended], now)
            ledger.end_run(run, now)


def posts_to(installed: Installation, channel: str) -> list[Received]:
    return [r for r in installed.receiver.requests if r.path.split("/")[1] == channel]


def wait_for_state(installed: Installation, channel: str, state: State) -> None:
    """Returns when the delivery is in a state, by the ledger; tells the seconds that it took."""
    began = time.monotonic()
    wait_until(lambda: installed.rows()[channel].state is state, timeout=20)
    print(f"{channel}: {state} after {time.monotonic() - began:.2f} s")


@pytest.mark.usefixtures("service")
class TestDecisionsOfAPerson:
    def test_a_retry_is_sent_with_a_new_id(self, installed: Installation) -> None:
        assert installed.tell("retry", key_of("failed")).code == 0
        wait_for_state(installed, "failed", State.DELIVERED)
        (post,) = posts_to(installed, "failed")
        assert post.headers["webhook-id"] == request_id(key_of("failed"), 1)

    def test_what_may_have_arrived_is_sent_again_when_a_person_says_so(
        self, installed: Installation
    ) -> None:
        assert posts_to(installed, "unknown") == []
        assert installed.tell("resolve", key_of("unknown"), "--resend").code == 0
        wait_for_state(installed, "unknown", State.DELIVERED)
        (post,) = posts_to(installed, "unknown")
        assert post.headers["webhook-id"] == request_id(key_of("unknown"), 1)

    def test_what_is_approved_is_sent(self, installed: Installation) -> None:
        assert posts_to(installed, "waiting") == []
        assert installed.tell("approve", key_of("waiting")).code == 0
        wait_for_state(installed, "waiting", State.DELIVERED)

    def test_what_is_skipped_is_not_sent(self, installed: Installation) -> None:
        assert installed.tell("skip", key_of("unwanted")).code == 0
        assert installed.rows()["unwanted"].state is State.SKIPPED
        assert posts_to(installed, "unwanted") == []

    def test_a_pause_holds_everything_until_it_is_ended(self, installed: Installation) -> None:
        until = datetime.now(UTC) + timedelta(days=1)
        assert installed.tell("pause", "--until", until.isoformat()).code == 0
        put_in(installed, "paused", State.READY)
        assert installed.rows()["paused"].state is State.HELD
        refused = installed.tell("send", DAY, "--channel", "byhand", "--on", str(ON))
        assert refused.code == 1
        assert "vigilia resume" in refused.err
        assert posts_to(installed, "paused") == []
        assert installed.tell("resume").code == 0
        wait_for_state(installed, "paused", State.DELIVERED)


@pytest.mark.usefixtures("service")
class TestSendingByHand:
    def test_the_service_delivers_and_the_command_tells(self, installed: Installation) -> None:
        sent = installed.tell("send", DAY, "--channel", "byhand", "--on", str(ON))
        assert (sent.code, sent.out) == (0, f"{key_of('byhand')}: delivered\n"), sent.err
        again = installed.tell("send", DAY, "--channel", "byhand", "--on", str(ON))
        assert again.code == 1
        assert "--again" in again.err
        assert len(posts_to(installed, "byhand")) == 1

    def test_a_refusal_is_told(self, installed: Installation) -> None:
        installed.receiver.answer(f"/refused/{TOKEN}", Answer(400, b"no such thing"))
        sent = installed.tell("send", DAY, "--channel", "refused", "--on", str(ON))
        assert sent.code == 1
        assert f"{key_of('refused')}: failed" in sent.out
        assert "no such thing" in sent.out


class TestAnotherService:
    def test_a_second_one_refuses_to_start(self, installed: Installation, service: Running) -> None:
        second = installed.start()
        assert second.ended() == 1
        (said,) = second.lines
        assert "Another Vigilia already runs on this ledger" in said
        assert f"process {service.process.pid}" in said

    def test_once_refuses_too(self, installed: Installation, service: Running) -> None:
        assert service.process.pid != os.getpid()
        said = installed.tell("run", "--once")
        assert said.code == 1
        assert "Another Vigilia already runs on this ledger" in said.err
        assert said.out == ""

    def test_the_service_lives(self, installed: Installation, service: Running) -> None:
        assert installed.tell("health").out == (
            f"The service is alive (process {service.process.pid}).\n"
        )
