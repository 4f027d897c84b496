"""Attempts and pools, where a real network would have to be very unlucky."""

from __future__ import annotations

import socket
import time

import pytest
from urllib3.exceptions import NewConnectionError

from bot.channels.outcome import Reason, Retry
from bot.transport.connection import CURRENT, Attempt, Route, Stage, WatchedConnection
from bot.transport.pools import WatchedPool
from bot.transport.resolving import TrustedHosts, system_addresses
from tests.receiver import Receiver

ROUTE = Route(TrustedHosts(["hooks.test"]), system_addresses, 5.0, 5.0)


def attempt(seconds: float = 5.0, route: Route = ROUTE) -> Attempt:
    return Attempt(route, time.monotonic() + seconds)


def open_connection(receiver: Receiver) -> WatchedConnection:
    conn = WatchedConnection("127.0.0.1", receiver.port)
    conn.sock = socket.create_connection(("127.0.0.1", receiver.port))
    conn.rests_since = time.monotonic()
    return conn


def test_a_socket_that_is_opened_after_the_deadline_is_shut_at_once() -> None:
    late = attempt()
    late.expire()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        late.watch(ours)
        assert theirs.recv(1) == b""
        late.finish()


def test_a_socket_that_cannot_be_watched_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_descriptor_left(*_: object) -> None:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr("bot.transport.connection.os.dup", no_descriptor_left)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        with pytest.raises(OSError, match="Too many"):
            attempt().watch(ours)
        assert ours.fileno() == -1


def test_a_deadline_that_comes_after_the_end_shuts_nothing() -> None:
    done = attempt()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        done.watch(ours)
        done.finish()
        done.expire()
        assert not done.expired
        ours.sendall(b"x")
        assert theirs.recv(1) == b"x"


def test_a_deadline_on_a_socket_that_is_already_gone_is_harmless(receiver: Receiver) -> None:
    gone = attempt()
    with socket.socket() as unconnected:
        gone.watch(unconnected)
        gone.expire()
        gone.finish()
    assert gone.expired


def test_no_further_address_is_tried_after_the_deadline(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = ["127.0.0.2", "127.0.0.1"]
    route = Route(TrustedHosts(["hooks.test"]), lambda host, port: found, 5.0, 5.0)
    late = attempt(route=route)
    tried: list[str] = []

    def refused(address: tuple[str, int], timeout: float, socket_options: object) -> None:
        tried.append(address[0])
        late.expire()
        raise ConnectionRefusedError

    monkeypatch.setattr("bot.transport.connection.create_connection", refused)
    token = CURRENT.set(late)
    with pytest.raises(NewConnectionError):
        WatchedConnection("hooks.test", receiver.port).connect()
    CURRENT.reset(token)
    assert tried == ["127.0.0.2"]
    assert late.decided == Retry(Reason.CONNECT, "hooks.test refused the connection.")


def test_a_pool_keeps_its_places_and_its_order_when_it_is_swept(receiver: Receiver) -> None:
    pool = WatchedPool("127.0.0.1", receiver.port, maxsize=3)
    assert pool.pool is not None
    rested, fresh = open_connection(receiver), open_connection(receiver)
    rested.rests_since -= 60
    for _ in range(3):
        pool.pool.get()
    for conn in (None, fresh, rested):
        pool.pool.put(conn)
    assert pool.close_rested(30.0) is True
    assert rested.is_closed
    assert [pool.pool.get() for _ in range(3)] == [rested, fresh, None]
    fresh.close()
    pool.close()


def test_a_pool_whose_connections_are_all_in_use_has_nothing_to_sweep(receiver: Receiver) -> None:
    pool = WatchedPool("127.0.0.1", receiver.port, maxsize=1)
    assert pool.pool is not None
    pool.pool.get()
    assert pool.close_rested(0.0) is False
    pool.close()


def test_a_closed_pool_has_nothing_to_sweep(receiver: Receiver) -> None:
    pool = WatchedPool("127.0.0.1", receiver.port)
    pool.close()
    assert pool.close_rested(0.0) is False


def test_a_connection_that_comes_back_to_a_closed_pool_is_closed(receiver: Receiver) -> None:
    pool = WatchedPool("127.0.0.1", receiver.port)
    waiting = pool.pool
    assert waiting is not None
    conn = open_connection(receiver)
    waiting.get()
    pool.close()
    pool._put_back(waiting, conn)
    assert conn.is_closed


def test_a_connection_that_finds_its_place_taken_is_closed(receiver: Receiver) -> None:
    pool = WatchedPool("127.0.0.1", receiver.port, maxsize=1)
    assert pool.pool is not None
    conn = open_connection(receiver)
    pool._put_back(pool.pool, conn)
    assert conn.is_closed
    pool._put_back(pool.pool, None)
    pool.close()


class Written:
    """A socket that takes what is written, or breaks."""

    def __init__(self, error: OSError | None = None) -> None:
        self.pieces: list[bytes] = []
        self.error = error
        self.pair = socket.socketpair()

    def sendall(self, data: bytes) -> None:
        self.pieces.append(data)
        if self.error is not None:
            raise self.error

    def settimeout(self, seconds: float) -> None:
        assert seconds == 5.0

    def fileno(self) -> int:
        return self.pair[0].fileno()

    def close(self) -> None:
        for one in self.pair:
            one.close()


def written(
    one: Attempt, sock: Written, headers: dict[str, str], body: bytes | None
) -> list[bytes]:
    """Gives the pieces in which a request was written."""
    conn = WatchedConnection("hooks.test", 8080, timeout=5.0)
    conn.sock = sock
    token = CURRENT.set(one)
    try:
        conn.request("POST", "/hook?x=1", body=body, headers=headers, chunked=False)
    finally:
        CURRENT.reset(token)
        one.finish()
        conn.close()
    return sock.pieces


def test_head_and_body_are_written_in_one_piece() -> None:
    one = attempt()
    pieces = written(one, Written(), {"X-A": "\xe9", "Content-Length": "2"}, b"ok")
    assert pieces == [
        b"POST /hook?x=1 HTTP/1.1\r\nHost: hooks.test:8080\r\n"
        b"X-A: \xe9\r\nContent-Length: 2\r\n\r\nok"
    ]
    assert one.stage is Stage.SENT


def test_a_request_without_a_body_is_its_head() -> None:
    assert written(attempt(), Written(), {"X-A": "b"}, None) == [
        b"POST /hook?x=1 HTTP/1.1\r\nHost: hooks.test:8080\r\nX-A: b\r\n\r\n"
    ]


def test_a_host_that_a_channel_names_is_the_only_one() -> None:
    pieces = written(attempt(), Written(), {"host": "other.test"}, b"")
    assert pieces == [b"POST /hook?x=1 HTTP/1.1\r\nhost: other.test\r\n\r\n"]


def test_a_request_that_breaks_while_it_is_written_is_not_taken_for_sent() -> None:
    one = attempt()
    with pytest.raises(BrokenPipeError):
        written(one, Written(BrokenPipeError()), {}, b"ok")
    assert one.stage is Stage.WRITING
