"""A transport that is exchanged: what is under way goes on with the old one, which is then shut."""

from __future__ import annotations

import threading

from bot.transport.hot_swap import Replaceable


class Line:
    """Sends by giving its name, when it may."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.closed = False
        self.begun = threading.Event()
        self.may = threading.Event()

    def send(self, request: str) -> str:
        self.begun.set()
        assert self.may.wait(20)
        assert not self.closed
        return f"{self.name} sent {request}"

    def close(self) -> None:
        self.closed = True


def test_one_that_sends_is_closed_only_when_all_is_answered() -> None:
    old, new = Line("old"), Line("new")
    line: Replaceable[str, str] = Replaceable(old)
    answers: list[str] = []
    threads = [
        threading.Thread(target=lambda: answers.append(line.send("first"))) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    assert old.begun.wait(20)
    while line._users[id(old)] < 2:
        threads[1].join(0.001)
    line.replace(new)
    assert not old.closed
    new.may.set()
    assert line.send("second") == "new sent second"
    old.may.set()
    for thread in threads:
        thread.join(20)
    assert answers == ["old sent first"] * 2
    assert old.closed
    assert not new.closed
    line.close()
    assert new.closed


def test_one_that_sends_nothing_is_closed_at_once() -> None:
    old, new = Line("old"), Line("new")
    line: Replaceable[str, str] = Replaceable(old)
    line.replace(new)
    assert old.closed
