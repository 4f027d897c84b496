"""The thread that does small things at their time."""

from __future__ import annotations

import threading
import time
import weakref
from collections.abc import Iterator

import pytest

from bot.transport.deadlines import Deadlines


@pytest.fixture
def deadlines() -> Iterator[Deadlines]:
    deadlines = Deadlines()
    yield deadlines
    deadlines.close()


def test_calls_come_in_the_order_of_their_instants_and_not_of_their_asking(
    deadlines: Deadlines,
) -> None:
    called: list[int] = []
    done = threading.Event()
    now = time.monotonic()
    deadlines.at(now + 0.06, done.set)
    deadlines.at(now + 0.04, lambda: called.append(2))
    deadlines.at(now + 0.02, lambda: called.append(1))
    assert done.wait(5)
    assert called == [1, 2]


def test_a_call_never_comes_before_its_instant(deadlines: Deadlines) -> None:
    called_at: list[float] = []
    done = threading.Event()
    wanted = time.monotonic() + 0.05
    deadlines.at(wanted + 0.01, done.set)
    deadlines.at(wanted, lambda: called_at.append(time.monotonic()))
    assert done.wait(5)
    assert called_at[0] >= wanted


def test_what_was_not_due_when_it_is_closed_is_never_called() -> None:
    deadlines = Deadlines()
    called = threading.Event()
    deadlines.at(time.monotonic() + 3600, called.set)
    deadlines.close()
    assert not called.is_set()


def held_up(deadlines: Deadlines) -> threading.Event:
    """Has the thread run a call that ends when the event that is given is set."""
    running, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        running.set()
        go_on.wait(5)

    deadlines.at(time.monotonic(), slow)
    assert running.wait(5)
    return go_on


def test_what_is_forgotten_is_never_called_and_leaves_nothing_behind(deadlines: Deadlines) -> None:
    called: list[str] = []
    done = threading.Event()

    class Request:
        def expire(self) -> None:
            called.append("forgotten")

    request = Request()
    left = weakref.ref(request)
    go_on = held_up(deadlines)
    deadlines.at(time.monotonic(), request.expire)
    deadlines.at(time.monotonic(), done.set)
    deadlines.forget(request.expire)
    deadlines.forget(request.expire)  # once more does no harm
    del request
    assert left() is None
    go_on.set()
    assert done.wait(5)
    assert called == []


def test_what_is_planned_again_is_called_at_the_new_instant_only(deadlines: Deadlines) -> None:
    called: list[int] = []
    done = threading.Event()

    def call() -> None:
        called.append(1)

    go_on = held_up(deadlines)
    deadlines.at(time.monotonic(), call)
    deadlines.at(time.monotonic() + 0.02, call)
    deadlines.at(time.monotonic() + 0.04, done.set)
    go_on.set()
    assert done.wait(5)
    assert called == [1]


def test_what_is_planned_while_a_call_runs_is_called_too(deadlines: Deadlines) -> None:
    done = threading.Event()
    go_on = held_up(deadlines)
    deadlines.at(time.monotonic() + 0.01, done.set)
    go_on.set()
    assert done.wait(5)


def test_an_earlier_call_does_not_wait_for_a_later_one(deadlines: Deadlines) -> None:
    done = threading.Event()
    deadlines.at(time.monotonic() + 3600, threading.Event().set)
    time.sleep(0.01)  # the thread waits for it by now
    deadlines.at(time.monotonic() + 0.01, done.set)
    assert done.wait(5)
