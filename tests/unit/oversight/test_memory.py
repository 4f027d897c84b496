"""What the service needs no more is given back, where the C library can."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest

from bot.oversight import memory


def test_it_is_given_back_once_settled_and_again_until_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ended = threading.Event()
    given: list[int] = []

    def give_back() -> None:
        given.append(1)
        if len(given) == 3:
            ended.set()

    monkeypatch.setattr(memory, "give_back", give_back)
    memory.watch(ended, 0.0, 0.0)
    assert len(given) == 3


def test_a_library_that_can_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, ...]] = []
    library = SimpleNamespace(
        malloc_trim=lambda *said: asked.append(said), mallopt=lambda *said: asked.append(said)
    )
    monkeypatch.setattr("ctypes.CDLL", lambda _name: library)
    memory.share_arenas()
    memory.give_back()
    assert asked == [(-8, 2), (0,)]


def test_one_that_cannot_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctypes.CDLL", lambda _name: SimpleNamespace())
    memory.share_arenas()
    memory.give_back()


def test_this_machines_own_is_asked_without_harm() -> None:
    memory.give_back()
