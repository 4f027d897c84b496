"""A transport that is exchanged: what is under way goes on with the old one, which is then shut."""

from __future__ import annotations

import threading

from bot.channels.outcome import Delivered, Outcome
from bot.channels.request import HttpRequest, RemoteRequest, Response
from bot.transport.hot_swap import ReplaceableTransport

REQUEST = HttpRequest("POST", "https://hooks.test/hook", {}, b"")


class Line:
    """Sends by giving its name, when it may."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.closed = False
        self.begun = threading.Event()
        self.may = threading.Event()

    def send(self, request: RemoteRequest) -> Outcome:
        self.begun.set()
        assert self.may.wait(20)
        assert not self.closed
        return Delivered(self.name)

    def close(self) -> None:
        self.closed = True


def test_one_that_sends_is_closed_only_when_all_is_answered() -> None:
    old, new = Line("old"), Line("new")
    line = ReplaceableTransport(old)
    answers: list[Response | Outcome] = []
    threads = [
        threading.Thread(target=lambda: answers.append(line.send(REQUEST))) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    assert old.begun.wait(20)
    while line._users[id(old)] < 2:
        threads[1].join(0.001)
    line.replace(new)
    assert not old.closed
    new.may.set()
    assert line.send(REQUEST) == Delivered("new")
    old.may.set()
    for thread in threads:
        thread.join(20)
    assert answers == [Delivered("old")] * 2
    assert old.closed
    assert not new.closed
    line.close()
    assert new.closed


def test_one_that_sends_nothing_is_closed_at_once() -> None:
    old, new = Line("old"), Line("new")
    line = ReplaceableTransport(old)
    line.replace(new)
    assert old.closed
