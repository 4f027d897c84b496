"""Threads that come when there is work and go when there is none."""

from __future__ import annotations

import threading

import pytest

from bot.engines.thread_pool import Crew
from tests.receiver import wait_until


def of(crew: str) -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith(f"{crew}-")]


def hurried(crew: Crew) -> None:
    """Looks after the crew until nothing waits any more."""
    wait_until(lambda: not crew.hurry())


def test_where_those_at_work_are_held_up_there_is_soon_one_for_each_piece() -> None:
    crew, together = Crew("beside"), threading.Barrier(33)

    def meet() -> None:
        together.wait(5)

    for _ in range(32):
        crew.give(meet)
    hurried(crew)
    together.wait(5)
    assert len(of("beside")) == 32


def test_one_that_keeps_up_with_the_work_does_it_alone() -> None:
    crew, done = Crew("alone"), threading.Semaphore(0)
    gate = threading.Event()

    def held_up() -> None:
        gate.wait(5)

    crew.give(held_up)
    for _ in range(1000):
        crew.give(done.release)
    gate.set()
    for _ in range(1000):
        assert done.acquire(timeout=5)
    assert len(of("alone")) == 1


def test_a_thread_that_waits_takes_the_next_piece_and_no_other_is_made() -> None:
    crew, done = Crew("again"), threading.Semaphore(0)
    for _ in range(50):
        crew.give(done.release)
        assert done.acquire(timeout=5)
        wait_until(lambda: crew.resting == len(of("again")))
    assert len(of("again")) == 1


def test_threads_that_wait_are_all_woken_when_there_is_work_for_all() -> None:
    crew, together = Crew("woken"), threading.Barrier(9)

    def meet() -> None:
        together.wait(5)

    for _ in range(3):
        for _ in range(8):
            crew.give(meet)
        hurried(crew)
        together.wait(5)
        wait_until(lambda: crew.resting == 8)
    assert len(of("woken")) == 8


def test_a_thread_goes_when_there_was_no_work_for_a_while() -> None:
    crew, done = Crew("gone", rest_s=0.05), threading.Event()
    crew.give(done.set)
    assert done.wait(5)
    wait_until(lambda: not of("gone"))
    done.clear()
    crew.give(done.set)
    assert done.wait(5)


def test_nothing_is_left_undone_by_a_thread_that_is_just_going() -> None:
    crew, done = Crew("going", rest_s=0.0005), threading.Semaphore(0)
    for _ in range(500):
        crew.give(done.release)
        assert done.acquire(timeout=5)
        threading.Event().wait(0.0005)


def test_a_machine_without_threads_left_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_more(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    crew, done = Crew("none"), threading.Event()
    start = threading.Thread.start
    monkeypatch.setattr(threading.Thread, "start", no_more)
    with pytest.raises(RuntimeError):
        crew.give(done.set)
    monkeypatch.setattr(threading.Thread, "start", start)
    other = threading.Event()
    crew.give(other.set)
    assert other.wait(5)
    assert not done.is_set()


def test_where_no_thread_can_be_added_those_that_are_there_do_it_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def no_more(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    crew, done, gate = Crew("few"), threading.Semaphore(0), threading.Event()

    def held_up() -> None:
        gate.wait(5)
        done.release()

    crew.give(held_up)
    monkeypatch.setattr(threading.Thread, "start", no_more)
    for _ in range(10):
        crew.give(held_up)
        assert crew.hurry()
    gate.set()
    for _ in range(11):
        assert done.acquire(timeout=5)
