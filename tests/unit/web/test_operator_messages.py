"""What the operator is told is nobody's posting: no page, feed or number shows it unasked."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fastapi.routing import APIRoute

from bot.channels.outcome import Reason
from bot.content.message import Message, Part
from bot.ledger.rows import OutcomeName, Settlement, State
from bot.web.routes import ROUTERS
from tests.contract.ledger.making import LEASE
from tests.page import CANARIES, NOW, Stage
from tests.unit.web.browsing import Browser

WORDS = Message("operator", (), NOW.date(), (Part("en", "Xylophone", "Xylophone"),)).to_json()
AT = NOW - timedelta(minutes=1)


@pytest.fixture
def program(visitor: Browser) -> Browser:
    """Whoever says the token sees pages, feeds, numbers and the API."""
    token = f"Bearer {CANARIES['VIGILIA_WEB_TOKEN']}"
    visitor.client.headers.update({"authorization": token})
    return visitor


def tell(stage: Stage) -> dict[State, str]:
    """Writes messages to the operator, on a channel that posts too; gives one key a state."""
    ledger, keys = stage.ledger, {}
    for state in (State.READY, State.FAILED, State.UNKNOWN, State.MISSED):
        keys[state] = ledger.tell(
            "ottawa", WORDS, {state.value: ["x"]}, now=AT, useful_for=timedelta(hours=9)
        )
        row = ledger.delivery(keys[state], operator=True)
        assert row is not None
        if state in (State.FAILED, State.UNKNOWN):
            (claim,) = ledger.claim([row], stage.run, AT, LEASE)
            ledger.settle([(claim, end(state))], AT)
    return keys


def end(state: State) -> Settlement:
    outcome: OutcomeName = "unknown" if state is State.UNKNOWN else "rejected"
    return Settlement(state, outcome, Reason.BAD_REQUEST)


def pages() -> list[str]:
    """Gives every address that needs no more than itself, but the one whose answer never ends."""
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    paths = {route.path for route in routes if "GET" in (route.methods or ())}
    return sorted(path for path in paths if "{" not in path and path != "/live")


def numbers(program: Browser) -> list[str]:
    lines = program.get("/metrics").text.splitlines()
    return [line for line in lines if "heartbeat_age" not in line]


def test_no_page_feed_or_number_shows_it(program: Browser, locked: Stage) -> None:
    paths = pages()
    assert {"/", "/deliveries", "/feed.atom", "/api/history", "/metrics"} <= set(paths)
    health, before = program.get("/api/health").json()["ledger"], numbers(program)
    keys = tell(locked)
    while locked.ledger.index_words():
        pass
    for path in [*paths, "/deliveries?q=Xylophone", "/api/history?q=operator&limit=1000"]:
        page = program.get(path).text
        assert "operator/" not in page.replace('value="operator/', ""), path
        assert "Xylophone" not in page.replace("q=Xylophone", "").replace(
            'value="Xylophone"', ""
        ), path
    assert program.get("/api/health").json()["ledger"] == health
    assert numbers(program) == before
    for key in keys.values():
        assert program.get(f"/posting/{key}").status_code == 404
        assert program.get(f"/api/posting/{key}").status_code == 404


def test_the_history_has_it_for_whoever_asks(program: Browser, locked: Stage) -> None:
    keys = tell(locked)
    rows = program.get("/api/history?operator=true").json()
    assert {row["key"] for row in rows} == set(keys.values())
    (failed,) = program.get("/api/history?operator=true&state=failed").json()
    assert failed["key"] == keys[State.FAILED]
    first = program.get("/api/history?operator=true&limit=1").json()
    rest = program.get(f"/api/history?operator=true&before={first[0]['key']}").json()
    assert [*first, *rest] == rows
