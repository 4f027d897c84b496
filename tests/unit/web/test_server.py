"""The server: begins and ends with the service, and is never in its way."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from structlog.testing import capture_logs

from bot.assembly import assembled
from bot.clock import SettableClock
from bot.ledger.rows import State
from bot.planning import plan_for
from bot.settings.listening import Listen, read_listen
from bot.web.access import Access
from bot.web.page_thread import bound, open_page
from bot.web.server import serve
from tests.page import NOW, Stage, make_project, served


def wait_for(what: Callable[[], Any], limit_s: float = 8.0) -> Any:
    ends = time.monotonic() + limit_s
    while time.monotonic() < ends:
        found = what()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError("it did not come to be")


@contextmanager
def with_page(folder: Path, listen: Listen) -> Iterator[list[str]]:
    project, clock = make_project(folder), SettableClock(NOW)
    told: list[str] = []
    page = partial(open_page, access=Access(listen), clock=clock, announce=told.append)
    with assembled(project, clock, "sqlite:///vigilia.db") as parts, page(parts):
        yield told


def answers(address: str) -> bool:
    try:
        with urlopen(f"{address}healthz", timeout=2) as answer:
            return bool(answer.read() == b"ok\n")
    except OSError:
        return False


def test_the_page_is_there_while_the_service_runs_and_gone_afterwards(tmp_path: Path) -> None:
    with with_page(tmp_path / "g", Listen("127.0.0.1", 0)) as (address,):
        wait_for(lambda: answers(address))
        began = time.monotonic()
    assert time.monotonic() - began < 4
    assert not answers(address)


def test_a_page_that_ends_before_it_began_ends_all_the_same(tmp_path: Path) -> None:
    with with_page(tmp_path / "g", Listen("127.0.0.1", 0)) as (address,):
        pass
    assert not answers(address)


def test_a_port_that_is_taken_is_told_and_the_service_goes_on(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, capture_logs() as records:
        port = other.getsockname()[1]
        with with_page(tmp_path / "g", Listen("127.0.0.1", port)) as told:
            assert told == []
    (sentence,) = (str(record["event"]) for record in records if record["log_level"] == "error")
    assert f"The page cannot listen on 127.0.0.1:{port}" in sentence
    assert "Postings go out all the same." in sentence


def test_a_host_that_is_not_this_machines_is_told_too(tmp_path: Path) -> None:
    with with_page(tmp_path / "g", Listen("192.0.2.1", 8099)) as told:
        assert told == []


def test_a_page_listens_on_version_6_too() -> None:
    try:
        listening = bound(Listen("::1", 0))
    except OSError:
        assert not Path("/proc/net/if_inet6").exists()
        return
    assert listening.family is socket.AF_INET6
    listening.close()


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("127.0.0.1:8099", Listen("127.0.0.1", 8099)),
        ("[::1]:80", Listen("::1", 80)),
        ("Localhost:1", Listen("localhost", 1)),
        ("off", None),
    ],
)
def test_where_to_listen_is_read(text: str, place: Listen | None) -> None:
    assert read_listen(text) == place
    if place is not None:
        assert read_listen(place) is place
        assert read_listen(str(place)) == place
        assert place.is_loopback


@contextmanager
def listening_to(address: str) -> Iterator[Callable[[], dict[str, Any]]]:
    with urlopen(f"{address}/live", timeout=8) as stream:

        def next_said() -> dict[str, Any]:
            while True:
                line = stream.readline().decode()
                if line.startswith("data: "):
                    said: dict[str, Any] = json.loads(line[6:])
                    return said

        yield next_said


def test_a_fan_out_is_told_as_it_goes(stage: Stage) -> None:
    planned = [i for i in stage.project.plan.due(NOW, NOW.replace(year=2028)) if "inbox" in str(i)]
    with served(stage.site) as address, listening_to(address) as said:
        assert said()["progress"] is None
        keys = stage.ledger.insert(planned[:3], NOW, state_of=lambda *_: (State.READY, None)).keys
        first = wait_for(lambda: said()["progress"])
        assert first["done"] < first["total"]
        for key in keys:
            stage.ledger.decide(key, "skip", "Ana", "", NOW)
        wait_for(lambda: said()["progress"] is None)


def test_the_end_does_not_wait_for_who_listens(stage: Stage) -> None:
    with served(stage.site) as address:
        stream = urlopen(f"{address}/live", timeout=8)
        stream.readline()
        began = time.monotonic()
    assert time.monotonic() - began < 4
    stream.close()


def test_every_answer_says_when_it_was_given(stage: Stage) -> None:
    with served(stage.site) as address:
        for path in ("/healthz", "/calendar", "/static/site.css"):
            before = int(time.time())
            with urlopen(f"{address}{path}", timeout=8) as answer:
                (said,) = answer.headers.get_all("Date")
            assert before <= parsedate_to_datetime(said).timestamp() <= time.time()


def test_a_page_that_is_to_end_before_it_has_begun_ends(stage: Stage) -> None:
    stage.site.closing.set()
    with bound(Listen("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, args=(stage.site, listening), daemon=True)
        thread.start()
        thread.join(8)
        assert not thread.is_alive()


def test_only_so_many_listen(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.web.routes.live.MOST_LISTENERS", 0)
    with (
        served(stage.site) as address,
        socket.create_connection(
            (address.split("//")[1].split(":")[0], int(address.rsplit(":", 1)[1]))
        ) as raw,
    ):
        raw.sendall(b"GET /live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert raw.recv(100).startswith(b"HTTP/1.1 503")


def test_what_the_service_delivers_is_counted_and_its_work_looked_at(tmp_path: Path) -> None:
    project, clock = make_project(tmp_path / "g"), SettableClock(NOW)
    told: list[str] = []
    page = partial(
        open_page, access=Access(Listen("127.0.0.1", 0)), clock=clock, announce=told.append
    )
    problem: list[str | None] = [None]
    with ExitStack() as stack:
        parts = stack.enter_context(assembled(project, clock, "sqlite:///vigilia.db"))
        stack.enter_context(page(replace(parts, health_problem=lambda: problem[0])))
        wait_for(lambda: answers(told[0]))
        plan = plan_for(project.channel("inbox"), ("human-rights-day",), NOW.date(), 0, NOW)
        (key,) = parts.ledger.insert_by_hand(plan, NOW)
        parts.courier.deliver(parts.ledger.deliveries([key])[0])
        with urlopen(f"{told[0]}metrics", timeout=5) as answer:
            said = answer.read().decode()
        assert '\nvigilia_deliveries_total{outcome="delivered",platform="inbox"} 1.0\n' in said
        assert '\nvigilia_attempts_total{platform="inbox",reason="accepted"} 1.0\n' in said
        problem[0] = "The planner stands still."
        with pytest.raises(HTTPError) as refused, urlopen(f"{told[0]}healthz", timeout=5):
            pass
        refused.value.close()
        assert refused.value.code == 503
