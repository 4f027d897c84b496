"""A post is taken back where the platform can, recorded with who did it and why; elsewhere it is
said clearly that it cannot."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.ledger.rows import State
from tests.mailserver import MailServer
from tests.receiver import Answer, Receiver
from tests.service.installation import DAY, Installation, table, webhook

KEY = f"{DAY}/2026-12-09/0/place/en"

DISCORD = "/api/webhooks/42/aB3-dE_fG7hIjK"
TELEGRAM = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
TELEGRAMMED = {"ok": True, "result": {"message_id": 7, "chat": {"id": -1001}}}


def channel_of(platform: str, receiver: Receiver) -> dict[str, object]:
    """Gives the keys of a channel on the receiver."""
    keys: dict[str, dict[str, object]] = {
        "discord": {"url": receiver.url(DISCORD)},
        "discord in a forum": {"url": receiver.url(DISCORD), "thread_name": "{title}"},
        "telegram": {"server": receiver.url(""), "token": TELEGRAM, "chat_id": -1001},
        "zulip": {
            "url": receiver.url(""),
            "email": "bot@a.example",
            "api_key": "k" * 32,
            "stream": "general",
        },
        "mastodon": {"url": receiver.url(""), "access_token": "t" * 43},
    }
    return keys[platform]


POSTING: dict[str, tuple[str, Any, str, str, Any]] = {
    "discord": (DISCORD, {"id": "1315"}, "DELETE", f"{DISCORD}/messages/1315", None),
    "discord in a forum": (
        DISCORD,
        {"id": "1315"},
        "DELETE",
        f"{DISCORD}/messages/1315?thread_id=1315",
        None,
    ),
    "telegram": (
        f"/bot{TELEGRAM}/sendMessage",
        TELEGRAMMED,
        "POST",
        f"/bot{TELEGRAM}/deleteMessage",
        {"ok": True, "result": True},
    ),
    "zulip": (
        "/api/v1/messages",
        {"result": "success", "msg": "", "id": 42},
        "DELETE",
        "/api/v1/messages/42",
        {"result": "success", "msg": ""},
    ),
    "mastodon": (
        "/api/v1/statuses",
        {"id": "1032"},
        "DELETE",
        "/api/v1/statuses/1032",
        {"id": "1032"},
    ),
}
"""Where it is posted to, what is answered; how it is taken back, what is answered then."""


def posted(installed: Installation, platform: str) -> None:
    """Has the day posted on a platform, whose answers are the documented ones."""
    receiver = installed.receiver
    path, answer, _, _, _ = POSTING[platform]
    receiver.answer(path, Answer(200, json.dumps(answer).encode()))
    name = platform.partition(" ")[0]
    keys = {"platform": name, **channel_of(platform, receiver), "include": [DAY]}
    installed.write(table("place", keys))
    sent = installed.tell("send", DAY, "--channel", "place", "--on", "2026-12-09")
    assert sent.code == 0, sent.out + sent.err


@pytest.mark.parametrize("platform", POSTING)
def test_a_post_is_taken_back_and_it_is_recorded_who_did_it_and_why(
    installed: Installation, platform: str
) -> None:
    posted(installed, platform)
    _, _, method, path, answer = POSTING[platform]
    done = Answer(204) if answer is None else Answer(200, json.dumps(answer).encode())
    installed.receiver.answer(path, done)

    said = installed.tell("retract", KEY, "--why", "A figure was wrong.")

    assert said.code == 0, said.out + said.err
    assert "was taken back" in said.out
    _, taken_back = installed.receiver.requests
    assert (taken_back.method, taken_back.path) == (method, path)
    assert installed.rows()["place"].state is State.RETRACTED
    with installed.reading() as ledger:
        (decision,) = ledger.decision_log(KEY)
    assert (decision.verdict, decision.why) == ("retract", "A figure was wrong.")


def test_a_post_that_was_gone_already_is_recorded_as_taken_back(installed: Installation) -> None:
    posted(installed, "discord")
    gone = b'{"code": 10008, "message": "Unknown Message"}'
    installed.receiver.answer(POSTING["discord"][3], Answer(404, gone))
    said = installed.tell("retract", KEY)
    assert said.code == 0
    assert "It was gone already." in said.out
    assert installed.rows()["place"].state is State.RETRACTED


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (Answer(403, b'{"code": 50013, "message": "Missing Permissions"}'), "was not taken back"),
        (Answer(404, b'{"code": 10015, "message": "Unknown Webhook"}'), "was not taken back"),
        (Answer(503), "was not taken back"),
        (Answer(close=True), "It is not known whether"),
    ],
)
def test_where_the_platform_does_not_take_it_back_it_stands_as_delivered(
    installed: Installation, answer: Answer, sentence: str
) -> None:
    posted(installed, "discord")
    installed.receiver.answer(POSTING["discord"][3], answer)
    said = installed.tell("retract", KEY)
    assert said.code == 1
    assert sentence in said.err
    assert "aB3" not in said.out + said.err
    assert installed.rows()["place"].state is State.DELIVERED


def test_a_platform_that_takes_nothing_back_is_said_to(installed: Installation) -> None:
    installed.write(webhook("place", installed.receiver))
    assert installed.tell("send", DAY, "--channel", "place", "--on", "2026-12-09").code == 0
    said = installed.tell("retract", KEY)
    assert said.code == 1
    assert "does not let a post be taken back" in said.err
    assert "discord, mastodon, matrix, telegram and zulip" in said.err
    assert len(installed.receiver.requests) == 1


def test_what_has_no_name_on_the_platform_has_to_be_deleted_by_hand(
    installed: Installation,
) -> None:
    installed.receiver.answer(DISCORD, Answer(204))
    url = installed.receiver.url(DISCORD)
    keys: dict[str, object] = {"platform": "discord", "url": url, "include": [DAY]}
    installed.write(table("place", keys))
    assert installed.tell("send", DAY, "--channel", "place", "--on", "2026-12-09").code == 0
    said = installed.tell("retract", KEY)
    assert said.code == 1
    assert "Delete it by hand" in said.err


def test_a_channel_that_is_gone_and_a_key_that_is_none_are_said_to_be(
    installed: Installation,
) -> None:
    posted(installed, "discord")
    installed.write(table("other", {"platform": "inbox", "include": [DAY]}))
    gone = installed.tell("retract", KEY)
    assert "no longer in the configuration" in gone.err
    none = installed.tell("retract", "nothing/2026-12-09/0/place/en")
    assert "No posting has the key" in none.err
    assert (gone.code, none.code) == (1, 1)


def test_a_test_message_goes_by_mail_and_a_posting_too(installed: Installation) -> None:
    with MailServer() as server:
        keys: dict[str, object] = {
            "platform": "email",
            "host": "127.0.0.1",
            "port": server.port,
            "security": "none",
            "sender": "Our group <us@a.example>",
            "to": "list@a.example",
            "include": [DAY],
        }
        installed.write(table("place", keys))
        config = installed.root / "config" / "vigilia.toml"
        config.write_text('[network]\ntrusted_hosts = ["127.0.0.1"]\n', "utf-8")
        tested = installed.tell("channels", "test", "place")
        assert tested.code == 0, tested.out + tested.err
        assert "The mail server took the test message" in tested.out
        sent = installed.tell("send", DAY, "--channel", "place", "--on", "2026-12-09")
        assert sent.code == 0, sent.out + sent.err
        test_message, posting = server.handler.taken
        assert b"vg_" in (posting.content or b"")
        assert test_message.rcpt_tos == ["list@a.example"]
    row = installed.rows()["place"]
    assert row.state is State.DELIVERED
    assert row.remote_id is not None
    assert row.remote_id.endswith("@a.example>")
    assert "The mail server does not let a post be taken back" in installed.tell("retract", KEY).err
    shown = installed.tell("preview", DAY, "--channel", "place", "--payload", "--on", "2026-12-09")
    payload = json.loads(shown.out)
    assert set(payload) == {"method", "url", "headers", "mime"}
    assert [part["type"] for part in payload["mime"]["parts"]] == ["text/plain", "text/html"]
