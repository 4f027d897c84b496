"""Threads that come when there is work and go when there is none."""

from __future__ import annotations

import threading

import pytest

from bot.engines.thread_pool import ThreadPool
from tests.receiver import wait_until


def of(pool: str) -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith(f"{pool}-")]


def grown(pool: ThreadPool) -> None:
    """Look after the pool until nothing waits any more."""
    wait_until(lambda: not pool.grow())


def test_where_those_at_work_are_held_up_there_is_soon_one_for_each_piece() -> None:
    pool, together = ThreadPool("beside"), threading.Barrier(33)

    def meet() -> None:
        together.wait(5)

    for _ in range(32):
        pool.submit(meet)
    grown(pool)
    together.wait(5)
    assert len(of("beside")) == 32


def test_one_that_keeps_up_with_the_work_does_it_alone() -> None:
    pool, done = ThreadPool("alone"), threading.Semaphore(0)
    gate = threading.Event()

    def held_up() -> None:
        gate.wait(5)

    pool.submit(held_up)
    for _ in range(1000):
        pool.submit(done.release)
    gate.set()
    for _ in range(1000):
        assert done.acquire(timeout=5)
    assert len(of("alone")) == 1


def test_a_thread_that_waits_takes_the_next_piece_and_no_other_is_made() -> None:
    pool, done = ThreadPool("again"), threading.Semaphore(0)
    for _ in range(50):
        pool.submit(done.release)
        assert done.acquire(timeout=5)
        wait_until(lambda: pool.resting == len(of("again")))
    assert len(of("again")) == 1


def test_threads_that_wait_are_all_woken_when_there_is_work_for_all() -> None:
    pool, together = ThreadPool("woken"), threading.Barrier(9)

    def meet() -> None:
        together.wait(5)

    for _ in range(3):
        for _ in range(8):
            pool.submit(meet)
        grown(pool)
        together.wait(5)
        wait_until(lambda: pool.resting == 8)
    assert len(of("woken")) == 8


def test_no_more_are_called_than_have_work_however_long_they_take_to_come(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pool, called = ThreadPool("late"), list[threading.Thread]()

    def is_slow_to_start(thread: threading.Thread) -> None:
        called.append(thread)

    monkeypatch.setattr(threading.Thread, "start", is_slow_to_start)
    for _ in range(5):
        pool.submit(threading.Event().set)
    for _ in range(20):
        assert pool.grow()
    assert len(called) == 5


def test_a_thread_goes_when_there_was_no_work_for_a_while() -> None:
    pool, done = ThreadPool("gone", rest_s=0.05), threading.Event()
    pool.submit(done.set)
    assert done.wait(5)
    wait_until(lambda: not of("gone"))
    done.clear()
    pool.submit(done.set)
    assert done.wait(5)


def test_nothing_is_left_undone_by_a_thread_that_is_just_going() -> None:
    pool, done = ThreadPool("going", rest_s=0.0005), threading.Semaphore(0)
    for _ in range(500):
        pool.submit(done.release)
        assert done.acquire(timeout=5)
        threading.Event().wait(0.0005)


def test_a_machine_without_threads_left_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_more(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    pool, done = ThreadPool("none"), threading.Event()
    start = threading.Thread.start
    monkeypatch.setattr(threading.Thread, "start", no_more)
    with pytest.raises(RuntimeError):
        pool.submit(done.set)
    monkeypatch.setattr(threading.Thread, "start", start)
    other = threading.Event()
    pool.submit(other.set)
    assert other.wait(5)
    assert not done.is_set()


def test_where_no_thread_can_be_added_those_that_are_there_do_it_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def no_more(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    pool, done, gate = ThreadPool("few"), threading.Semaphore(0), threading.Event()

    def held_up() -> None:
        gate.wait(5)
        done.release()

    pool.submit(held_up)
    monkeypatch.setattr(threading.Thread, "start", no_more)
    for _ in range(10):
        pool.submit(held_up)
        assert pool.grow()
    gate.set()
    for _ in range(11):
        assert done.acquire(timeout=5)
