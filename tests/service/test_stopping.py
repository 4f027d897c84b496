"""SIGTERM and SIGINT: what is under way finishes or is recorded, within ten seconds."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from bot.ledger.rows import State
from bot.stopping import stop_on_signals
from tests.receiver import Answer, wait_until
from tests.service.installation import NINE, TOKEN, Installation, Running, seconds, webhook


def catches_signals(running: Running) -> bool:
    """Says whether the process has set a handler for SIGTERM."""
    status = Path(f"/proc/{running.process.pid}/status").read_text("utf-8")
    caught = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(caught.split()[1], 16) & 1 << (signal.SIGTERM - 1))


def stop_time(running: Running, *signals: int) -> float:
    """Sends the signals one after another; gives the seconds until the process has ended well."""
    began = time.monotonic()
    for number in signals:
        running.signal(number)
    assert running.ended() == 0, "".join(running.lines)
    return time.monotonic() - began


@pytest.fixture
def posting(installed: Installation) -> Installation:
    installed.write(webhook("site", installed.receiver))
    installed.known_since(NINE - seconds(60))
    return installed


def test_an_answer_that_never_comes_is_recorded_as_unknown_in_time(posting: Installation) -> None:
    posting.receiver.answer(f"/site/{TOKEN}", Answer(hang=True))
    service = posting.rehearse(NINE)
    posting.receiver.wait_for(1, timeout=20)
    took = stop_time(service, signal.SIGTERM, signal.SIGTERM, signal.SIGTERM)
    print(f"stopped after {took:.2f} s with an answer outstanding")
    assert took < 10
    assert posting.rows()["site"].state is State.UNKNOWN
    assert service.said("stopped")[0]["left_unknown"] == 1


def test_an_answer_that_takes_three_seconds_is_waited_for(posting: Installation) -> None:
    posting.receiver.answer(f"/site/{TOKEN}", Answer(delay=3))
    service = posting.rehearse(NINE)
    posting.receiver.wait_for(1, timeout=20)
    took = stop_time(service, signal.SIGINT)
    print(f"stopped after {took:.2f} s with an answer that took 3 s")
    assert posting.rows()["site"].state is State.DELIVERED
    assert service.said("stopped")[0]["left_unknown"] == 0


def test_a_signal_while_it_starts_up_ends_it_well(posting: Installation) -> None:
    service = posting.rehearse(NINE)
    wait_until(lambda: catches_signals(service), timeout=20)
    took = stop_time(service, signal.SIGTERM)
    print(f"stopped after {took:.2f} s while starting up")
    assert took < 10
    assert posting.receiver.requests == []
    assert posting.rows() == {}


def test_a_signal_that_reaches_another_thread_ends_the_waiting_too() -> None:
    # sent to one thread, as the kernel may when several threads come out of it at once
    hit = threading.Timer(0.2, lambda: signal.pthread_kill(threading.get_ident(), signal.SIGTERM))
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        with stop_on_signals() as stop:
            overslept = threading.Timer(15, stop.ask)
            overslept.start()
            hit.start()
            stop.wait()
            assert overslept.is_alive()
            overslept.cancel()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def test_after_the_wish_to_stop_further_signals_are_ignored_and_else_as_before() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with stop_on_signals() as stop:
        assert not stop.requested
    assert signal.getsignal(signal.SIGTERM) == before
    try:
        with stop_on_signals() as stop:
            os.kill(os.getpid(), signal.SIGTERM)
            stop.wait()
            assert stop.requested
            stop.wait()
        assert signal.getsignal(signal.SIGTERM) == signal.SIG_IGN
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)
        signal.signal(signal.SIGINT, signal.default_int_handler)
