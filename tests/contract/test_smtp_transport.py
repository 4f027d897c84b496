"""What is known about an e-mail after it was sent, with real servers that take it, refuse it, or
break off at every step."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import pytest

from bot.channels.email import PLATFORM, EmailOptions
from bot.channels.outcome import Delivered, Outcome, Reason, Rejected, Retry, Unknown
from bot.channels.platform import Envelope
from bot.channels.request import MailServer as Server
from bot.channels.request import MimeRequest
from bot.transport.smtp import SmtpTransport
from bot.transport.sockets import tls_context
from tests.mailserver import BreakingServer, MailServer
from tests.receiver import Certificates
from tests.unit.channels.messages import AT, ENGLISH, REAL

ENVELOPE = Envelope("a-day/2026-12-09/0/list/en", "vg_5f2c9a", AT)
DOTS = b"Subject: x\r\nMessage-ID: <vg_1@a.example>\r\n\r\n.\r\n..two\r\n.three\r\nend\r\n"


@contextmanager
def sending(ca_file: Path | None = None, **more: Any) -> Iterator[SmtpTransport]:
    options: dict[str, Any] = {"trusted_hosts": ["127.0.0.1", "localhost"], "rehearsal": False}
    yield SmtpTransport(context=tls_context(ca_file), **{**options, **more})


def request(
    port: int,
    security: Literal["starttls", "tls", "none"] = "none",
    *,
    host: str = "127.0.0.1",
    to: tuple[str, ...] = ("first@a.example",),
    user: str | None = None,
    password: str = "",
    content: bytes = DOTS,
) -> MimeRequest:
    return MimeRequest(Server(host, port, security, user, password), "us@a.example", to, content)


@pytest.fixture
def ca_file(certificates: Certificates, tmp_path: Path) -> Path:
    file = tmp_path / "ca.pem"
    file.write_bytes(certificates.authority_pem)
    return file


def serving(security: Literal["starttls", "tls"], context: ssl.SSLContext) -> MailServer:
    return MailServer(starttls=context) if security == "starttls" else MailServer(tls=context)


def without_detail(outcome: Outcome) -> Outcome:
    return replace(outcome, detail="")


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_real_message_arrives_byte_for_byte_over_a_connection_that_is_checked(
    security: Literal["starttls", "tls"], certificates: Certificates, ca_file: Path
) -> None:
    with serving(security, certificates.good) as server, sending(ca_file=ca_file) as sender:
        options = EmailOptions.model_validate(
            {
                "host": "localhost",
                "port": server.port,
                "security": security,
                "sender": "Our group <us@a.example>",
                "to": "list@a.example",
            }
        )
        mail = PLATFORM.request(REAL, options, ENVELOPE)
        assert isinstance(mail, MimeRequest)
        outcome = sender.send(mail)
        (taken,) = server.handler.taken
        (session,) = server.handler.sessions
    assert outcome == Delivered("<vg_5f2c9a@a.example>")
    assert taken.content == mail.content
    assert (taken.mail_from, taken.rcpt_tos) == ("us@a.example", ["list@a.example"])
    assert session.ssl is not None or security == "tls"  # a server of TLS takes nothing else
    assert session.host_name == "a.example"


def test_lines_that_begin_with_a_dot_arrive_as_they_are() -> None:
    with MailServer() as server, sending() as sender:
        assert isinstance(sender.send(request(server.port)), Delivered)
        assert server.handler.taken[0].content == DOTS


@pytest.mark.parametrize("security", ["starttls", "tls"])
@pytest.mark.parametrize(
    "bad",
    [
        lambda certificates: certificates.expired,
        lambda certificates: certificates.wrong_host,
        lambda certificates: certificates.unknown_authority,
    ],
    ids=["expired", "of another host", "of an unknown authority"],
)
def test_nothing_is_said_to_a_server_whose_certificate_is_bad(
    bad: Callable[[Certificates], ssl.SSLContext],
    security: Literal["starttls", "tls"],
    certificates: Certificates,
    ca_file: Path,
) -> None:
    with serving(security, bad(certificates)) as server, sending(ca_file=ca_file) as sender:
        outcome = sender.send(
            request(server.port, security, host="localhost", user="us", password="secret-word")
        )
        assert server.handler.taken == []
    assert isinstance(outcome, Retry)
    assert outcome.reason is Reason.TLS
    assert "certificate of localhost is not accepted" in outcome.detail


def test_a_server_without_encryption_gets_nothing_when_it_was_asked_for() -> None:
    with MailServer() as server, sending() as sender:
        outcome = sender.send(request(server.port, "starttls", user="us", password="secret-word"))
        assert server.handler.taken == []
    assert outcome == Rejected(
        Reason.BAD_REQUEST, "SMTP 502 to STARTTLS: the server offers no encryption"
    )


def test_who_signs_in_is_taken_and_a_wrong_password_is_told_without_it(
    certificates: Certificates, ca_file: Path
) -> None:
    with (
        MailServer(starttls=certificates.good, account=(b"us", b"secret-word")) as server,
        sending(ca_file=ca_file) as sender,
    ):

        def sent(user: str | None, password: str) -> Outcome:
            mail = request(server.port, "starttls", host="localhost", user=user, password=password)
            return sender.send(mail)

        assert isinstance(sent("us", "secret-word"), Delivered)
        wrong = sent("us", "wrong-word")
        nobody = sent(None, "")
    assert isinstance(wrong, Rejected)
    assert (wrong.reason, wrong.gone) == (Reason.UNAUTHORISED, True)
    assert "wrong-word" not in wrong.detail
    assert without_detail(nobody) == Rejected(Reason.UNAUTHORISED, gone=True)


def test_a_server_that_lets_nobody_sign_in_is_told_so() -> None:
    with MailServer() as server, sending() as sender:
        outcome = sender.send(request(server.port, user="us", password="secret-word"))
    assert without_detail(outcome) == Rejected(Reason.BAD_REQUEST)
    assert "lets nobody sign in" in outcome.detail


@pytest.mark.parametrize(
    ("command", "reply", "outcome"),
    [
        ("MAIL", "451 4.3.0 Later", Retry(Reason.SERVER_ERROR)),
        ("MAIL", "553 5.1.8 Not yours", Rejected(Reason.FORBIDDEN)),
        ("first@a.example", "450 4.2.0 Greylisted", Retry(Reason.SERVER_ERROR)),
        ("first@a.example", "550 5.1.1 Unknown", Rejected(Reason.GONE, gone=True)),
        ("DATA", "451 4.3.0 Later", Retry(Reason.SERVER_ERROR)),
        ("DATA", "552 5.3.4 Too big", Rejected(Reason.TOO_LARGE)),
        ("DATA", "554 5.7.1 Spam", Rejected(Reason.BAD_REQUEST)),
        ("DATA", "199 what", Unknown(Reason.NO_ANSWER)),
    ],
)
def test_each_refusal_is_read_by_its_number(command: str, reply: str, outcome: Outcome) -> None:
    with MailServer() as server, sending() as sender:
        server.handler.replies[command] = reply
        assert without_detail(sender.send(request(server.port))) == outcome


def test_where_some_recipients_are_refused_the_others_get_it_once_and_it_is_told() -> None:
    to = ("first@a.example", "second@a.example", "third@a.example")
    with MailServer() as server, sending() as sender:
        server.handler.replies["second@a.example"] = "450 4.2.0 Later"
        outcome = sender.send(request(server.port, to=to))
        assert server.handler.taken[0].rcpt_tos == ["first@a.example", "third@a.example"]
    assert outcome == Delivered(
        "<vg_1@a.example>",
        "Not taken for 1 of 3 recipients (SMTP 450 to the recipient: 4.2.0 Later).",
    )


def test_where_all_are_refused_it_is_tried_again_while_one_may_still_be_taken() -> None:
    to = ("first@a.example", "second@a.example")
    with MailServer() as server, sending() as sender:
        server.handler.replies = {to[0]: "550 5.1.1 Unknown", to[1]: "450 4.2.0 Later"}
        assert without_detail(sender.send(request(server.port, to=to))) == Retry(
            Reason.SERVER_ERROR
        )
        assert server.handler.taken == []


HELLO: list[tuple[str | int, bytes | None]] = [("EHLO", b"250 mail.test\r\n")]
ADDRESSED = [*HELLO, ("MAIL", b"250 OK\r\n"), ("RCPT", b"250 OK\r\n")]
GREETING = b"220 mail.test\r\n"
ON_THE_WIRE = len(DOTS.replace(b"\r\n.", b"\r\n..")) + len(b".\r\n")


@pytest.mark.parametrize(
    ("greeting", "script", "outcome"),
    [
        (None, [], Retry(Reason.CONNECT)),
        (b"HTTP/1.1 400 Bad Request\r\n", [], Retry(Reason.CONNECT)),
        (b"554 5.7.1 Not welcome\r\n", [], Rejected(Reason.FORBIDDEN)),
        (GREETING, [("EHLO", None)], Retry(Reason.CONNECT)),
        (GREETING, [*HELLO, ("MAIL", None)], Retry(Reason.WRITE)),
        (GREETING, [*HELLO, ("MAIL", b"250 OK\r\n"), ("RCPT", None)], Retry(Reason.WRITE)),
        (GREETING, [*ADDRESSED, ("DATA", None)], Retry(Reason.WRITE)),
        (GREETING, [*ADDRESSED, ("DATA", b"554 no\r\n")], Rejected(Reason.BAD_REQUEST)),
        (
            GREETING,
            [*ADDRESSED, ("DATA", b"354 go\r\n"), (ON_THE_WIRE, None)],
            Unknown(Reason.NO_ANSWER),
        ),
        (
            GREETING,
            [*ADDRESSED, ("DATA", b"354 go\r\n"), (ON_THE_WIRE, b"what?\r\n")],
            Unknown(Reason.NO_ANSWER),
        ),
        (
            GREETING,
            [*ADDRESSED, ("DATA", b"354 go\r\n"), (ON_THE_WIRE, b"250 OK\r\n")],
            Delivered("<vg_1@a.example>"),
        ),
        (
            GREETING,
            [
                ("EHLO", b"502 what?\r\n"),
                ("HELO", b"250 OK\r\n"),
                *ADDRESSED[1:],
                ("DATA", b"354 go\r\n"),
                (ON_THE_WIRE, b"250 OK\r\n"),
            ],
            Delivered("<vg_1@a.example>"),
        ),
    ],
)
def test_a_connection_that_breaks_before_the_end_left_nothing_and_one_after_it_may_have(
    greeting: bytes | None, script: list[tuple[str | int, bytes | None]], outcome: Outcome
) -> None:
    with BreakingServer(greeting, script) as server, sending() as sender:
        assert without_detail(sender.send(request(server.port))) == outcome
    if any(isinstance(expected, int) for expected, _ in script):
        assert server.received.endswith(b"\r\n.\r\n")


def test_a_message_that_did_not_leave_whole_may_be_sent_again() -> None:
    script = [*ADDRESSED, ("DATA", b"354 go\r\n"), (4096, None)]
    large = DOTS + b"x" * 32_000_000 + b"\r\n"  # more than the kernel takes at once
    with BreakingServer(GREETING, script) as server, sending() as sender:
        outcome = sender.send(request(server.port, content=large))
    assert without_detail(outcome) == Retry(Reason.WRITE)


@pytest.mark.parametrize(
    ("script", "outcome"),
    [
        ([("EHLO", b"hang")], Retry(Reason.CONNECT)),
        ([*ADDRESSED, ("DATA", b"hang")], Retry(Reason.WRITE)),
        ([*ADDRESSED, ("DATA", b"354 go\r\n"), (ON_THE_WIRE, b"hang")], Unknown(Reason.DEADLINE)),
    ],
)
def test_a_server_that_falls_silent_is_waited_for_no_longer_than_the_deadline(
    script: list[tuple[str | int, bytes | None]], outcome: Outcome
) -> None:
    with (
        BreakingServer(GREETING, script) as server,
        sending(deadline=timedelta(seconds=0.5)) as sender,
    ):
        assert without_detail(sender.send(request(server.port))) == outcome


def test_starttls_that_is_refused_is_no_connection() -> None:
    script: list[tuple[str | int, bytes | None]] = [
        ("EHLO", b"250-mail.test\r\n250 STARTTLS\r\n"),
        ("STARTTLS", b"454 4.7.0 Not now\r\n"),
    ]
    with BreakingServer(GREETING, script) as server, sending() as sender:
        outcome = sender.send(request(server.port, "starttls"))
    assert without_detail(outcome) == Retry(Reason.SERVER_ERROR)


def test_a_server_that_begins_tls_and_breaks_off_has_nothing() -> None:
    script: list[tuple[str | int, bytes | None]] = [
        ("EHLO", b"250-mail.test\r\n250 STARTTLS\r\n"),
        ("STARTTLS", b"220 go\r\n"),
        (1, None),
    ]
    with BreakingServer(GREETING, script) as server, sending() as sender:
        outcome = sender.send(request(server.port, "starttls"))
    assert without_detail(outcome) == Retry(Reason.TLS)


def test_a_private_server_is_refused_unless_trusted_by_host_and_port() -> None:
    with MailServer() as server:
        for trusted in ([], [f"127.0.0.1:{server.port + 1}"]):
            with sending(trusted_hosts=trusted) as sender:
                outcome = sender.send(request(server.port, "starttls"))
                assert without_detail(outcome) == Rejected(Reason.ADDRESS_REFUSED)
                plain = sender.send(request(server.port))
                assert "without encryption" in plain.detail
        with sending(trusted_hosts=[f"127.0.0.1:{server.port}"]) as sender:
            assert isinstance(sender.send(request(server.port)), Delivered)


def test_a_name_that_leads_to_this_machine_is_refused_and_one_that_leads_nowhere_waits() -> None:
    def resolver(host: str, port: int) -> list[str]:
        if host == "nowhere.example":
            raise OSError("no such name")
        return ["127.0.0.1"]

    with sending(trusted_hosts=[], resolver=resolver) as sender:
        inside = sender.send(request(1, "tls", host="mail.example"))
        nowhere = sender.send(request(1, "tls", host="nowhere.example"))
    assert without_detail(inside) == Rejected(Reason.ADDRESS_REFUSED)
    assert without_detail(nowhere) == Retry(Reason.DNS)


def test_a_rehearsal_sends_only_to_trusted_hosts() -> None:
    with MailServer() as server:
        with sending(trusted_hosts=[], rehearsal=True) as sender:
            outcome = sender.send(request(server.port, "starttls", host="smtp.example.org"))
            assert without_detail(outcome) == Rejected(Reason.NOT_IN_REHEARSAL)
        with sending(rehearsal=True) as sender:
            assert isinstance(sender.send(request(server.port)), Delivered)


def test_a_port_where_nobody_listens_is_tried_again() -> None:
    with BreakingServer(GREETING, []) as server:
        port = server.port
    with sending() as sender:
        outcome = sender.send(request(port))
    assert outcome == Retry(Reason.CONNECT, "127.0.0.1 refused the connection.")


def test_many_threads_send_at_once() -> None:
    with MailServer() as server, sending() as sender:
        outcomes: list[Outcome] = []
        threads = [
            threading.Thread(target=lambda: outcomes.append(sender.send(request(server.port))))
            for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(server.handler.taken) == 8
    assert all(isinstance(outcome, Delivered) for outcome in outcomes)


def test_no_word_of_the_message_or_the_password_is_in_what_is_told() -> None:
    assert ENGLISH.title not in repr(request(25, content=ENGLISH.title.encode()))
    assert "secret-word" not in repr(request(25, user="us", password="secret-word"))
