"""Each fault in each phase of a request, and the state that a delivery is in afterwards, by policy.

``pytest -s tests/service/test_fault_matrix.py`` prints the table of docs/guarantees.md.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from bot.channels.outcome import Outcome, Reason
from bot.channels.request import HttpRequest, RemoteRequest, Response
from bot.delivery.planner import recover
from bot.ledger.rows import DeliveryRow, State
from bot.transport.http import HttpTransport
from tests.faults import (
    Blackhole,
    CloseAfterRequest,
    Drip,
    Fault,
    FaultProxy,
    Garbage,
    Refuse,
    ResetAfterRequest,
    ResetAtAccept,
    TruncateAnswer,
)
from tests.receiver import Answer, Certificates, Receiver
from tests.service.installation import DAY, NINE, TOKEN, Installation, table, webhook
from tests.service.stepping import Stepping, stepping

READY, RETRYING, DELIVERED = State.READY, State.RETRYING, State.DELIVERED
FAILED, UNKNOWN, HELD = State.FAILED, State.UNKNOWN, State.HELD

TAKEN = Answer(200, b'{"event_id": "$taken"}')
POLICIES = ("hold", "resend", "harmless")
"""``on_unknown = "hold"``; ``"resend"``; a platform on which a repeat with the same id is none."""

NOT_SENT = (RETRYING, RETRYING, RETRYING)
IN_DOUBT = (UNKNOWN, RETRYING, RETRYING)
REFUSED = (FAILED, FAILED, FAILED)


@dataclass(frozen=True)
class Case:
    """A fault, where it strikes, and what is expected: the reason, and the state by policy.

    ``fault`` is what a proxy does, or the receiver's answer, or one of the words below.
    """

    phase: str
    called: str
    fault: Fault | Answer | str
    reason: Reason
    states: tuple[State, State, State]
    or_reason: Reason | None = None
    """Which of the two it is depends on who is quicker; the state does not."""

    def __str__(self) -> str:
        return f"{self.phase}: {self.called}"


CASES = [
    Case("look-up", "no such name", "no name", Reason.DNS, NOT_SENT),
    Case("look-up", "leads to a private address", "private", Reason.ADDRESS_REFUSED, REFUSED),
    Case("look-up", "this machine has no thread left", "no thread", Reason.DNS, NOT_SENT),
    Case("connect", "nobody listens", Refuse(), Reason.CONNECT, NOT_SENT),
    Case("connect", "this machine has no memory left", "no memory", Reason.CONNECT, NOT_SENT),
    Case("TLS", "reset at accept", ResetAtAccept(), Reason.TLS, NOT_SENT, Reason.CONNECT),
    Case("TLS", "certificate expired", "expired", Reason.TLS, NOT_SENT),
    Case("TLS", "certificate of another host", "wrong_host", Reason.TLS, NOT_SENT),
    Case("TLS", "unknown authority", "unknown_authority", Reason.TLS, NOT_SENT),
    Case("writing", "nothing is read", "stuck", Reason.WRITE, NOT_SENT),
    Case("waiting", "reset after the request", ResetAfterRequest(), Reason.NO_ANSWER, IN_DOUBT),
    Case("waiting", "closed after the request", CloseAfterRequest(), Reason.NO_ANSWER, IN_DOUBT),
    Case("waiting", "no answer ever", Blackhole(), Reason.NO_ANSWER, IN_DOUBT),
    Case("reading", "no HTTP", Garbage(), Reason.NO_ANSWER, IN_DOUBT),
    Case("reading", "cut within the head", TruncateAnswer(20), Reason.NO_ANSWER, IN_DOUBT),
    Case("reading", "cut within its first line", TruncateAnswer(10), Reason.NO_ANSWER, IN_DOUBT),
    Case(
        "reading",
        "a byte now and then",
        Drip(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"y", 0.05),
        Reason.DEADLINE,
        IN_DOUBT,
    ),
    Case("answer", "200, then cut off", "cut", Reason.NO_ANSWER, IN_DOUBT),
    Case("answer", "429", Answer(429), Reason.RATE_LIMITED, NOT_SENT),
    Case("answer", "500", Answer(500), Reason.SERVER_ERROR, NOT_SENT),
    Case("answer", "502", Answer(502), Reason.GATEWAY, IN_DOUBT),
    Case("answer", "503", Answer(503), Reason.SERVER_ERROR, NOT_SENT),
    Case("answer", "504", Answer(504), Reason.GATEWAY, IN_DOUBT),
    Case("answer", "520", Answer(520), Reason.GATEWAY, IN_DOUBT),
    Case("answer", "521", Answer(521), Reason.SERVER_ERROR, NOT_SENT),
    Case("answer", "302", Answer(302, headers={"Location": "/"}), Reason.REDIRECT, REFUSED),
    Case("answer", "400", Answer(400), Reason.BAD_REQUEST, REFUSED),
]


class HttpAlone:
    """Sends HTTP requests. With ``padding`` they are larger than what the kernel takes for a peer
    that does not read: so the last byte of one is never handed over."""

    def __init__(self, transport: HttpTransport, padding: bytes = b"") -> None:
        self._transport = transport
        self._padding = padding

    def send(self, request: RemoteRequest) -> Response | Outcome:
        assert isinstance(request, HttpRequest)
        return self._transport.send(replace(request, body=request.body + self._padding))


def resolve(host: str, _port: int) -> list[str]:
    if host == "inside.test":
        return ["10.1.2.3"]
    raise OSError("no such name")


@contextmanager
def broken(
    case: Case, installed: Installation, certificates: Certificates, ca_file: Path
) -> Iterator[tuple[str, Any]]:
    """Gives the origin to post to, and what to have the network whole again."""
    receiver = installed.receiver
    with ExitStack() as stack:
        match case.fault:
            case "no name":
                yield "https://nowhere.test", None
            case "no thread" | "no memory":
                stack.enter_context(exhausted(case.fault))
                yield f"http://{receiver.address}", None
                assert receiver.requests == []
            case "private":
                yield "https://inside.test", None
            case "expired" | "wrong_host" | "unknown_authority":
                tls = getattr(certificates, case.fault)
                server = stack.enter_context(Receiver(tls))
                yield f"https://localhost:{server.port}", None
            case "stuck":
                proxy = stack.enter_context(FaultProxy(Blackhole(reads=False), receiver.port))
                yield f"http://{proxy.address}", proxy
            case ResetAtAccept():
                proxy = stack.enter_context(
                    FaultProxy(case.fault, receiver.port, certificates.good)
                )
                yield f"https://{proxy.address}", proxy
            case "cut":
                head = b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf"
                for name in POLICIES:
                    receiver.answer(path_of(name), Answer(raw=head), TAKEN)
                yield f"http://{receiver.address}", receiver
            case Answer():
                for name in POLICIES:
                    receiver.answer(path_of(name), case.fault, TAKEN)
                yield f"http://{receiver.address}", receiver
            case fault:
                assert not isinstance(fault, str)
                proxy = stack.enter_context(FaultProxy(fault, receiver.port))
                yield f"http://{proxy.address}", None if isinstance(fault, Refuse) else proxy


@contextmanager
def exhausted(what: str) -> Iterator[None]:
    """Have the machine unable to start a look-up's thread, or to connect a socket."""
    start = threading.Thread.start

    def limited(thread: threading.Thread) -> None:
        if thread.name == "lookup":
            raise RuntimeError("can't start new thread")
        start(thread)

    with pytest.MonkeyPatch.context() as patch:
        if what == "no thread":
            patch.setattr(threading.Thread, "start", limited)
        else:
            patch.setattr(socket.socket, "connect", Mock(side_effect=MemoryError))
        yield


def path_of(channel: str) -> str:
    return f"/harmless-{TOKEN}" if channel == "harmless" else f"/{channel}/{TOKEN}"


@pytest.fixture(scope="module")
def ca_file(certificates: Certificates, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    path.write_bytes(certificates.authority_pem)
    return path


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_fault_leaves_the_state_that_is_promised(
    case: Case, installed: Installation, certificates: Certificates, ca_file: Path
) -> None:
    for name in POLICIES:
        installed.receiver.answer(path_of(name), TAKEN)
    with broken(case, installed, certificates, ca_file) as (origin, whole):
        host = origin.partition("://")[2]
        trusted = () if host.endswith(".test") else (host,)
        installed.write(
            webhook("hold", installed.receiver, url=f"{origin}{path_of('hold')}"),
            webhook(
                "resend",
                installed.receiver,
                url=f"{origin}{path_of('resend')}",
                on_unknown="resend",
            ),
            table(
                "harmless",
                {
                    "platform": "matrix",
                    "url": origin,
                    "access_token": TOKEN,
                    "room": "!room:example.org",
                    "include": [DAY],
                },
            ),
            trusted=trusted,
        )
        installed.known_since(NINE - timedelta(days=1), real=True)
        transport = HttpTransport(
            [*trusted, installed.receiver.address],
            rehearsal=False,
            ca_file=ca_file,
            proxies={},
            deadline=timedelta(seconds=1.0),
            connect_timeout=timedelta(seconds=0.5),
            read_timeout=timedelta(seconds=0.6),
            resolver=lambda h, p: (
                ["127.0.0.1"] if h in ("127.0.0.1", "localhost") else resolve(h, p)
            ),
        )
        with stepping(installed, NINE) as steps:
            padding = b" " * 8_000_000 if case.phase == "writing" else b""
            steps.courier.poster.transport = HttpAlone(transport, padding)
            if isinstance(case.fault, Answer) or case.fault == "cut":
                script_matrix(installed.receiver, case)
            steps.wake()
            rows = [steps.row(name) for name in POLICIES]
            print(f"| {case.phase} | {case.called} | `{case.reason}` | {told(rows)} |")
            assert {row.reason for row in rows} <= {case.reason, case.or_reason}
            assert tuple(row.state for row in rows) == case.states
            if whole is not None:
                made_whole(whole, case)
                steps.courier.poster.transport = HttpAlone(transport)
                steps.wake(NINE + timedelta(minutes=5))
                after = [steps.row(name).state for name in POLICIES]
                wanted = [DELIVERED if s is RETRYING else s for s in case.states]
                assert after == wanted
        transport.close()


def test_the_paper_says_what_is_expected_here() -> None:
    paper = (Path(__file__).parents[2] / "docs" / "guarantees.md").read_text("utf-8")
    for case in CASES:
        reason = " or ".join(f"`{r}`" for r in (case.reason, case.or_reason) if r)
        states = " | ".join(f"`{state}`" for state in case.states)
        assert f"| {case.phase} | {case.called} | {reason} | {states} |" in paper, case


def script_matrix(receiver: Receiver, case: Case) -> None:
    """Has the Matrix room, whose path holds the request's id, answer like the webhooks."""
    first = Answer(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nhalf")
    answer = case.fault if isinstance(case.fault, Answer) else first
    receiver.by_default(answer, TAKEN)


def made_whole(network: Any, case: Case) -> None:
    if isinstance(network, FaultProxy):
        network.fault = TruncateAnswer(1_000_000)


def told(rows: list[DeliveryRow]) -> str:
    return " | ".join(f"`{row.state.value}`" for row in rows)


class Killed(BaseException):
    """The process ends here, as by SIGKILL."""


@pytest.mark.parametrize(
    ("where", "states", "arrived"),
    [
        ("before it is claimed", (READY, READY, READY), 0),
        ("claimed with its words, not sent", IN_DOUBT, 0),
        ("sent, no answer yet", IN_DOUBT, 3),
        ("answered, not recorded", IN_DOUBT, 3),
    ],
)
def test_a_death_leaves_the_state_that_is_promised(
    installed: Installation,
    monkeypatch: pytest.MonkeyPatch,
    where: str,
    states: tuple[State, State, State],
    arrived: int,
) -> None:
    installed.receiver.by_default(TAKEN)
    origin = f"http://{installed.receiver.address}"
    installed.write(
        webhook("hold", installed.receiver),
        webhook("resend", installed.receiver, on_unknown="resend"),
        table(
            "harmless",
            {
                "platform": "matrix",
                "url": origin,
                "access_token": TOKEN,
                "room": "!room:example.org",
                "include": [DAY],
            },
        ),
    )
    installed.known_since(NINE - timedelta(days=1), real=True)
    with stepping(installed, NINE) as steps:
        die(steps, where, monkeypatch)
        with pytest.raises(Killed):
            steps.wake()
        for row in steps.ledger.due(NINE, 10):
            with pytest.raises(Killed):
                steps.courier.deliver(row)
    monkeypatch.undo()
    with stepping(installed, NINE) as steps:
        recover(steps.ledger, steps.project, steps.courier.run, steps.clock)
        rows = [steps.row(name) for name in POLICIES]
        print(f"| the process dies | {where} | | {told(rows)} |")
        assert tuple(row.state for row in rows) == states
        assert len(installed.receiver.requests) == arrived


def die(steps: Stepping, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Has the process end at that point of each delivery."""

    def now(*_: object, **__: object) -> Any:
        raise Killed

    match where:
        case "before it is claimed":
            monkeypatch.setattr(steps.ledger, "claim", now)
        case "claimed with its words, not sent":
            monkeypatch.setattr(steps.courier.poster, "post", now)
        case "answered, not recorded":
            monkeypatch.setattr(steps.ledger, "settle", now)
        case _:
            post = steps.courier.poster.post

            def sent(*args: Any, **more: Any) -> Any:
                post(*args, **more)
                raise Killed

            monkeypatch.setattr(steps.courier.poster, "post", sent)
