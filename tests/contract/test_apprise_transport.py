"""Apprise, held back: what it really sends, and what is known afterwards."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.channels.apprise import PLATFORM, AppriseOptions
from bot.channels.outcome import Delivered, Outcome, Reason, Rejected, Retry, Unknown
from bot.channels.request import ApprisedRequest, HttpRequest, MimeRequest, Response
from bot.channels.request import MailServer as Server
from bot.transport.apprise import AppriseTransport
from bot.transport.dispatch import Transports
from tests.mailserver import MailServer
from tests.receiver import Answer, Receiver
from tests.unit.channels.messages import ENVELOPE, REAL

TOKEN = "AbCdEf0123456789"


def of(url: str, body: str = "Words.") -> ApprisedRequest:
    return ApprisedRequest(url, "A title", body)


def gotify(receiver: Receiver) -> ApprisedRequest:
    return of(f"gotify://{receiver.address}/{TOKEN}")


def transport(*trusted: str, rehearsal: bool = False, **more: Any) -> AppriseTransport:
    return AppriseTransport(trusted, rehearsal, **more)


def without_detail(outcome: Outcome) -> Outcome:
    return replace(outcome, detail="")


def test_a_real_message_arrives_once_and_whole(receiver: Receiver) -> None:
    options = AppriseOptions.model_validate({"url": f"gotify://{receiver.address}/{TOKEN}"})
    request = PLATFORM.request(REAL, options, ENVELOPE)
    assert isinstance(request, ApprisedRequest)
    assert isinstance(transport(receiver.address).send(request), Delivered)
    (received,) = receiver.requests
    assert received.path == "/message"
    assert received.json["title"] == request.title
    assert received.json["message"] == request.body
    assert received.headers["user-agent"] == "Vigilia"


def test_the_words_are_sent_as_they_are_and_not_read_as_a_template(receiver: Receiver) -> None:
    words = "{{ title }} \\n \\t :fire: <b>&amp;</b> *a* {% if x %}"
    sent = of(f"json://{receiver.address}/", words)
    assert isinstance(transport(receiver.address).send(sent), Delivered)
    assert receiver.requests[0].json["message"] == words


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (Answer(404), Rejected(Reason.GONE)),
        (Answer(401), Rejected(Reason.UNAUTHORISED)),
        (Answer(429), Retry(Reason.RATE_LIMITED)),
        (Answer(500), Retry(Reason.SERVER_ERROR)),
        (Answer(502), Unknown(Reason.GATEWAY)),
        (Answer(close=True), Unknown(Reason.NO_ANSWER)),
    ],
)
def test_each_answer_is_asked_for_once_and_means_what_the_log_proves(
    receiver: Receiver, answer: Answer, outcome: Outcome
) -> None:
    receiver.answer("/message", answer)
    assert without_detail(transport(receiver.address).send(gotify(receiver))) == outcome
    assert len(receiver.requests) == 1


def test_a_redirect_is_not_followed_and_is_no_success(receiver: Receiver) -> None:
    headers = {"Location": receiver.url("/elsewhere")}
    receiver.answer("/message", Answer(302, headers=headers))
    outcome = transport(receiver.address).send(gotify(receiver))
    assert without_detail(outcome) == Rejected(Reason.REDIRECT)
    assert [received.path for received in receiver.requests] == ["/message"]


def test_what_takes_too_long_is_unknown(receiver: Receiver) -> None:
    receiver.answer("/message", Answer(hang=True))
    slow = transport(receiver.address, deadline=timedelta(seconds=0.5))
    assert without_detail(slow.send(gotify(receiver))) == Unknown(Reason.DEADLINE)


def test_a_server_that_is_not_there_is_tried_again_and_its_address_not_told() -> None:
    with Receiver() as receiver:
        request = gotify(receiver)
        address = receiver.address
    outcome = transport(address).send(request)
    assert outcome == Retry(Reason.SERVER_ERROR, "Apprise reports a failure.")


def test_nothing_that_apprise_says_reaches_the_log(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[logging.LogRecord] = []
    root = logging.getLogger()
    handler = logging.Handler()
    monkeypatch.setattr(handler, "emit", said.append)
    monkeypatch.setattr(root, "handlers", [handler])
    monkeypatch.setattr(root, "level", logging.DEBUG)
    receiver.answer("/message", Answer(404, body=TOKEN.encode()))
    transport(receiver.address).send(gotify(receiver))
    assert said == []


def test_a_private_server_is_refused_unless_trusted(receiver: Receiver) -> None:
    plain = transport().send(gotify(receiver))
    assert without_detail(plain) == Rejected(Reason.ADDRESS_REFUSED)
    assert "without encryption" in plain.detail
    secure = of(f"gotifys://{receiver.address}/{TOKEN}")
    assert without_detail(transport().send(secure)) == Rejected(Reason.ADDRESS_REFUSED)
    assert receiver.connections == 0


def test_a_name_that_leads_to_this_machine_is_refused_and_one_that_leads_nowhere_waits() -> None:
    def resolver(host: str, port: int) -> list[str]:
        if host == "nowhere.example":
            raise OSError("no such name")
        return ["127.0.0.1"]

    sender = transport(resolver=resolver)
    inside = sender.send(of(f"gotifys://push.example/{TOKEN}"))
    nowhere = sender.send(of(f"gotifys://nowhere.example/{TOKEN}"))
    assert without_detail(inside) == Rejected(Reason.ADDRESS_REFUSED)
    assert without_detail(nowhere) == Retry(Reason.DNS)


def test_a_rehearsal_sends_only_to_a_server_that_is_named_and_trusted(receiver: Receiver) -> None:
    rehearsing = transport(receiver.address, rehearsal=True)
    assert isinstance(rehearsing.send(gotify(receiver)), Delivered)
    for url in ("pover://" + "u" * 30 + "@" + "t" * 30, f"gotifys://push.example/{TOKEN}"):
        outcome = rehearsing.send(of(url))
        assert without_detail(outcome) == Rejected(Reason.NOT_IN_REHEARSAL)
        assert TOKEN not in outcome.detail


def test_what_is_no_address_is_refused() -> None:
    outcome = transport().send(of("nothing://at.all"))
    assert without_detail(outcome) == Rejected(Reason.BAD_REQUEST)


def test_each_kind_goes_by_its_own_transport(receiver: Receiver) -> None:
    with MailServer() as server:
        door = Transports((receiver.address, "127.0.0.1"), rehearsal=False)
        content = b"Subject: x\r\n\r\nx\r\n"
        mail = MimeRequest(
            Server("127.0.0.1", server.port, "none"), "a@a.example", ("b@a.example",), content
        )
        assert isinstance(door.send(mail), Delivered)
        assert isinstance(door.send(mail), Delivered)
        assert isinstance(door.send(gotify(receiver)), Delivered)
        post = HttpRequest("POST", receiver.url("/hook"), {}, b"{}")
        assert isinstance(door.send(post), Response)
        door.close()
        assert len(server.handler.taken) == 2
    assert [r.path for r in receiver.requests] == ["/message", "/hook"]
    Transports((), rehearsal=False).close()


def test_what_is_shown_of_a_request_hides_the_fields_that_are_secret() -> None:
    headers = {"Content-Type": "application/json"}
    body = b'{"topic": "remember", "message": "We remember."}'
    shown = HttpRequest("POST", "https://a.example/", headers, body, (), ("topic",)).shown()
    assert shown["json"] == {"topic": "***", "message": "We remember."}
