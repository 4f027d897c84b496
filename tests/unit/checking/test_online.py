"""Every source visited: against a real server on loopback."""

from __future__ import annotations

import socket
import sys
from dataclasses import replace
from itertools import pairwise

import pytest

from bot import __version__
from bot.checking.online import Alive, Dead, Guarded, Moved, addresses_of, online_problems, visit
from bot.cli import main
from bot.content.texts import SourceText
from bot.errors import Problem
from tests.receiver import Answer, Receiver
from tests.unit.checking.making import ACTION, DAY, FACT, ROOT, project_of, shipped


def became(url: str) -> object:
    return visit([url], pause_s=0)[url]


def methods(receiver: Receiver) -> list[str]:
    return [request.method for request in receiver.requests]


def test_a_page_that_is_there_is_asked_once_with_our_name(receiver: Receiver) -> None:
    assert became(receiver.url("/page")) == Alive()
    (request,) = receiver.requests
    assert request.method == "HEAD"
    assert request.headers["user-agent"] == f"vigilia/{__version__}"


def test_where_head_is_refused_get_decides(receiver: Receiver) -> None:
    receiver.answer("/page", Answer(405), Answer(200))
    assert became(receiver.url("/page")) == Alive()
    assert methods(receiver) == ["HEAD", "GET"]


def test_where_head_breaks_the_connection_get_decides(receiver: Receiver) -> None:
    receiver.answer("/page", Answer(close=True), Answer(200))
    assert became(receiver.url("/page")) == Alive()


@pytest.mark.parametrize("status", [404, 410, 500, 503])
def test_an_answer_of_failure_is_a_death_with_its_status(receiver: Receiver, status: int) -> None:
    receiver.answer("/page", Answer(status))
    visited = became(receiver.url("/page"))
    assert isinstance(visited, Dead)
    assert f"answers {status}" in visited.why


@pytest.mark.parametrize("status", [401, 403, 429])
def test_a_page_kept_from_programs_is_left_to_a_person(receiver: Receiver, status: int) -> None:
    receiver.answer("/page", Answer(status))
    visited = became(receiver.url("/page"))
    assert isinstance(visited, Guarded)
    assert visited.status.startswith(str(status))


@pytest.mark.parametrize("status", [301, 308])
def test_a_move_for_good_gives_the_new_address(receiver: Receiver, status: int) -> None:
    receiver.answer("/old", Answer(status, headers={"Location": "/between"}))
    receiver.answer("/between", Answer(301, headers={"Location": receiver.url("/new")}))
    assert became(receiver.url("/old")) == Moved(receiver.url("/new"))


@pytest.mark.parametrize("status", [302, 303, 307])
def test_a_passing_redirect_leaves_the_address_as_it_is(receiver: Receiver, status: int) -> None:
    receiver.answer("/old", Answer(301, headers={"Location": "/between"}))
    receiver.answer("/between", Answer(status, headers={"Location": "/new"}))
    assert became(receiver.url("/old")) == Alive()


def test_a_redirect_to_a_dead_page_is_a_death(receiver: Receiver) -> None:
    receiver.answer("/old", Answer(301, headers={"Location": "/gone"}))
    receiver.answer("/gone", Answer(404))
    assert isinstance(became(receiver.url("/old")), Dead)


@pytest.mark.parametrize(
    ("headers", "words"),
    [({"Location": "/round"}, "more than 8 times"), ({}, "without the new address")],
)
def test_a_redirect_that_leads_nowhere_is_a_death(
    receiver: Receiver, headers: dict[str, str], words: str
) -> None:
    receiver.answer("/round", Answer(301, headers=headers))
    visited = became(receiver.url("/round"))
    assert isinstance(visited, Dead)
    assert words in visited.why


def test_a_server_that_is_not_there_is_a_death_with_its_reason() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        assert became(f"http://127.0.0.1:{port}/") == Dead("its server cannot be reached")


def test_a_server_that_is_silent_is_a_death(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.checking.online._TIMEOUTS", (2.0, 0.2))
    receiver.answer("/page", Answer(hang=True))
    assert became(receiver.url("/page")) == Dead("its server does not answer in time")


def test_a_certificate_that_is_not_to_be_trusted_is_a_death(certificates: object) -> None:
    with Receiver(tls=certificates.good) as receiver:  # type: ignore[attr-defined]
        visited = became(receiver.url("/page"))
    assert visited == Dead("its server’s certificate is not to be trusted")


def test_an_address_that_cannot_be_asked_for_is_a_death(receiver: Receiver) -> None:
    receiver.answer("/page", Answer(301, headers={"Location": "gopher://old.example/"}))
    visited = became(receiver.url("/page"))
    assert isinstance(visited, Dead)
    assert "InvalidSchema" in visited.why


def test_no_body_is_read(receiver: Receiver) -> None:
    endless = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n" + b"x" * 100_000
    receiver.answer("/page", Answer(404), Answer(raw=endless))
    assert became(receiver.url("/page")) == Alive()


def test_requests_to_one_server_keep_their_distance_also_after_a_redirect(
    receiver: Receiver,
) -> None:
    receiver.answer("/a", Answer(302, headers={"Location": "/b"}))
    visit([receiver.url(path) for path in ("/a", "/c")], pause_s=0.2)
    times = [request.arrived_at for request in receiver.requests]
    assert len(times) == 3
    assert min((b - a).total_seconds() for a, b in pairwise(times)) > 0.1


def test_one_slow_server_does_not_hold_up_another(receiver: Receiver) -> None:
    receiver.answer("/slow", Answer(delay=0.5))
    asked_of_other: list[int] = []
    with Receiver() as other:
        visits = visit(
            [receiver.url("/slow"), other.url("/quick")],
            progress=lambda _percent: asked_of_other.append(len(other.requests)),
            pause_s=0,
        )
    assert asked_of_other[0] == 1
    assert set(visits.values()) == {Alive()}


def test_what_is_dead_or_moved_is_told_for_every_entry_that_has_it(receiver: Receiver) -> None:
    receiver.answer("/dead", Answer(404))
    receiver.answer("/moved", Answer(301, headers={"Location": "/new"}))
    receiver.answer("/shy", Answer(403))
    dead, moved = receiver.url("/dead"), receiver.url("/moved")
    urls = {"en": receiver.url("/here"), "fr": dead}
    day = replace(
        DAY,
        sources=(SourceText("Page", urls), SourceText("Again", dead)),
        stories=(replace(DAY.stories[0], sources=(SourceText("Story", moved),)), DAY.stories[1]),
    )
    action = replace(ACTION, links=(SourceText("Go", dead),))
    fact = replace(FACT, source=SourceText("Shy", receiver.url("/shy")))
    percents: list[int] = []
    problems = online_problems(
        project_of(day, facts={fact.id: fact}, actions={action.id: action}),
        progress=percents.append,
        pause_s=0,
    )
    told = [(p.level, p.code, p.file, p.entry) for p in problems]
    assert told == [
        ("warning", "dead-link", "config/observances/own.toml", "our-day"),
        ("warning", "dead-link", "config/actions.toml", "write"),
        ("note", "moved-link", "config/observances/own.toml", "our-day"),
        ("note", "guarded-link", "config/facts.toml", "members"),
    ]
    assert f"{moved} has moved for good: it is now {receiver.url('/new')}." in problems[2].message
    assert "404" in problems[0].message
    assert percents == [25, 50, 75, 100]


def test_every_address_that_ships_would_be_visited() -> None:
    project = shipped()
    found = addresses_of(project)
    assert len(found) > 150
    for day in project.days.texts.values():
        for source in day.sources:
            for language in ("en", "fr", "es"):
                assert day.id in {use.entry for use in found[source.link(language).url]}


@pytest.mark.parametrize(("options", "code"), [(("--online",), 0), (("--online", "--strict"), 1)])
def test_the_command_lists_what_was_visited_beside_the_rest(
    options: tuple[str, ...],
    code: int,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    dead = Problem("warning", "dead-link", "config/facts.toml", "members", "It is dead.")
    monkeypatch.setattr("bot.checking.online.online_problems", lambda _project, progress: [dead])
    monkeypatch.setattr(
        sys, "argv", ["vigilia", "check", "--config", str(ROOT / "config"), *options]
    )
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == code
    assert "config/facts.toml, members: It is dead.  [dead-link]" in capsys.readouterr().out
