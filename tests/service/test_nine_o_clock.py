"""The morning of 9 December: the service as a process with its clock set, and a real receiver."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import time_machine
from standardwebhooks import Webhook

from bot.ledger.rows import State
from tests.receiver import Answer, Received
from tests.service.installation import (
    DAY,
    NINE,
    SIGNING_SECRET,
    TOKEN,
    Installation,
    seconds,
    table,
    webhook,
)

LANGUAGES = ["en", "fr", "es"]
HOOK = f"/services/T0TEST/B0TEST/{TOKEN}"
WEBHOOK = f"/api/webhooks/112233445566778899/{TOKEN}"


def three_channels(installed: Installation) -> None:
    shared: dict[str, object] = {"languages": LANGUAGES, "include": [DAY]}
    receiver = installed.receiver
    receiver.answer(WEBHOOK, Answer(200, b'{"id": "1234567890"}'))
    installed.write(
        table("team", {"platform": "slack", "url": receiver.url(HOOK), **shared}),
        table("comunidad", {"platform": "discord", "url": receiver.url(WEBHOOK), **shared}),
        webhook("site", receiver, languages=LANGUAGES),
    )


def by_platform(requests: list[Received]) -> dict[str, Received]:
    names = {"services": "slack", "api": "discord", "site": "webhook"}
    found = {names[request.path.split("/")[1]]: request for request in requests}
    assert len(found) == len(requests)
    return found


def all_text(value: Any) -> str:
    """Gives every text in a JSON value, with plain spaces."""
    if isinstance(value, dict):
        return " ".join(all_text(inner) for inner in value.values())
    if isinstance(value, list):
        return " ".join(all_text(inner) for inner in value)
    return re.sub(r"\s", " ", value) if isinstance(value, str) else ""


def check_what_arrived(requests: list[Received]) -> None:
    arrived = by_platform(requests)
    assert set(arrived) == {"slack", "discord", "webhook"}
    for request in arrived.values():
        said = all_text(request.json)
        for word in ("12th", "78th", "12e", "78e", "12.ª", "78 años"):
            assert word in said, f"{word} is not in {said}"
        assert "undocs.org" in request.body.decode()
    signed = arrived["webhook"]
    with time_machine.travel(NINE + seconds(60)):  # what is five minutes old is not accepted
        assert Webhook(SIGNING_SECRET).verify(signed.body, dict(signed.headers)) == signed.json
    assert signed.json["data"]["languages"] == LANGUAGES
    assert all(part["sources"] for part in signed.json["data"]["messages"])


def check_nothing_leaks(installed: Installation, *texts: str) -> None:
    """Looks for every secret in what was said and in every byte that was left on the disk."""
    for text in texts:
        assert TOKEN not in text
        assert SIGNING_SECRET not in text
    files = [file for file in (installed.root / "var").rglob("*") if file.is_file()]
    assert files
    for file in files:
        assert TOKEN.encode() not in file.read_bytes()
        assert SIGNING_SECRET.removeprefix("whsec_").encode() not in file.read_bytes()


def test_each_channel_gets_the_post_of_nine_o_clock_once(installed: Installation) -> None:
    three_channels(installed)
    service = installed.start("--at", "2026-12-09T08:59:55-05:00")
    delivered = service.wait_for("delivered", 3)
    assert installed.tell("health").code == 0
    check_what_arrived(installed.receiver.requests)
    assert service.stop() == 0

    late = sorted(record["late_s"] for record in delivered)
    print(f"late_s: {late}")
    assert {record["key"] for record in delivered} == {
        f"{DAY}/2026-12-09/0/{name}/en+fr+es" for name in ("team", "comunidad", "site")
    }
    rows = installed.rows()
    assert {row.state for row in rows.values()} == {State.DELIVERED}
    assert rows["comunidad"].remote_id == "1234567890"
    with installed.reading() as ledger:
        assert [a.status for a in ledger.attempts(rows["site"].key)] == [200]

    again = installed.rehearse(NINE + seconds(30))
    again.wait_for("started")
    assert again.stop() == 0
    assert len(installed.receiver.requests) == 3
    assert not again.said("planned")
    check_nothing_leaks(installed, *service.lines, *again.lines)
    health = installed.tell("health")
    assert (health.code, health.out) == (1, "The service was stopped.\n")


def test_the_clock_of_the_operating_system_posts_too(installed: Installation) -> None:
    found = importlib.util.find_spec("libfaketime")
    assert found is not None
    assert found.origin is not None
    library = Path(found.origin).parent / "vendor/libfaketime/src/libfaketime.so.1"
    assert library.exists()
    three_channels(installed)
    installed.known_since(NINE - seconds(60), real=True)
    service = installed.start(
        LD_PRELOAD=str(library),
        FAKETIME="@2026-12-09 08:59:58",
        FAKETIME_DONT_FAKE_MONOTONIC="1",
        TZ="America/Toronto",
    )
    records = service.wait_for("delivered", 3)
    assert all(record["timestamp"].startswith("2026-12-09T14:00:") for record in records)
    assert service.said("started")[0]["rehearsal"] is False
    check_what_arrived(installed.receiver.requests)
    with installed.reading() as ledger:
        assert ledger.mode == "real"
    assert service.stop() == 0


def test_a_post_that_cannot_be_delivered_leaks_nothing(installed: Installation) -> None:
    path = f"/site/{TOKEN}"
    installed.receiver.answer(path, Answer(500, f"at {installed.receiver.url(path)}".encode()))
    installed.write(
        webhook("site", installed.receiver),
        # nobody listens there: what requests says of it holds the address
        webhook("closed", installed.receiver, url=f"http://127.0.0.1:1/{TOKEN}"),
    )
    config = installed.root / "config" / "vigilia.toml"
    trusted = config.read_text("utf-8").replace('"]', '", "127.0.0.1:1"]')
    config.write_text(trusted, "utf-8")
    installed.known_since(NINE - seconds(60))
    service = installed.rehearse(NINE)
    service.wait_for("retrying", 2)
    assert service.stop() == 0
    rows = installed.rows()
    assert {row.state for row in rows.values()} == {State.RETRYING}
    check_nothing_leaks(installed, *service.lines, *(row.detail for row in rows.values()))
