"""The thread that does small things at their time."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from bot.delivery.deadlines import Deadlines


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
