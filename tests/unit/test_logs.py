"""The log: lines for people or JSON for programs, each with its action, never a secret."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from io import StringIO

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from bot import logs
from bot.logs import SecretMask, configure_logs, log

SECRET = "B0000/very-secret"


@pytest.fixture(autouse=True)
def mask(monkeypatch: pytest.MonkeyPatch) -> Iterator[SecretMask]:
    """A mask of the test's own; the log is as it was afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    mask = SecretMask()
    mask.know([SECRET])
    monkeypatch.setattr(logs, "SECRETS", mask)
    yield mask
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def _told(out: StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_program_gets_one_json_object_a_line() -> None:
    out = StringIO()
    configure_logs(out)

    log("delivered", "Geliefert, é.", key="k", late_s=0.5, channel=None)
    log("failed", "No.", level="error")

    first, second = _told(out)
    assert first["action"] == "delivered"
    assert (first["event"], first["level"], first["key"]) == ("Geliefert, é.", "info", "k")
    assert (first["late_s"], first["channel"]) == (0.5, None)
    assert str(first["timestamp"]).endswith("Z")
    assert second["level"] == "error"


def test_a_person_gets_lines_without_colours_where_there_are_none() -> None:
    out = StringIO()
    configure_logs(out, readable=True)

    log("started", "Vigilia watches.", pid=5)

    assert "Vigilia watches." in out.getvalue()
    assert "action=started" in out.getvalue()
    assert "\x1b" not in out.getvalue()


@pytest.mark.parametrize("readable", [True, False])
def test_a_secret_is_masked_wherever_it_stands(readable: bool) -> None:
    out = StringIO()
    configure_logs(out, readable=readable)

    log("a", f"POST {SECRET}", nested={"deep": [SECRET, (f"<{SECRET}>", 3)]})
    try:
        raise ConnectionError(f"HTTPSConnectionPool(host='x'): /{SECRET}")
    except ConnectionError:
        log("defect", "A defect.", level="error", exc_info=True)

    assert "very-secret" not in out.getvalue()
    assert "***" in out.getvalue()
    assert "ConnectionError" in out.getvalue()


def test_what_libraries_say_passes_the_same_mask() -> None:
    out = StringIO()
    configure_logs(out)

    logging.getLogger("urllib3").warning("Retrying %s", f"/{SECRET}")
    try:
        raise ValueError(SECRET)
    except ValueError:
        logging.getLogger("apscheduler").exception("Job failed")
    logging.getLogger("quiet").info("nothing")

    first, second = _told(out)
    assert (first["event"], first["level"]) == ("Retrying /***", "warning")
    assert (first["action"], first["logger"]) == ("library", "urllib3")
    assert (second["event"], second["level"]) == ("Job failed (ValueError)", "error")


@given(st.text(min_size=6), st.text(), st.text())
def test_no_text_around_a_secret_lets_it_through(secret: str, before: str, after: str) -> None:
    mask = SecretMask()
    mask.know([secret])

    said = mask(None, "info", {"event": f"{before}{secret}{after}", "more": {"k": [secret]}})

    assert secret not in str(said["event"]).replace("***", "\0")
    assert said["more"] == {"k": ["***"]}


def test_the_longer_of_two_secrets_is_masked_first() -> None:
    mask = SecretMask()
    mask.know(["secret", "secret-and-more"])

    assert mask(None, "info", {"event": "secret-and-more, secret"}) == {"event": "***, ***"}


def test_very_short_words_are_no_secrets() -> None:
    mask = SecretMask()
    mask.know(["the"])

    assert mask(None, "info", {"event": "the end"}) == {"event": "the end"}


def test_what_is_no_text_is_masked_as_it_would_be_printed(mask: SecretMask) -> None:
    moment = datetime(2026, 12, 9, tzinfo=UTC)

    said = mask(None, "info", {"at": moment, "error": ValueError(SECRET), "n": 3, "ok": True})

    assert said == {"at": str(moment), "error": "***", "n": 3, "ok": True}


@given(
    st.lists(st.text("abX", min_size=6, max_size=9), min_size=1, max_size=6, unique=True),
    st.lists(st.text("abX", max_size=12), max_size=6),
)
def test_no_secret_is_left_however_they_lie_across_each_other(
    secrets: list[str], others: list[str]
) -> None:
    mask = SecretMask()
    mask.know(secrets)
    text = "".join(map("".join, zip(others, secrets * 6, strict=False)))
    masked = str(mask(None, "", {"said": text})["said"])
    assert not any(secret in masked for secret in secrets)
    if not any(secret in text for secret in secrets):
        assert masked == text


def test_of_two_secrets_that_overlap_nothing_is_left() -> None:
    mask = SecretMask()
    mask.know(["abcdefgh", "efghSECRET"])
    assert mask(None, "", {"said": "<abcdefghSECRET>"})["said"] == "<***>"
