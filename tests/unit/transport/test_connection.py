"""Connections, their pools and their sockets, where a real network would have to be very
unlucky."""

from __future__ import annotations

import io
import socket
from http.client import HTTPException
from typing import Any

import pytest

from bot.channels.outcome import Reason, Retry
from bot.transport.connection import WatchedConnection, WatchedPool
from bot.transport.progress import Progress, Stage, under_way
from bot.transport.resolving import DecidedError, Route, TrustedHosts, system_addresses
from bot.transport.response_head import WholeHead
from bot.transport.sockets import DeadlineSocket, open_socket
from tests.receiver import Receiver

ROUTE = Route(TrustedHosts(["hooks.test"]), False, system_addresses)


def pool_of(receiver: Receiver, size: int, idle_limit_s: float) -> WatchedPool:
    pool = WatchedPool("127.0.0.1", receiver.port, maxsize=size)
    pool.idle_limit_s = idle_limit_s
    return pool


def open_connection(receiver: Receiver) -> WatchedConnection:
    conn = WatchedConnection("127.0.0.1", receiver.port)
    conn.sock = socket.create_connection(("127.0.0.1", receiver.port))
    return conn


def test_outside_of_a_request_a_socket_waits_as_long_as_it_was_told() -> None:
    ours, theirs = socket.socketpair()
    with DeadlineSocket(fileno=ours.detach()) as sock, theirs:
        sock.settimeout(5.0)
        sock.sendall(b"x")
        assert theirs.recv(1) == b"x"
        assert sock.gettimeout() == 5.0


def test_within_a_request_no_operation_waits_longer_than_is_left() -> None:
    ours, theirs = socket.socketpair()
    with DeadlineSocket(fileno=ours.detach()) as sock, theirs:
        with under_way(ROUTE, 3.0):
            for timeout_s in (None, 5.0):
                sock.settimeout(timeout_s)
                sock.sendall(b"x")
                assert 0 < (sock.gettimeout() or 0) <= 3.0
            sock.settimeout(1.0)
            sock.sendall(b"x")
            assert sock.gettimeout() == 1.0
        with under_way(ROUTE, 0.0) as progress:
            with pytest.raises(TimeoutError):
                sock.sendall(b"x")
            assert progress.expired
        theirs.sendall(b"x")
        assert sock.recv_into(bytearray(1)) == 1


def test_several_addresses_that_hang_share_one_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    timeouts: list[float | None] = []

    def hanging(sock: socket.socket, _address: Any) -> None:
        timeouts.append(sock.gettimeout())
        progress.ends_at -= 2.0
        raise TimeoutError

    monkeypatch.setattr(socket.socket, "connect", hanging)
    route = Route(TrustedHosts(["hooks.test"]), False, lambda h, p: ["127.0.0.1"] * 9)
    with under_way(route, 5.0) as progress, pytest.raises(DecidedError) as decided:
        open_socket(progress, "hooks.test", 443, 2.5)
    assert decided.value.outcome == Retry(Reason.CONNECT, "hooks.test took no connection in time.")
    assert timeouts[0] == 2.5
    assert all(0 < (t or 0) <= most for t, most in zip(timeouts, (2.5, 2.5, 1.0), strict=True))


def test_a_socket_that_cannot_connect_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[DeadlineSocket] = []

    def out_of_memory(sock: DeadlineSocket, _address: Any) -> None:
        opened.append(sock)
        raise MemoryError

    monkeypatch.setattr(DeadlineSocket, "connect", out_of_memory)
    route = Route(TrustedHosts(["hooks.test"]), False, lambda h, p: ["127.0.0.1"])
    with under_way(route, 5.0) as progress, pytest.raises(MemoryError):
        open_socket(progress, "hooks.test", 443, 2.5)
    assert [sock.fileno() for sock in opened] == [-1]


def test_a_pool_keeps_its_places_and_its_order_when_idle_connections_are_closed(
    receiver: Receiver,
) -> None:
    pool = pool_of(receiver, 3, 30.0)
    assert pool.pool is not None
    idle, fresh = open_connection(receiver), open_connection(receiver)
    for _ in range(3):
        pool.pool.get()
    for conn in (None, fresh, idle):
        pool._put_conn(conn)
    idle.usable_until -= 60
    assert pool.close_idle() is True
    assert idle.is_closed
    assert [pool.pool.get() for _ in range(3)] == [idle, fresh, None]
    fresh.close()
    pool.close()


def test_a_pool_whose_connections_are_all_in_use_has_nothing_to_close(receiver: Receiver) -> None:
    pool = pool_of(receiver, 1, 0.0)
    assert pool.pool is not None
    pool.pool.get()
    assert pool.close_idle() is False
    pool.close()


def test_a_closed_pool_has_nothing_to_close(receiver: Receiver) -> None:
    pool = pool_of(receiver, 1, 0.0)
    pool.close()
    assert pool.close_idle() is False


def test_a_connection_that_comes_back_to_a_closed_pool_is_closed(receiver: Receiver) -> None:
    pool = pool_of(receiver, 1, 30.0)
    conn = open_connection(receiver)
    pool.close()
    pool._put_conn(conn)
    assert conn.is_closed


class Writing:
    """A socket that takes what is written, or breaks."""

    def __init__(self, error: OSError | None = None) -> None:
        self.written = b""
        self.packets = 0
        self.error = error

    def sendall(self, data: bytes) -> None:
        self.written += data
        self.packets += 1
        if self.error is not None:
            raise self.error

    def settimeout(self, seconds: float) -> None:
        assert seconds == 5.0

    def close(self) -> None:
        pass


def sent(sock: Writing, headers: dict[str, str], body: bytes | None) -> tuple[bytes, Progress]:
    """Write a request; return what was written, and how far it got."""
    conn = WatchedConnection("hooks.test", 8080, timeout=5.0)
    conn.sock = sock
    with under_way(ROUTE, 5.0) as progress:
        try:
            conn.request("POST", "/hook?x=1", body=body, headers=headers)
        except BrokenPipeError:
            pass
        finally:
            conn.close()
    return sock.written, progress


FIXED = {"User-Agent": "us", "Accept-Encoding": "identity"}


def test_a_request_is_written_in_one_piece_and_then_sent() -> None:
    headers = FIXED | {"X-A": "\xe9", "Content-Length": "2"}
    sock = Writing()
    written, progress = sent(sock, headers, b"ok")
    assert sock.packets == 1
    assert written == (
        b"POST /hook?x=1 HTTP/1.1\r\nHost: hooks.test:8080\r\nUser-Agent: us\r\n"
        b"Accept-Encoding: identity\r\nX-A: \xe9\r\nContent-Length: 2\r\n\r\nok"
    )
    assert progress.stage is Stage.SENT


def test_a_host_that_a_channel_names_is_the_only_one() -> None:
    written, _ = sent(Writing(), FIXED | {"host": "other.test", "Content-Length": "0"}, None)
    assert written.count(b"hooks.test") == 0
    assert b"\r\nhost: other.test\r\n" in written


def test_a_request_that_breaks_while_it_is_written_is_not_taken_for_sent() -> None:
    _, progress = sent(Writing(BrokenPipeError()), {}, b"ok")
    assert progress.stage is Stage.WRITING


class Answering:
    """A socket that gives ``content``, at most ``piece`` bytes a time."""

    def __init__(self, content: bytes, piece: int) -> None:
        class Pieces(io.BytesIO):
            def readinto(self, buffer: Any) -> int:
                data = self.read(min(piece, len(buffer)))
                buffer[: len(data)] = data
                return len(data)

        self._raw: Any = Pieces(content)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self._raw)


HEAD = (
    b"HTTP/1.1 200 OK\r\nServer: nginx\r\nSet-Cookie: a=1\r\nX-Empty:\r\nX: one\r\n two\r\n"
    b"Content-Length: 2\r\n\r\n"
)


@pytest.mark.parametrize("piece", [1, 40, 200_000])
@pytest.mark.parametrize("head", [HEAD, HEAD.replace(b"\r\n", b"\n")])
@pytest.mark.parametrize("before", [b"", b"HTTP/1.1 100 Continue\r\n\r\n"])
def test_a_head_that_is_cut_off_anywhere_is_none(before: bytes, head: bytes, piece: int) -> None:
    # without the last byte of the empty line, CR alone is no end
    for length in range(len(before), len(before + head) - 1):
        sock: Any = Answering((before + head)[:length], piece)
        with pytest.raises(HTTPException):
            WholeHead(sock, method="POST").begin()
    whole: Any = Answering(before + head + b"ok", piece)
    answer = WholeHead(whole, method="POST")
    answer.begin()
    assert (answer.status, answer.length, answer.read()) == (200, 2, b"ok")
