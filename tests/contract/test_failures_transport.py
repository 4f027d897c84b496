"""What a request comes to where this machine, or Vigilia itself, fails: it is judged by how far the
request got. What never left is never in doubt."""

from __future__ import annotations

import http.client
import io
import os
import resource
import smtplib
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import apprise
import pytest

from bot.channels.outcome import Delivered, Outcome, Reason, Rejected, Retry, Unknown
from bot.channels.request import (
    ApprisedRequest,
    HttpRequest,
    MailServer,
    MimeRequest,
    RemoteRequest,
    Response,
)
from bot.logs import configure_logs
from bot.transport import resolving
from bot.transport.dispatch import Transports
from bot.transport.http import HttpTransport
from bot.transport.smtp import SmtpTransport
from bot.transport.sockets import tls_context
from tests.faults import Blackhole, Drip, FaultProxy, Garbage
from tests.mailserver import MailServer as Server
from tests.receiver import Receiver

TOKEN = "s3cr3t-t0k3n"
PORT = 9  # nobody is asked there


def post(address: str) -> HttpRequest:
    return HttpRequest("POST", f"http://{address}/{TOKEN}", {}, b"{}", secrets=(TOKEN,))


def mail(port: int = PORT) -> MimeRequest:
    server = MailServer("127.0.0.1", port, "none")
    content = b"Subject: x\r\n\r\nx\r\n"
    return MimeRequest(server, "us@a.example", ("them@a.example",), content)


def apprised(address: str) -> ApprisedRequest:
    return ApprisedRequest(f"json://{address}/{TOKEN}", "A title", "Words.")


@contextmanager
def door(*trusted: str) -> Iterator[Transports]:
    with closing(Transports(trusted or ("127.0.0.1",), False, None, {})) as transports:
        yield transports


def without_detail(outcome: Response | Outcome) -> Response | Outcome:
    return outcome if isinstance(outcome, Response) else replace(outcome, detail="")


def no_thread_for(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """Have threads fail to start whose name or class is ``kind``, as at a container's limit."""
    start = threading.Thread.start

    def limited(thread: threading.Thread) -> None:
        if kind in (thread.name, type(thread).__name__):
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", limited)


@contextmanager
def no_descriptor_left() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = os.dup(0)
    os.close(highest)
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def raising(error: Exception) -> Any:
    def raises(*_: object, **__: object) -> None:
        raise error

    return raises


@pytest.mark.parametrize("request_", [post(f"127.0.0.1:{PORT}"), mail()], ids=["http", "mail"])
def test_no_thread_for_a_look_up_is_tried_again_and_every_permit_is_given_back(
    monkeypatch: pytest.MonkeyPatch, request_: RemoteRequest
) -> None:
    permits = threading.BoundedSemaphore(2)
    monkeypatch.setattr(resolving, "_LOOKUPS", permits)
    no_thread_for(monkeypatch, "lookup")
    with door() as transports:
        for _ in range(3):
            outcome = transports.send(request_)
            assert without_detail(outcome) == Retry(Reason.DNS)
    assert permits.acquire(blocking=False)
    assert permits.acquire(blocking=False)


@pytest.mark.parametrize("request_", [post(f"127.0.0.1:{PORT}"), mail()], ids=["http", "mail"])
def test_no_descriptor_for_a_connection_is_tried_again(request_: RemoteRequest) -> None:
    with door() as transports, no_descriptor_left():
        outcome = transports.send(request_)
    assert outcome == Retry(Reason.CONNECT, "127.0.0.1 could not be reached (Too many open files).")


@pytest.mark.parametrize("request_", [post(f"127.0.0.1:{PORT}"), mail()], ids=["http", "mail"])
@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (MemoryError(), Retry(Reason.CONNECT)),
        (RuntimeError(f"a defect with {TOKEN}"), Rejected(Reason.DEFECT)),
    ],
    ids=["memory", "defect"],
)
def test_what_fails_while_connecting_has_not_left(
    monkeypatch: pytest.MonkeyPatch, request_: RemoteRequest, error: Exception, outcome: Outcome
) -> None:
    out = io.StringIO()
    configure_logs(out)
    monkeypatch.setattr(socket.socket, "connect", raising(error))
    with door() as transports:
        assert without_detail(transports.send(request_)) == outcome
    assert ("Traceback" in out.getvalue()) == (outcome.reason is Reason.DEFECT)
    if isinstance(request_, HttpRequest):
        assert TOKEN not in out.getvalue()


@pytest.mark.parametrize(
    ("error", "reason"), [(MemoryError(), Reason.NO_ANSWER), (RuntimeError(), Reason.DEFECT)]
)
def test_what_fails_after_the_last_byte_of_a_request_is_in_doubt(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, error: Exception, reason: Reason
) -> None:
    configure_logs(io.StringIO())
    monkeypatch.setattr(http.client.HTTPConnection, "getresponse", raising(error))
    with door() as transports:
        outcome = transports.send(post(receiver.address))
    assert without_detail(outcome) == Unknown(reason)


def test_what_fails_before_a_request_is_written_has_not_left(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure_logs(io.StringIO())
    monkeypatch.setattr(http.client.HTTPConnection, "putrequest", raising(RuntimeError()))
    with door() as transports:
        outcome = transports.send(post(receiver.address))
        assert receiver.requests == []
    assert without_detail(outcome) == Rejected(Reason.DEFECT)


def test_what_fails_after_the_end_of_a_message_is_in_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    configure_logs(io.StringIO())
    monkeypatch.setattr("bot.transport.smtp._message_id", raising(RuntimeError()))
    with Server() as server, door() as transports:
        assert without_detail(transports.send(mail(server.port))) == Unknown(Reason.DEFECT)
        assert len(server.handler.taken) == 1


def test_what_fails_in_saying_goodbye_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    putcmd = smtplib.SMTP.putcmd

    def failing(connection: Any, command: str, args: str = "") -> None:
        if command == "QUIT":
            raise MemoryError
        putcmd(connection, command, args)

    monkeypatch.setattr(smtplib.SMTP, "putcmd", failing)
    with Server() as server, door() as transports:
        assert isinstance(transports.send(mail(server.port)), Delivered)


@pytest.mark.parametrize(
    ("where", "error", "outcome"),
    [
        ("add", MemoryError(), Retry(Reason.CONNECT)),
        ("add", RuntimeError(), Rejected(Reason.DEFECT)),
        ("notify", MemoryError(), Unknown(Reason.NO_ANSWER)),
        ("notify", RuntimeError("can't start new thread"), Unknown(Reason.DEFECT)),
    ],
)
def test_what_fails_before_apprise_is_asked_to_send_has_not_left(
    monkeypatch: pytest.MonkeyPatch, where: str, error: Exception, outcome: Outcome
) -> None:
    configure_logs(io.StringIO())
    monkeypatch.setattr(apprise.Apprise, where, raising(error))
    with door() as transports:
        assert without_detail(transports.send(apprised("127.0.0.1"))) == outcome


def test_no_thread_to_close_idle_connections_keeps_no_answer_back(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    transport = HttpTransport(
        [receiver.address], False, proxies={}, idle_limit=timedelta(seconds=0.05)
    )
    with closing(transport):
        with monkeypatch.context() as limited:
            no_thread_for(limited, "Timer")
            assert isinstance(transport.send(post(receiver.address)), Response)
        assert isinstance(transport.send(post(receiver.address)), Response)
        receiver.wait_for_connections(0)


# The one deadline, where every single read is quick


@pytest.mark.parametrize(
    "fault", [Blackhole(), Drip(), Drip(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n")], ids=repr
)
def test_a_proxy_that_opens_no_way_in_time_may_be_tried_again(fault: Blackhole | Drip) -> None:
    with FaultProxy(fault) as proxy:
        transport = HttpTransport(
            [], False, proxies={"https": f"http://{proxy.address}"}, deadline=timedelta(seconds=0.3)
        )
        with closing(transport):
            outcome = transport.send(HttpRequest("POST", "https://hooks.test/hook", {}, b"{}"))
    assert outcome == Retry(Reason.CONNECT, "No connection to hooks.test could be opened.")


def test_a_mail_server_that_greets_without_end_may_be_tried_again() -> None:
    class Greeting(FaultProxy):
        def _break(self, sock: Any) -> None:
            while not self._stopping.wait(0.02):
                sock.sendall(b"220-wait\r\n")

    with Greeting(Garbage()) as server:
        transport = SmtpTransport(
            ["127.0.0.1"], False, tls_context(None), deadline=timedelta(seconds=0.3)
        )
        outcome = transport.send(mail(server.port))
    assert without_detail(outcome) == Retry(Reason.CONNECT)
