"""A real Matrix homeserver takes what is posted: once, whatever happens to the bot in between."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.ledger.rows import State
from tests.service.installation import DAY, NINE, Installation, seconds, table
from tests.synapse import Relay, Synapse
from tests.unit.channels.test_matrix import Page

KEY = f"{DAY}/2026-12-09/0/room/en"


@pytest.fixture(scope="module")
def synapse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Synapse]:
    with Synapse(tmp_path_factory.mktemp("synapse")) as synapse:
        yield synapse


@pytest.fixture
def relay(synapse: Synapse) -> Iterator[Relay]:
    with Relay(synapse.port) as relay:
        yield relay


@pytest.fixture
def room(synapse: Synapse) -> str:
    return synapse.room()


def write(installed: Installation, synapse: Synapse, relay: Relay, room: str) -> None:
    keys: dict[str, object] = {
        "platform": "matrix",
        "url": f"http://{relay.address}",
        "access_token": synapse.token,
        "room": room,
        "include": [DAY],
    }
    installed.write(table("room", keys))
    config = installed.root / "config" / "vigilia.toml"
    config.write_text(f'[network]\ntrusted_hosts = ["{relay.address}"]\n', "utf-8")


def test_a_bot_that_ends_before_it_hears_the_answer_posts_one_event_all_the_same(
    installed: Installation, synapse: Synapse, relay: Relay, room: str
) -> None:
    write(installed, synapse, relay, room)
    installed.known_since(NINE - seconds(60))
    relay.withholding.set()
    first = installed.rehearse(NINE)
    assert relay.held.wait(20)
    assert installed.rows()["room"].state is State.SENDING
    first.kill()
    assert len(synapse.messages(room)) == 1

    relay.withholding.clear()
    second = installed.rehearse(NINE + seconds(60))
    second.wait_for("delivered")
    assert second.stop() == 0

    (event,) = synapse.messages(room)
    row = installed.rows()["room"]
    assert (row.state, row.attempts) == (State.DELIVERED, 2)
    assert row.remote_id == event["event_id"]
    assert event["content"]["msgtype"] == "m.notice"
    assert event["content"]["m.mentions"] == {}
    assert "12th observance" in Page(event["content"]["formatted_body"]).seen


def test_what_was_posted_is_redacted_when_somebody_retracts_it(
    installed: Installation, synapse: Synapse, relay: Relay, room: str
) -> None:
    write(installed, synapse, relay, room)
    sent = installed.tell("send", DAY, "--channel", "room", "--on", "2026-12-09")
    assert sent.code == 0, sent.out + sent.err
    (event,) = synapse.messages(room)
    assert event["content"]["body"]

    done = installed.tell("retract", KEY, "--why", "A figure was wrong.")
    assert done.code == 0, done.out + done.err
    redacted = synapse.event(room, event["event_id"])
    assert redacted["content"] == {}
    assert "redacted_because" in redacted["unsigned"]
    assert installed.rows()["room"].state is State.RETRACTED
    with installed.reading() as ledger:
        (decision,) = ledger.decision_log(KEY)
    assert (decision.verdict, decision.why) == ("retract", "A figure was wrong.")
    assert decision.who

    again = installed.tell("retract", KEY)
    assert again.code == 1
    assert "only what was delivered can be retracted" in again.err


def test_a_token_that_was_revoked_pauses_the_channel_and_is_not_tried_again(
    installed: Installation, synapse: Synapse, relay: Relay, room: str, tmp_path: Path
) -> None:
    write(installed, synapse, relay, room)
    config = installed.root / "config" / "channels.toml"
    config.write_text(config.read_text().replace(synapse.token, "syt_no_longer_good_token"))
    sent = installed.tell("send", DAY, "--channel", "room", "--on", "2026-12-09")
    assert sent.code == 1
    assert "M_UNKNOWN_TOKEN" in sent.out
    assert "syt_no_longer" not in sent.out + sent.err
    assert installed.rows()["room"].state is State.FAILED
    with installed.reading() as ledger:
        assert set(ledger.paused_channels()) == {"room"}
    assert synapse.messages(room) == []
