"""The dead man's switch: pinged while all gets on, told at once when it does not."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from bot.channels.outcome import Reason, Rejected
from bot.channels.request import RemoteRequest, Response
from bot.logs import configure_logs
from bot.oversight.heartbeat import Heartbeat, fail_url
from bot.project.secrets import tell_the_logs
from bot.transport.dispatch import Transports
from tests.group import Group
from tests.receiver import Answer, Receiver

SECRET = "5f0c-ping-3a71-secret"


class Body:
    """A service that is well, or not."""

    ails: str | None = None

    def health_problem(self) -> str | None:
        return self.ails


@pytest.fixture
def group(tmp_path: Path, receiver: Receiver) -> Group:
    group = Group(tmp_path / "group")
    group.settings(
        f'[operator]\nping_url = "{receiver.url(f"/{SECRET}?x=1")}"\n'
        f'[network]\ntrusted_hosts = ["{receiver.address}"]\n'
    )
    return group


def test_it_pings_at_once_then_at_its_rhythm_and_tells_a_failure_and_the_return(
    group: Group, receiver: Receiver
) -> None:
    project, body = group.load(), Body()
    transport = Transports([receiver.address], rehearsal=False)
    heart = Heartbeat(lambda: project, transport, body.health_problem, ping_every_s=300.0)
    for _ in range(3):
        heart.look()
    assert [r.path for r in receiver.requests] == [f"/{SECRET}?x=1"]
    body.ails = "The planner sleeps."
    for _ in range(3):
        heart.look()
    assert [r.path for r in receiver.requests[1:]] == [f"/{SECRET}/fail?x=1"]
    body.ails = None
    heart.look()
    assert [r.path for r in receiver.requests[2:]] == [f"/{SECRET}?x=1"]
    assert {r.method for r in receiver.requests} == {"GET"}

    quick = Heartbeat(lambda: project, transport, body.health_problem, ping_every_s=0.0)
    for _ in range(3):
        quick.look()
    assert len(receiver.requests) == 6
    transport.close()


def test_one_that_cannot_be_reached_is_said_once_without_its_address(
    group: Group, receiver: Receiver
) -> None:
    out = io.StringIO()
    configure_logs(out)
    project = group.load()
    tell_the_logs(project)
    receiver.answer(f"/{SECRET}", Answer(500), Answer(400), Answer(200))
    transport = Transports([receiver.address], rehearsal=False)
    heart = Heartbeat(lambda: project, transport, lambda: None, ping_every_s=0.0)
    for _ in range(3):
        heart.look()
    failed, again = [json.loads(line) for line in out.getvalue().splitlines()]
    assert (failed["action"], failed["level"]) == ("ping-failed", "warning")
    assert "it answered 500" in failed["event"]
    assert (again["action"], again["level"]) == ("ping", "info")
    assert "reached again" in again["event"]
    transport.close()
    heart.look()
    assert "Vigilia is stopping" in out.getvalue()
    assert SECRET not in out.getvalue()


def test_no_address_no_ping(tmp_path: Path) -> None:
    project = Group(tmp_path / "other").load()
    Heartbeat(lambda: project, Refusing(), lambda: None).look()


class Refusing:
    def send(self, request: RemoteRequest) -> Response | Rejected:
        raise AssertionError(f"sent {request}")


def test_a_defect_does_not_end_the_watching(group: Group) -> None:
    import threading

    out = io.StringIO()
    configure_logs(out)
    project, ended, met = group.load(), threading.Event(), threading.Event()

    def broken() -> str | None:
        if met.is_set():
            ended.set()
        met.set()
        raise ZeroDivisionError

    heart = Heartbeat(lambda: project, Refusing(), broken)
    heart.watch(ended, every_s=0.01)
    records = [json.loads(line) for line in out.getvalue().splitlines()]
    assert {(record["action"], record["level"]) for record in records} == {("ping-failed", "error")}
    assert len(records) >= 2
    assert all("(ZeroDivisionError)" in record["event"] for record in records)
    assert all("Traceback" in record["exception"] for record in records)


def test_the_failure_address_keeps_the_query() -> None:
    assert fail_url("https://hc.example.org/abc/") == "https://hc.example.org/abc/fail"
    assert fail_url("https://hc.example.org/abc?rid=1") == "https://hc.example.org/abc/fail?rid=1"


def test_an_outcome_without_words_is_told_by_its_reason(group: Group) -> None:
    class Silent:
        def send(self, request: RemoteRequest) -> Response | Rejected:
            return Rejected(Reason.DNS)

    out = io.StringIO()
    configure_logs(out)
    project = group.load()
    Heartbeat(lambda: project, Silent(), lambda: None).look()
    assert "could not be reached: dns." in out.getvalue()
