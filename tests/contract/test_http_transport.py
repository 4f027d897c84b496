"""The HTTP transport against real servers, real faults and real TLS, on loopback."""

from __future__ import annotations

import gzip
import logging
import select
import socket
import ssl
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.channels.outcome import Reason, Rejected, Retry, Unknown
from bot.channels.request import HttpRequest, Response
from bot.errors import VigiliaError
from bot.transport.http import ANSWER_LIMIT, HttpTransport
from bot.transport.sockets import tls_context
from tests.faults import (
    Blackhole,
    CloseAfterRequest,
    Drip,
    Fault,
    FaultProxy,
    Garbage,
    Refuse,
    ResetAfter,
    ResetAfterRequest,
    ResetAtAccept,
    TruncateAnswer,
)
from tests.receiver import Answer, Certificates, Receiver

TOKEN = "s3cr3t-t0k3n"
LARGE = b"x" * 8_000_000
"""More than the kernel takes for a peer that does not read."""

Transports = Callable[..., HttpTransport]


@pytest.fixture
def transports() -> Iterator[Transports]:
    """Makes transports that are closed at the end; without proxies unless asked."""
    with ExitStack() as stack:

        def make(*trusted: str, rehearsal: bool = False, **settings: Any) -> HttpTransport:
            settings.setdefault("proxies", {})
            transport = HttpTransport(trusted, rehearsal, **settings)
            stack.callback(transport.close)
            return transport

        yield make


@pytest.fixture(scope="module")
def ca_file(certificates: Certificates, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    path.write_bytes(certificates.authority_pem)
    return path


def post(url: str, body: bytes = b'{"text":"Remember."}') -> HttpRequest:
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {TOKEN}"}
    return HttpRequest("POST", url, headers, body, secrets=(TOKEN,))


def deadline_for(fault: Fault) -> timedelta:
    """Short where the fault ends at the deadline only."""
    ends_at_deadline = isinstance(fault, Blackhole | Drip)
    return timedelta(seconds=0.8 if ends_at_deadline else 30)


def loopback(host: str, port: int) -> list[str]:
    return ["127.0.0.1"]


# What is sent


def test_a_request_arrives_byte_for_byte(receiver: Receiver, transports: Transports) -> None:
    receiver.answer("/hook", Answer(201, b'{"id":"77"}', {"X-Request-Id": "a"}))
    answer = transports(receiver.address).send(
        post(receiver.url(f"/hook/../hook?token={TOKEN}%21"), b'{"t":"\xc3\xa9"}')
    )
    assert isinstance(answer, Response)
    assert (answer.status, answer.body) == (201, b'{"id":"77"}')
    assert answer.headers["x-request-id"] == "a"
    (received,) = receiver.requests
    assert (received.method, received.body) == ("POST", b'{"t":"\xc3\xa9"}')
    assert received.path == f"/hook?token={TOKEN}%21"
    assert received.headers["accept-encoding"] == "identity"
    assert received.headers["user-agent"].startswith("vigilia/")
    assert received.headers["host"] == receiver.address


def test_a_redirect_is_given_as_an_answer_and_not_followed(
    receiver: Receiver, transports: Transports
) -> None:
    receiver.answer("/hook", Answer(302, b"", {"Location": receiver.url("/elsewhere")}))
    answer = transports(receiver.address).send(post(receiver.url("/hook")))
    assert isinstance(answer, Response)
    assert answer.status == 302
    assert len(receiver.requests) == 1


def test_no_status_is_retried_by_the_libraries_below(
    receiver: Receiver, transports: Transports
) -> None:
    receiver.answer("/hook", Answer(503, b"", {"Retry-After": "0"}))
    answer = transports(receiver.address).send(post(receiver.url("/hook")))
    assert isinstance(answer, Response)
    assert (answer.status, answer.headers["retry-after"]) == (503, "0")
    assert len(receiver.requests) == 1


def test_no_cookie_and_no_password_of_the_machine_is_sent(
    receiver: Receiver, transports: Transports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    receiver.answer("/hook", Answer(headers={"Set-Cookie": "session=1"}))
    transport = transports(receiver.address)
    for _ in range(2):
        transport.send(HttpRequest("GET", receiver.url("/hook"), {}, b""))
    for received in receiver.requests:
        assert "cookie" not in received.headers
        assert "authorization" not in received.headers


# What is read


def test_of_a_long_answer_64_kib_are_read(receiver: Receiver, transports: Transports) -> None:
    receiver.answer("/hook", Answer(body=b"y" * 5_000_000))
    answer = transports(receiver.address).send(post(receiver.url("/hook")))
    assert isinstance(answer, Response)
    assert answer.body == b"y" * ANSWER_LIMIT


def test_a_compressed_bomb_is_read_to_64_kib(receiver: Receiver, transports: Transports) -> None:
    bomb = gzip.compress(gzip.compress(b"\0" * 50_000_000))
    receiver.answer("/hook", Answer(body=bomb, headers={"Content-Encoding": "gzip, gzip"}))
    answer = transports(receiver.address).send(post(receiver.url("/hook")))
    assert isinstance(answer, Response)
    assert answer.body == b"\0" * ANSWER_LIMIT


@pytest.mark.parametrize(("status", "kind"), [(200, Unknown), (400, Response)])
def test_an_answer_that_cannot_be_decompressed_is_one_that_was_cut_off(
    receiver: Receiver, transports: Transports, status: int, kind: type
) -> None:
    receiver.answer("/hook", Answer(status, b"not gzip", {"Content-Encoding": "gzip"}))
    assert isinstance(transports(receiver.address).send(post(receiver.url("/hook"))), kind)


def test_a_header_that_comes_twice_is_given_once_with_both_values(
    receiver: Receiver, transports: Transports
) -> None:
    head = b"HTTP/1.1 200 OK\r\nX-A: 1\r\nx-a: 2\r\nX-B: 3\r\n 4\r\nContent-Length: 2\r\n\r\nok"
    receiver.answer("/hook", Answer(raw=head))
    answer = transports(receiver.address).send(post(receiver.url("/hook")))
    assert isinstance(answer, Response)
    assert answer.headers == {"x-a": "1, 2", "x-b": "3 4", "content-length": "2"}


def test_an_answer_in_pieces_is_put_together(receiver: Receiver, transports: Transports) -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    receiver.answer("/hook", Answer(raw=head + b"3\r\nall\r\n6\r\n of it\r\n0\r\n\r\n"))
    answer = transports(receiver.address).send(post(receiver.url("/hook")))
    assert isinstance(answer, Response)
    assert answer.body == b"all of it"


def test_an_answer_without_a_body_is_an_answer(receiver: Receiver, transports: Transports) -> None:
    receiver.answer("/hook", Answer(204))
    answer = transports(receiver.address).send(post(receiver.url("/hook")))
    assert isinstance(answer, Response)
    assert (answer.status, answer.body) == (204, b"")


def test_an_answer_that_ends_with_its_connection_is_whole(
    receiver: Receiver, transports: Transports
) -> None:
    receiver.answer("/hook", Answer(raw=b"HTTP/1.1 200 OK\r\n\r\nall of it"))
    answer = transports(receiver.address).send(post(receiver.url("/hook")))
    assert isinstance(answer, Response)
    assert answer.body == b"all of it"


def test_a_refusal_that_comes_before_the_whole_request_was_written_is_read(
    transports: Transports,
) -> None:
    refusal = b"HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"

    class Early(FaultProxy):
        def _break(self, sock: Any) -> None:
            sock.recv(1000)
            sock.sendall(refusal)
            sock.shutdown(1)
            while sock.recv(1_000_000):
                pass

    with Early(Garbage()) as server:
        answer = transports(server.address).send(post(f"http://{server.address}/hook", LARGE))
    assert isinstance(answer, Response)
    assert answer.status == 413


@pytest.mark.parametrize(("status", "kind"), [(200, Unknown), (404, Response), (503, Response)])
def test_an_answer_that_was_cut_off_is_known_only_where_its_status_refuses(
    receiver: Receiver, transports: Transports, status: int, kind: type
) -> None:
    receiver.answer("/hook", Answer(status, b"z" * 1000))
    with FaultProxy(TruncateAnswer(400), receiver.port) as proxy:
        answer = transports(proxy.address).send(post(f"http://{proxy.address}/hook"))
    assert isinstance(answer, kind)
    if isinstance(answer, Response):
        assert answer.status == status
        assert 0 < len(answer.body) < 400
    if isinstance(answer, Unknown):
        assert answer.reason is Reason.NO_ANSWER


@pytest.mark.parametrize("count", [12, 17, 20, 37])
def test_an_answer_whose_head_is_cut_off_is_no_yes(
    receiver: Receiver, transports: Transports, count: int
) -> None:
    receiver.answer("/hook", Answer(200, b""))
    with FaultProxy(TruncateAnswer(count), receiver.port) as proxy:
        answer = transports(proxy.address).send(post(f"http://{proxy.address}/hook"))
    assert isinstance(answer, Unknown)
    assert answer.reason is Reason.NO_ANSWER
    assert len(receiver.requests) == 1


def test_an_interim_answer_is_no_answer_and_the_final_one_is_nobody_elses(
    receiver: Receiver, transports: Transports
) -> None:
    late = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate"
    receiver.answer(
        "/hook", Answer(raw=b"HTTP/1.1 103 Early Hints\r\n\r\n" + late), Answer(body=b"own")
    )
    transport = transports(receiver.address)
    assert isinstance(transport.send(post(receiver.url("/hook"))), Unknown)
    answer = transport.send(post(receiver.url("/hook")))
    assert isinstance(answer, Response)
    assert answer.body == b"own"


# Sent or not


def test_a_server_that_is_gone_before_tls_begins_leaves_no_socket_open() -> None:
    with FaultProxy(ResetAtAccept()) as proxy:
        for _ in range(20):
            sock = socket.create_connection(("127.0.0.1", proxy.port))
            select.select([sock], [], [], 5.0)  # the reset has come
            with pytest.raises(ConnectionResetError) as raised:
                tls_context(None).wrap_socket(sock, server_hostname="localhost")
            made = [
                value
                for frame in traceback.walk_tb(raised.tb)
                for value in frame[0].f_locals.values()
                if isinstance(value, ssl.SSLSocket)
            ]
            assert made
            assert all(one.fileno() == -1 for one in made)


@pytest.mark.parametrize("secure", [False, True])
@pytest.mark.parametrize(
    ("fault", "plain", "tls"),
    [
        (Refuse(), (Reason.CONNECT,), (Reason.CONNECT,)),
        # An early reset may be seen while still connecting, or by what comes next.
        (ResetAtAccept(), (Reason.CONNECT, Reason.WRITE), (Reason.CONNECT, Reason.TLS)),
        (ResetAfter(0), (Reason.CONNECT, Reason.WRITE), (Reason.WRITE,)),
        (ResetAfter(1000), (Reason.WRITE,), (Reason.WRITE,)),
        (ResetAfter(100_000), (Reason.WRITE,), (Reason.WRITE,)),
        (Blackhole(reads=False), (Reason.WRITE,), (Reason.WRITE,)),
    ],
    ids=repr,
)
def test_a_fault_before_the_last_byte_was_handed_over_may_be_tried_again(
    transports: Transports,
    certificates: Certificates,
    ca_file: Path,
    fault: Fault,
    plain: tuple[Reason, ...],
    tls: tuple[Reason, ...],
    secure: bool,
) -> None:
    with FaultProxy(fault, tls=certificates.good if secure else None) as proxy:
        transport = transports(proxy.address, ca_file=ca_file, deadline=deadline_for(fault))
        scheme = "https" if secure else "http"
        outcome = transport.send(post(f"{scheme}://{proxy.address}/hook", LARGE))
        assert len(proxy.received) < len(LARGE)
    assert isinstance(outcome, Retry)
    assert outcome.reason in (tls if secure else plain)
    assert "127.0.0.1" in outcome.detail


@pytest.mark.parametrize("secure", [False, True])
@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (ResetAfterRequest(), Reason.NO_ANSWER),
        (CloseAfterRequest(), Reason.NO_ANSWER),
        (Garbage(), Reason.NO_ANSWER),
        (Garbage(b"HTTP/1.1 many things\r\n\r\n"), Reason.NO_ANSWER),
        (Garbage(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000), Reason.NO_ANSWER),
        (Blackhole(), Reason.DEADLINE),
        (Drip(), Reason.DEADLINE),
        (Drip(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"), Reason.DEADLINE),
        (Drip(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"), Reason.DEADLINE),
        (Drip(b"HTTP/1.1 200 OK\r\n\r\n"), Reason.DEADLINE),
        (
            Drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
            Reason.DEADLINE,
        ),
    ],
    ids=repr,
)
def test_a_fault_after_the_last_byte_leaves_it_unknown(
    transports: Transports,
    certificates: Certificates,
    ca_file: Path,
    fault: Fault,
    reason: Reason,
    secure: bool,
) -> None:
    body = b"hello" * 100
    with FaultProxy(fault, tls=certificates.good if secure else None) as proxy:
        transport = transports(proxy.address, ca_file=ca_file, deadline=deadline_for(fault))
        scheme = "https" if secure else "http"
        outcome = transport.send(post(f"{scheme}://{proxy.address}/hook", body))
        assert proxy.connections == 1
        assert bytes(proxy.received).endswith(body)
    assert isinstance(outcome, Unknown)
    assert outcome.reason is reason
    assert "127.0.0.1" in outcome.detail


def test_a_read_that_takes_longer_than_its_time_out_is_unknown(transports: Transports) -> None:
    with FaultProxy(Blackhole()) as proxy:
        transport = transports(proxy.address, read_timeout=timedelta(seconds=0.1))
        outcome = transport.send(post(f"http://{proxy.address}/hook"))
    assert isinstance(outcome, Unknown)
    assert outcome.reason is Reason.NO_ANSWER


def test_a_handshake_that_drips_ends_at_the_deadline_and_may_be_tried_again(
    transports: Transports,
) -> None:
    class Dripping(FaultProxy):
        def _break(self, sock: Any) -> None:
            while not self._stopping.wait(0.02):
                sock.sendall(b"\x16\x03\x03\x40\x00" if sock.recv(1) else b"\x02")

    with Dripping(Garbage()) as proxy:
        transport = transports(proxy.address, deadline=timedelta(seconds=0.3))
        outcome = transport.send(post(f"https://{proxy.address}/hook"))
    assert isinstance(outcome, Retry)
    assert outcome.reason is Reason.TLS


def test_a_look_up_that_hangs_ends_at_the_deadline_and_may_be_tried_again(
    transports: Transports,
) -> None:
    ended = threading.Event()

    def hanging(host: str, port: int) -> list[str]:
        ended.wait()
        return []

    transport = transports(resolver=hanging, deadline=timedelta(seconds=0.1))
    outcome = transport.send(post("https://hooks.test/hook"))
    ended.set()
    assert outcome == Retry(Reason.DNS, "Looking up hooks.test took too long.")


def test_a_connection_that_nobody_takes_ends_in_time_and_may_be_tried_again(
    transports: Transports,
) -> None:
    # A queue that is full: the kernel leaves further connections unanswered.
    import socket

    with ExitStack() as stack:
        full = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        port = full.getsockname()[1]
        for _ in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(("127.0.0.1", port))
        transport = transports("127.0.0.1", connect_timeout=timedelta(seconds=0.1))
        outcome = transport.send(post(f"http://127.0.0.1:{port}/hook"))
    assert outcome == Retry(Reason.CONNECT, "127.0.0.1 took no connection in time.")


# Connections that are kept


def test_a_connection_is_used_again(receiver: Receiver, transports: Transports) -> None:
    transport = transports(receiver.address)
    for _ in range(5):
        assert isinstance(transport.send(post(receiver.url("/hook"))), Response)
    assert [received.connection for received in receiver.requests] == [1] * 5


def test_a_connection_that_rested_too_long_is_closed_without_being_asked(
    receiver: Receiver, transports: Transports
) -> None:
    transport = transports(receiver.address, idle_limit=timedelta(seconds=0.05))
    transport.send(post(receiver.url("/hook")))
    receiver.wait_for_connections(0)


def test_every_connection_of_a_burst_is_closed_when_it_has_rested(
    receiver: Receiver, transports: Transports
) -> None:
    receiver.answer("/hook", Answer(delay=0.1))
    transport = transports(receiver.address, idle_limit=timedelta(seconds=0.1))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: transport.send(post(receiver.url("/hook"))), range(8)))
    assert receiver.connections > 1
    receiver.wait_for_connections(0)


def test_a_connection_that_has_not_rested_long_is_left_open_by_the_sweep(
    receiver: Receiver, transports: Transports
) -> None:
    transport = transports(receiver.address, idle_limit=timedelta(seconds=30))
    transport.send(post(receiver.url("/hook")))
    (pool,) = transport._pools
    assert pool.close_idle() is True
    transport.send(post(receiver.url("/hook")))
    assert receiver.connections == 1
    pool.idle_limit_s = 0.0
    transport.send(post(receiver.url("/hook")))
    assert pool.close_idle() is False
    receiver.wait_for_connections(0)


def test_a_connection_that_rested_too_long_is_not_used_even_when_it_is_still_open(
    receiver: Receiver, transports: Transports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.transport.http.HttpTransport._plan_sweep", lambda self: None)
    transport = transports(receiver.address, idle_limit=timedelta(0))
    for _ in range(2):
        transport.send(post(receiver.url("/hook")))
    assert [received.connection for received in receiver.requests] == [1, 2]


def test_a_kept_connection_that_breaks_after_the_whole_request_leaves_it_unknown(
    transports: Transports,
) -> None:
    class AnswersOnce(FaultProxy):
        def _break(self, sock: Any) -> None:
            self._read_request(sock)
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            self._read_request(sock)

    with AnswersOnce(Garbage()) as proxy:
        transport = transports(proxy.address)
        assert isinstance(transport.send(post(f"http://{proxy.address}/hook")), Response)
        outcome = transport.send(post(f"http://{proxy.address}/hook"))
        assert proxy.connections == 1  # nothing was silently sent again
    assert isinstance(outcome, Unknown)


def test_a_kept_connection_that_the_server_closed_is_replaced_before_anything_is_written(
    receiver: Receiver, transports: Transports
) -> None:
    receiver.answer("/hook", Answer(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"))
    transport = transports(receiver.address)
    transport.send(post(receiver.url("/hook")))
    receiver.wait_for_connections(0)
    assert isinstance(transport.send(post(receiver.url("/hook"))), Response)
    assert receiver.connections == 2


def test_a_request_that_was_cut_by_its_deadline_does_not_spoil_the_next(
    receiver: Receiver, transports: Transports
) -> None:
    receiver.answer("/hook", Answer(), Answer(delay=1.0), Answer())
    transport = transports(receiver.address, deadline=timedelta(seconds=0.3))
    assert isinstance(transport.send(post(receiver.url("/hook"))), Response)
    cut = transport.send(post(receiver.url("/hook")))
    assert isinstance(cut, Unknown)
    assert cut.reason is Reason.DEADLINE
    assert isinstance(transport.send(post(receiver.url("/hook"))), Response)
    assert [received.connection for received in receiver.requests] == [1, 1, 2]


def test_the_deadline_of_an_answered_request_does_not_shut_the_connection_for_the_next(
    receiver: Receiver, transports: Transports
) -> None:
    receiver.answer("/until-half", Answer(delay=0.5))
    receiver.answer("/past-the-first-deadline", Answer(delay=0.7, body=b"whole"))
    transport = transports(receiver.address, deadline=timedelta(seconds=1))
    transport.send(post(receiver.url("/hook")))
    transport.send(post(receiver.url("/until-half")))
    answer = transport.send(post(receiver.url("/past-the-first-deadline")))
    assert isinstance(answer, Response)
    assert answer.body == b"whole"
    assert receiver.connections == 1


def test_a_host_whose_connections_were_closed_to_make_room_is_reached_again(
    receiver: Receiver, transports: Transports
) -> None:
    transport = transports(receiver.address)
    transport.send(post(receiver.url("/hook")))
    transport._way.cache_clear()
    receiver.wait_for_connections(0)
    for _ in range(2):
        assert isinstance(transport.send(post(receiver.url("/hook"))), Response)
    assert [received.connection for received in receiver.requests] == [1, 2, 2]


def test_a_connection_that_was_used_lately_is_closed_by_a_later_sweep(
    receiver: Receiver, transports: Transports
) -> None:
    receiver.answer("/slow", Answer(delay=0.15))
    transport = transports(receiver.address, idle_limit=timedelta(seconds=0.2))
    transport.send(post(receiver.url("/hook")))
    transport.send(post(receiver.url("/slow")))
    receiver.wait_for_connections(0)


def test_64_threads_get_each_their_own_answer(receiver: Receiver, transports: Transports) -> None:
    for number in range(64):
        receiver.answer(f"/{number}", Answer(body=str(number).encode()))
    transport = transports(receiver.address)
    start = threading.Barrier(64)

    def send(number: int) -> list[bytes]:
        start.wait()
        answers = [transport.send(post(receiver.url(f"/{number}"))) for _ in range(5)]
        return [answer.body for answer in answers if isinstance(answer, Response)]

    with ThreadPoolExecutor(64) as pool:
        bodies = list(pool.map(send, range(64)))
    assert bodies == [[str(number).encode()] * 5 for number in range(64)]
    assert len(receiver.requests) == 320
    transport.close()
    receiver.wait_for_connections(0)


def test_a_pool_that_is_full_closes_what_it_cannot_keep(
    receiver: Receiver, transports: Transports
) -> None:
    receiver.answer("/hook", Answer(delay=0.05))
    transport = transports(receiver.address, pool_size=1)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: transport.send(post(receiver.url("/hook"))), range(4)))
    assert all(isinstance(answer, Response) for answer in answers)
    receiver.wait_for_connections(1)


def test_nothing_is_sent_by_a_transport_that_was_closed(
    receiver: Receiver, transports: Transports
) -> None:
    transport = transports(receiver.address)
    transport.send(post(receiver.url("/hook")))
    transport.close()
    receiver.wait_for_connections(0)
    assert isinstance(transport.send(post(receiver.url("/hook"))), Retry)
    assert len(receiver.requests) == 1


# TLS


def test_tls_is_checked_against_the_name_while_the_checked_address_is_connected_to(
    certificates: Certificates, ca_file: Path, transports: Transports
) -> None:
    named: list[str | None] = []
    context = certificates.good
    context.sni_callback = lambda _socket, name, _context: named.append(name)
    with Receiver(tls=context, host="hooks.test") as receiver:
        transport = transports(receiver.address, ca_file=ca_file, resolver=loopback)
        answer = transport.send(post(receiver.url("/hook")))
        assert isinstance(answer, Response)
        assert receiver.requests[0].headers["host"] == receiver.address
    assert named == ["hooks.test"]


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("expired", "certificate has expired"),
        ("wrong_host", "Hostname mismatch"),
        ("unknown_authority", "unable to get local issuer certificate"),
    ],
)
def test_a_certificate_that_does_not_hold_is_not_spoken_to(
    certificates: Certificates, ca_file: Path, transports: Transports, kind: str, words: str
) -> None:
    with Receiver(tls=getattr(certificates, kind), host="hooks.test") as receiver:
        transport = transports(receiver.address, ca_file=ca_file, resolver=loopback)
        outcome = transport.send(post(receiver.url("/hook")))
        assert receiver.requests == []
    assert isinstance(outcome, Retry)
    assert outcome.reason is Reason.TLS
    assert words in outcome.detail
    assert "hooks.test" in outcome.detail


def test_without_the_file_an_authority_of_ones_own_is_not_trusted(
    certificates: Certificates, transports: Transports
) -> None:
    with Receiver(tls=certificates.good, host="hooks.test") as receiver:
        transport = transports(receiver.address, resolver=loopback)
        outcome = transport.send(post(receiver.url("/hook")))
    assert isinstance(outcome, Retry)
    assert outcome.reason is Reason.TLS


def test_a_server_that_speaks_no_tls_is_said_not_to(
    receiver: Receiver, transports: Transports
) -> None:
    outcome = transports(receiver.address).send(
        post(receiver.url("/hook").replace("http:", "https:"))
    )
    assert outcome == Retry(Reason.TLS, "127.0.0.1 opened no secure connection.")


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_certificate_file_that_cannot_be_used_is_said_at_once(
    tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(VigiliaError, match=r"ca\.pem cannot be used: .* PEM"):
        HttpTransport([], False, ca_file=path)


# Addresses


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:127.0.0.1", "fe80::1%lo"]
)
def test_a_name_that_leads_inside_is_refused_with_what_to_do(
    transports: Transports, address: str
) -> None:
    transport = transports(resolver=lambda host, port: [address])
    outcome = transport.send(post("https://hooks.test/hook"))
    assert isinstance(outcome, Rejected)
    assert outcome.reason is Reason.ADDRESS_REFUSED
    assert not outcome.gone
    assert 'put "hooks.test:443" into trusted_hosts of [network]' in outcome.detail


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "2130706433", "[::1]", "localhost"])
def test_a_literal_address_inside_is_refused_however_it_is_written(
    receiver: Receiver, transports: Transports, host: str
) -> None:
    outcome = transports().send(post(f"https://{host}:{receiver.port}/hook"))
    assert isinstance(outcome, Rejected)
    assert outcome.reason is Reason.ADDRESS_REFUSED
    assert receiver.connections == 0


def test_plain_http_is_refused_where_the_host_is_not_trusted(transports: Transports) -> None:
    outcome = transports(resolver=lambda host, port: ["8.8.8.8"]).send(
        post("http://hooks.test/hook")
    )
    assert isinstance(outcome, Rejected)
    assert outcome.reason is Reason.ADDRESS_REFUSED
    assert "without encryption" in outcome.detail
    assert '"hooks.test:80"' in outcome.detail


def test_a_trusted_host_may_be_inside(receiver: Receiver, transports: Transports) -> None:
    transport = transports("HOOKS.test", resolver=loopback)
    answer = transport.send(post(f"http://hooks.TEST:{receiver.port}/hook"))
    assert isinstance(answer, Response)


def test_a_name_that_changes_its_address_is_checked_for_each_connection(
    receiver: Receiver, transports: Transports
) -> None:
    asked: list[str] = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    transport = transports(resolver=rebinding)
    for _ in range(2):
        outcome = transport.send(post(f"https://hooks.test:{receiver.port}/hook"))
        assert isinstance(outcome, Rejected)
    assert asked == ["hooks.test"] * 2
    assert receiver.connections == 0


def test_the_next_address_is_tried_when_one_cannot_be_connected_to(
    receiver: Receiver, transports: Transports
) -> None:
    # Nobody listens on 127.0.0.2, and the first is an address of another family.
    found = ["::1", "127.0.0.2", "127.0.0.1"]
    transport = transports(receiver.address, "hooks.test", resolver=lambda host, port: found)
    answer = transport.send(post(f"http://hooks.test:{receiver.port}/hook"))
    assert isinstance(answer, Response)


def test_a_name_without_an_address_may_be_tried_again(transports: Transports) -> None:
    outcome = transports(resolver=lambda host, port: []).send(post("https://hooks.test/hook"))
    assert outcome == Retry(Reason.DNS, "No address was found for hooks.test.")


def test_an_address_that_cannot_be_reached_is_said_to_be_so(transports: Transports) -> None:
    # The broadcast address of a stream socket: the kernel refuses without sending anything.
    transport = transports("hooks.test", resolver=lambda host, port: ["255.255.255.255"])
    outcome = transport.send(post("https://hooks.test/hook"))
    assert isinstance(outcome, Retry)
    assert outcome.reason is Reason.CONNECT
    assert outcome.detail.startswith("hooks.test could not be reached (")


# Rehearsal


def test_a_rehearsal_posts_to_trusted_hosts_only(
    receiver: Receiver, transports: Transports
) -> None:
    transport = transports(receiver.address, rehearsal=True, resolver=loopback)
    assert isinstance(transport.send(post(receiver.url("/hook"))), Response)
    outcome = transport.send(post(f"https://hooks.test:{receiver.port}/hook"))
    assert isinstance(outcome, Rejected)
    assert outcome.reason is Reason.NOT_IN_REHEARSAL
    assert outcome.detail == (
        "hooks.test is not a trusted host, as a rehearsal needs, and is not posted to. If it is "
        f'meant, put "hooks.test:{receiver.port}" into trusted_hosts of [network] in '
        "config/vigilia.toml."
    )
    assert receiver.connections == 1


# Proxies


class ConnectProxy(FaultProxy):
    """An HTTP proxy that opens tunnels to ``target``; notes what it was asked."""

    refuses = False

    def _break(self, sock: Any) -> None:
        import socket

        self.asked = self._read_request(sock)
        if self.refuses:
            sock.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
            return
        assert self._target is not None
        with socket.create_connection(("127.0.0.1", self._target)) as onward:
            sock.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=_copy, args=(onward, sock))
            back.start()
            _copy(sock, onward)
            back.join()


def _copy(source: Any, drain: Any) -> None:
    import contextlib

    with contextlib.suppress(OSError):
        while read := source.recv(65536):
            drain.sendall(read)
        drain.shutdown(1)


def test_a_proxy_may_be_inside_and_looks_names_up_itself(
    certificates: Certificates, ca_file: Path, transports: Transports
) -> None:
    asked: list[str] = []

    def looked_up(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    with (
        Receiver(tls=certificates.good, host="hooks.test") as receiver,
        ConnectProxy(Garbage(), receiver.port) as proxy,
    ):
        transport = transports(
            ca_file=ca_file,
            resolver=looked_up,
            proxies={"https": f"http://user:{TOKEN}@proxy.test:{proxy.port}"},
        )
        for _ in range(2):
            assert isinstance(transport.send(post(receiver.url("/hook"))), Response)
        assert proxy.connections == 1
        assert proxy.asked.startswith(f"CONNECT hooks.test:{receiver.port} ".encode())
        assert b"Proxy-Authorization: Basic" in proxy.asked
        transport.close()
    assert asked == ["proxy.test"]


def test_plain_http_to_a_trusted_host_goes_through_the_proxy_of_the_environment(
    receiver: Receiver, transports: Transports, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("no_proxy", "NO_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", f"http://{receiver.address}")
    answer = transports("hooks.test", proxies=None).send(post("http://hooks.test/hook"))
    assert isinstance(answer, Response)
    assert receiver.requests[0].path == "http://hooks.test/hook"
    assert receiver.requests[0].headers["host"] == "hooks.test"


def test_the_environment_says_for_each_host_and_port_whether_a_proxy_is_used(
    receiver: Receiver, transports: Transports, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with Receiver() as other:
        monkeypatch.setenv("http_proxy", f"http://{receiver.address}")
        monkeypatch.setenv("no_proxy", f"hooks.test:{other.port}")
        transport = transports("hooks.test", proxies=None, resolver=loopback)
        for _ in range(2):
            for place in (f"hooks.test:{other.port}/direct", "hooks.test/x", "hooks.test:1/y"):
                assert isinstance(transport.send(post(f"http://{place}")), Response)
        assert [request.path for request in other.requests] == ["/direct"] * 2
    paths = [request.path for request in receiver.requests]
    assert paths == ["http://hooks.test/x", "http://hooks.test:1/y"] * 2


def test_a_proxy_is_told_neither_the_name_nor_the_password_of_an_address(
    receiver: Receiver, transports: Transports
) -> None:
    transport = transports("hooks.test", proxies={"http": f"http://me:word@{receiver.address}"})
    assert isinstance(transport.send(post(f"http://{TOKEN}:x@hooks.test/a?b#c")), Response)
    (request,) = receiver.requests
    assert request.path == "http://hooks.test/a?b"
    assert request.headers["proxy-authorization"] == "Basic bWU6d29yZA=="
    assert request.headers["authorization"].startswith("Basic ")


@pytest.mark.parametrize("host", ["localhost", "10.0.0.1", "127.1", "metadata.google.internal"])
def test_a_name_that_is_plainly_inside_is_not_given_to_a_proxy(
    receiver: Receiver, transports: Transports, host: str
) -> None:
    transport = transports(proxies={"https": f"http://{receiver.address}"})
    outcome = transport.send(post(f"https://{host}/hook"))
    assert isinstance(outcome, Rejected)
    assert outcome.reason is Reason.ADDRESS_REFUSED
    assert receiver.connections == 0


@pytest.mark.parametrize("refuses", [True, False])
def test_a_proxy_that_opens_no_way_may_be_tried_again(
    transports: Transports, refuses: bool
) -> None:
    server = ConnectProxy if refuses else FaultProxy
    with server(Garbage() if refuses else CloseAfterRequest()) as proxy:
        if isinstance(proxy, ConnectProxy):
            proxy.refuses = True
        transport = transports(proxies={"https": f"http://u:{TOKEN}@{proxy.address}"})
        outcome = transport.send(post("https://hooks.test/hook"))
    assert outcome == Retry(Reason.CONNECT, "No connection to hooks.test could be opened.")


def test_a_certificate_is_checked_behind_a_proxy_too(
    certificates: Certificates, ca_file: Path, transports: Transports
) -> None:
    with (
        Receiver(tls=certificates.expired, host="hooks.test") as receiver,
        ConnectProxy(Garbage(), receiver.port) as proxy,
    ):
        transport = transports(ca_file=ca_file, proxies={"https": f"http://{proxy.address}"})
        outcome = transport.send(post(receiver.url("/hook")))
        assert receiver.requests == []
    assert isinstance(outcome, Retry)
    assert outcome.reason is Reason.TLS


def test_a_socks_proxy_is_said_not_to_be_supported(transports: Transports) -> None:
    transport = transports(proxies={"https": f"socks5://u:{TOKEN}@127.0.0.1:1"})
    outcome = transport.send(post("https://hooks.test/hook"))
    assert isinstance(outcome, Retry)
    assert "SOCKS" in outcome.detail
    assert TOKEN not in outcome.detail


# Secrets


@pytest.mark.parametrize(
    "url",
    [
        f"https://hooks.test:notaport/{TOKEN}",
        f"ftp://hooks.test/{TOKEN}",
        f"hooks.test/{TOKEN}",
        f"https:///{TOKEN}",
        f"https://hooks.test:99999/{TOKEN}",
    ],
)
def test_an_address_that_is_none_is_refused_without_being_shown(
    transports: Transports, url: str
) -> None:
    outcome = transports().send(post(url))
    assert isinstance(outcome, Rejected)
    assert outcome.reason is Reason.BAD_REQUEST
    assert TOKEN not in repr(outcome)


def test_a_header_that_cannot_be_sent_is_refused_without_being_shown(
    receiver: Receiver, transports: Transports
) -> None:
    request = HttpRequest(
        "POST", receiver.url("/hook"), {"Authorization": f"Bearer {TOKEN}\nX: y"}, b"x"
    )
    outcome = transports(receiver.address).send(request)
    assert isinstance(outcome, Rejected)
    assert outcome.reason is Reason.BAD_REQUEST
    assert TOKEN not in repr(outcome)
    assert receiver.connections == 0


def test_a_header_of_other_letters_is_refused_before_anything_is_opened(
    receiver: Receiver, transports: Transports
) -> None:
    request = HttpRequest("POST", receiver.url("/hook"), {"Title": "\N{SNOWMAN}"}, b"x")
    outcome = transports(receiver.address).send(request)
    assert isinstance(outcome, Rejected)
    assert outcome.reason is Reason.BAD_REQUEST
    assert receiver.connections == 0


@pytest.mark.parametrize(
    "fault",
    [
        Refuse(),
        ResetAtAccept(),
        ResetAfterRequest(),
        TruncateAnswer(60),
        Blackhole(),
        Garbage(),
        Garbage(b"HTTP/1.1 200 OK\r\nno colon here\r\nContent-Length: 2\r\n\r\nok"),
        Garbage(b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"),
    ],
    ids=repr,
)
def test_nothing_that_leaves_the_transport_holds_the_token(
    receiver: Receiver,
    transports: Transports,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    fault: Fault,
) -> None:
    import http.client

    monkeypatch.setattr(http.client.HTTPConnection, "debuglevel", 1)
    caplog.set_level(logging.DEBUG)
    with FaultProxy(fault, receiver.port) as proxy:
        transport = transports(proxy.address, deadline=timedelta(seconds=0.3))
        url = f"http://{TOKEN}:{TOKEN}@{proxy.address}/services/{TOKEN}?key={TOKEN}#{TOKEN}"
        outcome = transport.send(post(url))
    written = capfd.readouterr()
    for text in (repr(outcome), repr(transport), repr(vars(transport)), caplog.text, *written):
        assert TOKEN not in text
    for record in caplog.records:
        assert TOKEN not in repr(vars(record))
