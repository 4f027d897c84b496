"""The API: the same shapes as ``--json``, changes with the token alone, troubles as problems."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any, cast

import pytest
from httpx2 import Response as Answer

from bot.channels.outcome import Reason
from bot.channels.request import Response
from bot.errors import LedgerError
from bot.ledger.ledger import Ledger
from bot.ledger.rows import State
from bot.schemas import DeliverySchema
from tests.page import CANARIES, NOW, Stage
from tests.unit.project_files import text_of
from tests.unit.web.browsing import BASE, Browser

TOKEN = {"authorization": f"Bearer {CANARIES['VIGILIA_WEB_TOKEN']}"}
PROBLEM = "application/problem+json"


@pytest.fixture
def ask(visitor: Browser) -> Browser:
    """A program that says the token."""
    visitor.client.headers.update(TOKEN)
    return visitor


def got(ask: Browser, path: str) -> Any:
    answer = ask.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


def sent(ask: Browser, path: str, **body: Any) -> Answer:
    return ask.client.post(path, json={"who": "Ana", **body})


def refused(answer: Answer, status: int) -> str:
    """Gives why a request was refused."""
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM), answer.text
    said = answer.json()
    assert said["status"] == status and said["type"] == "about:blank"
    assert said["title"] and said["title"] != "Error"
    return str(said["detail"])


# reading


def test_what_comes_is_as_the_command_has_it(ask: Browser, locked: Stage) -> None:
    rows = got(ask, "/api/upcoming?days=90&channel=ottawa")
    assert rows[0] == {
        "key": locked.keys["coming"],
        "observance": "genocide-convention-in-force",
        "date": "2027-01-12",
        "lead_days": 0,
        "channel": "ottawa",
        "languages": ["en", "fr"],
        "due_at": "2027-01-12T14:00:00Z",
        "title": "Entry into force of the Genocide Convention",
        "approval": False,
    }
    assert {row["channel"] for row in got(ask, "/api/upcoming?days=90")} > {"ottawa", "gate"}
    assert [row["due_at"] for row in rows] == sorted(row["due_at"] for row in rows)


def test_the_history_is_filtered_searched_and_turned_over(ask: Browser, locked: Stage) -> None:
    row = locked.ledger.delivery(locked.keys["unknown"])
    assert row is not None
    unknown = got(ask, "/api/history?state=unknown&state=failed")
    assert {one["state"] for one in unknown} == {"unknown", "failed"}
    assert DeliverySchema.model_validate(row).model_dump(mode="json") in unknown
    every = got(ask, "/api/history?limit=1000")
    first = got(ask, "/api/history?limit=4")
    assert first == every[:4]
    last = first[-1]["key"].replace("+", "%2B")
    assert got(ask, f"/api/history?limit=4&before={last}") == every[4:8]
    assert {one["channel"] for one in got(ask, "/api/history?channel=inbox")} == {"inbox"}
    day = every[0]["observance"]
    assert {one["observance"] for one in got(ask, f"/api/history?observance={day}")} == {day}
    assert 0 < len(got(ask, "/api/history?q=derechos")) < len(every)


def test_channels_days_and_figures_are_listed(ask: Browser, locked: Stage) -> None:
    locked.ledger.pause_channel("ottawa", Reason.GONE, "It is gone.", "0", NOW)
    channels = {one["name"]: one for one in got(ask, "/api/channels")}
    assert channels["ottawa"]["state"] == "paused: It is gone."
    assert channels["inbox"]["state"] == "active"
    assert channels["ottawa"]["next_key"] == locked.keys["coming"]
    days = {one["observance"]: one for one in got(ask, "/api/calendar?year=2027&language=es")}
    assert days["human-rights-day"]["name"] == "Día de los Derechos Humanos"
    assert days["human-rights-day"]["date"] == "2027-12-10"
    assert got(ask, "/api/calendar")[0]["date"].startswith("2026-")
    facts = got(ask, "/api/facts")
    assert {one["id"] for one in facts} == set(locked.project.facts)
    assert not any(one["stale"] for one in facts)
    locked.clock.set(NOW + timedelta(days=3_000))
    assert all(one["stale"] for one in got(ask, "/api/facts"))


def test_health_is_as_the_command_says_it(ask: Browser, locked: Stage) -> None:
    locked.ledger.alive(locked.run, NOW)
    said = got(ask, "/api/health")
    assert said["alive"] and said["message"].startswith("The service is alive")
    assert said["ledger"]["unknown"] == 2
    locked.ledger.end_run(locked.run, NOW)
    assert got(ask, "/api/health")["message"] == "The service was stopped."


def test_a_posting_is_told_with_words_attempts_and_decisions(ask: Browser, locked: Stage) -> None:
    past = got(ask, f"/api/posting/{locked.keys['discord']}")
    assert past["delivery"]["state"] == "delivered"
    assert past["attempts"][0]["reason"] == "accepted" and past["attempts"][0]["status"] == 200
    assert past["message"]["parts"][0]["language"] == "es"
    key = locked.keys["asked"]
    coming = got(ask, f"/api/posting/{key}")
    assert (coming["standing"], coming["delivery"], coming["attempts"]) == ("waiting", None, [])
    locked.ledger.decide(key, "hold", "Ben", "not yet", NOW)
    held = got(ask, f"/api/posting/{key}")
    assert held["standing"] == "held"
    assert [(one["who"], one["why"]) for one in held["decisions"]] == [("Ben", "not yet")]


@pytest.mark.parametrize(
    "path",
    [
        "/api/upcoming?channel=nowhere",
        "/api/history?before=no/such/key",
        "/api/posting/no/such/key",
        "/api/calendar?language=tlh",
        "/api/no-such-thing",
    ],
)
def test_what_is_not_there_is_a_problem(ask: Browser, path: str) -> None:
    assert refused(ask.get(path), 404)


def test_what_is_not_understood_is_named_but_never_repeated(ask: Browser) -> None:
    answer = ask.get("/api/history?limit=CANARYwrong&state=CANARYwrong")
    refused(answer, 422)
    assert {one["where"] for one in answer.json()["errors"]} == {"query.limit", "query.state.0"}
    assert "CANARYwrong" not in answer.json()["errors"][0]["message"]


def test_no_answer_holds_a_secret(ask: Browser, locked: Stage) -> None:
    paths = ["upcoming?days=400", "history?limit=1000", "channels", "calendar", "facts", "health"]
    paths += [f"posting/{key}" for key in locked.keys.values()] + ["openapi.json"]
    for path in paths:
        text = json.dumps(got(ask, f"/api/{path}"))
        assert not [canary for canary in CANARIES.values() if canary in text], path


# changing


def test_an_approval_is_of_the_words_that_were_read(ask: Browser, locked: Stage) -> None:
    key = locked.keys["asked"]
    digest = got(ask, f"/api/posting/{key}")["digest"]
    said = refused(sent(ask, "/api/approve", key=key, digest="0" * 32), 409)
    assert "not those" in said and not locked.ledger.decisions([key])
    answer = sent(ask, "/api/approve", key=key, digest=digest, why="read twice")
    assert answer.status_code == 200 and answer.json()["standing"] == "approved"
    decision = locked.ledger.decisions([key])[key]
    assert (decision.who, decision.why, decision.digest) == ("Ana", "read twice", digest)
    assert locked.woken.times == 1


@pytest.mark.parametrize(
    ("path", "key", "body", "state"),
    [
        ("/api/skip", "retrying", {}, State.SKIPPED),
        ("/api/hold", "retrying", {}, State.HELD),
        ("/api/retry", "failed", {}, State.READY),
        ("/api/resolve", "unknown", {"how": "delivered"}, State.DELIVERED),
        ("/api/resolve", "unknown", {"how": "resend"}, State.READY),
        ("/api/retract", "discord", {}, State.RETRACTED),
    ],
)
def test_a_decision_is_made_and_the_posting_shown_as_it_then_stands(
    ask: Browser, locked: Stage, path: str, key: str, body: dict[str, str], state: State
) -> None:
    locked.transport.answer = Response(204, {}, b"")
    answer = sent(ask, path, key=locked.keys[key], **body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["delivery"]["state"] == state
    assert locked.ledger.decision_log(locked.keys[key])[-1].who == "Ana"
    assert locked.woken.times == 1


@pytest.mark.parametrize(
    ("path", "key", "body"),
    [
        ("/api/skip", "delivered", {}),
        ("/api/hold", "failed", {}),
        ("/api/retry", "coming", {}),
        ("/api/retry", "delivered", {}),
        ("/api/resolve", "failed", {"how": "delivered"}),
        ("/api/retract", "failed", {}),
        ("/api/retract", "delivered", {}),
    ],
)
def test_what_cannot_be_decided_any_more_changes_nothing(
    ask: Browser, locked: Stage, path: str, key: str, body: dict[str, str]
) -> None:
    before = locked.ledger.history()
    assert refused(sent(ask, path, key=locked.keys[key], **body), 409)
    assert locked.ledger.history() == before and locked.woken.times == 0


def test_a_platform_that_does_not_take_it_back_is_told(ask: Browser, locked: Stage) -> None:
    locked.transport.answer = Response(403, {}, b"")
    said = refused(sent(ask, "/api/retract", key=locked.keys["discord"]), 409)
    assert said.startswith("The platform did not take it back.")


def test_everything_is_paused_and_goes_on(ask: Browser, locked: Stage) -> None:
    until = (NOW + timedelta(days=1)).isoformat()
    answer = ask.client.post("/api/pause", json={"until": until})
    assert answer.json() == {"paused_until": "2026-12-11T16:00:00Z"}
    assert locked.ledger.paused_until() == NOW + timedelta(days=1)
    assert ask.client.post("/api/resume").json() == {"paused_until": None}
    assert locked.ledger.paused_until() is None and locked.woken.times == 1


@pytest.mark.parametrize("until", ["2026-12-10T15:59:59Z", "2027-03-01T00:00:00Z"])
def test_a_pause_lies_ahead_and_ends_within_a_month(
    ask: Browser, locked: Stage, until: str
) -> None:
    assert refused(ask.client.post("/api/pause", json={"until": until}), 409)
    assert locked.ledger.paused_until() is None


@pytest.mark.parametrize(
    "body",
    [
        {"key": "x"},
        {"key": "x", "who": "  "},
        {"key": "x", "who": "Ana", "reason": "a word that is not there"},
        {"key": "", "who": "Ana"},
        {"who": "Ana"},
        [],
    ],
)
def test_a_decision_says_which_and_who_and_nothing_else(ask: Browser, body: Any) -> None:
    assert refused(ask.client.post("/api/skip", json=body), 422)


# who may


def test_neither_a_login_nor_a_cookie_changes_anything(visitor: Browser, locked: Stage) -> None:
    secret = CANARIES["VIGILIA_WEB_TOKEN"]
    visitor.send("/login", {"secret": secret, "name": "Ana"}, of="/login")
    assert visitor.get("/api/channels").status_code == 200
    csrf = visitor.csrf()
    answer = visitor.client.post(
        "/api/skip",
        json={"key": locked.keys["coming"], "who": "Ana"},
        headers={"origin": BASE, "x-csrf-token": csrf},
    )
    assert "No login and no cookie counts here." in refused(answer, 401)
    assert not locked.ledger.decisions([locked.keys["coming"]])


def test_without_the_token_nothing_is_told(visitor: Browser) -> None:
    for path in ("/api/upcoming", "/api/openapi.json", "/metrics", "/api/posting/x", "/live"):
        answer = visitor.get(path)
        assert refused(answer, 401) == "A token is needed here, or a login."
        assert answer.headers["www-authenticate"].startswith("Bearer")
    wrong = visitor.client.get("/api/upcoming", headers={"authorization": "Bearer wrong"})
    assert refused(wrong, 401)


def test_on_this_machine_alone_programs_may_read_but_not_change(
    browser: Browser, stage: Stage
) -> None:
    assert browser.get("/api/upcoming").status_code == 200
    assert browser.get("/metrics").status_code == 200
    said = refused(browser.client.post("/api/resume", headers={"origin": BASE}), 401)
    assert "VIGILIA_WEB_TOKEN" in said


def test_another_name_of_the_host_is_a_problem_too(ask: Browser) -> None:
    said = refused(ask.get("/api/upcoming", host="evil.example"), 421)
    assert "evil.example" in said


def test_too_much_is_a_problem_too(ask: Browser) -> None:
    assert refused(ask.client.post("/api/skip", content=b"x" * 70_000), 413)


def test_a_wrong_method_says_the_right_one(ask: Browser) -> None:
    answer = ask.client.delete("/api/upcoming")
    refused(answer, 405)
    assert answer.headers["allow"] == "GET"


# trouble


class Broken:
    """A ledger that answers nothing."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getattr__(self, _name: str) -> Any:
        raise self._error


@pytest.fixture
def broken(ask: Browser, locked: Stage) -> Stage:
    locked.site.ledger = cast("Ledger", Broken(LedgerError("The disk is full.")))
    return locked


def test_a_ledger_in_trouble_is_a_problem(ask: Browser, broken: Stage) -> None:
    assert refused(ask.get("/api/history"), 503) == "The disk is full."
    ready = ask.get("/readyz")
    assert (ready.status_code, ready.text) == (503, "The ledger cannot be read.\n")


def test_a_defect_is_a_problem_that_tells_nothing_of_itself(ask: Browser, locked: Stage) -> None:
    locked.site.ledger = cast("Ledger", Broken(RuntimeError("CANARYinside")))
    answer = ask.get("/api/history")
    assert "Please report it" in refused(answer, 500) and "CANARYinside" not in answer.text


# the probes


def test_the_probes_are_open_to_anybody_and_tell_nothing(visitor: Browser) -> None:
    assert (visitor.get("/healthz").text, visitor.get("/readyz").text) == ("ok\n", "ready\n")
    assert visitor.client.head("/healthz").status_code == 200


def test_a_service_that_ails_is_not_alive(visitor: Browser, locked: Stage) -> None:
    locked.site.health_problem = lambda: "The planner stands still."
    answer = visitor.get("/healthz")
    assert (answer.status_code, answer.text) == (503, "The planner stands still.\n")
    assert visitor.get("/readyz").status_code == 200


def test_the_numbers_come_in_prometheus_own_format(ask: Browser) -> None:
    answer = ask.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert "\nvigilia_well 1.0\n" in answer.text
    assert not [canary for canary in CANARIES.values() if canary in answer.text]


# the paper


def test_every_address_is_told_of_with_all_it_takes(ask: Browser) -> None:
    paper = text_of("docs/api.md")
    description = got(ask, "/api/openapi.json")
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            address = f"{method.upper()} {path.replace('{key}', 'KEY')}"
            (row,) = [line for line in paper.splitlines() if f"`{address}`" in line]
            for parameter in operation.get("parameters", []):
                assert parameter["in"] == "path" or f"`{parameter['name']}`" in row
            body = operation.get("requestBody")
            if body is not None:
                name = body["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
                taken = description["components"]["schemas"][name]["properties"]
                (told,) = re.findall(r"`\{([a-z, ]+)\}`", row)
                assert set(told.split(", ")) == set(taken)
    posting = description["components"]["schemas"]["PostingSchema"]["properties"]
    (told,) = re.findall(r"A posting is `\{([a-z_,\s]+)\}`", paper)
    assert re.split(r",\s+", told) == list(posting)
