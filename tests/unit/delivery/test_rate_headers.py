"""What a platform's headers ask for, and the hosts that have no limit."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.delivery.rate_limits import AskedToWait, asked_to_wait, without_own_host

NOW = datetime(2026, 12, 9, 14, 0, tzinfo=UTC)
SECONDS = str(int(NOW.timestamp()) + 30)


@pytest.mark.parametrize(
    ("headers", "status", "asked"),
    [
        ({}, 200, None),
        ({"x-ratelimit-remaining": "1", "x-ratelimit-reset-after": "9"}, 200, None),
        ({"x-ratelimit-remaining": "0"}, 200, None),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset-after": "0"}, 200, None),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset-after": "1.5"}, 200, AskedToWait(1.5)),
        ({"ratelimit-remaining": "0", "ratelimit-reset": "20"}, 200, AskedToWait(20.0)),
        # Mastodon, Zulip, Rocket.Chat
        (
            {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "2026-12-09T14:00:30.000Z"},
            200,
            AskedToWait(30.0),
        ),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": SECONDS}, 200, AskedToWait(30.0)),
        (
            {"x-ratelimit-remaining": "0", "x-ratelimit-reset": f"{SECONDS}000"},
            200,
            AskedToWait(30.0),
        ),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1999"}, 200, AskedToWait(1999.0)),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset-after": "1e9"}, 200, AskedToWait(3600)),
        # Discord, for the whole machine
        (
            {"x-ratelimit-global": "true", "retry-after": "65"},
            429,
            AskedToWait(65.0, everywhere=True),
        ),
        (
            {"x-ratelimit-scope": "global", "x-ratelimit-reset-after": "2"},
            429,
            AskedToWait(2.0, everywhere=True),
        ),
        ({"x-ratelimit-global": "true", "retry-after": "65"}, 200, None),
        ({"x-ratelimit-scope": "user", "retry-after": "65"}, 429, None),
    ],
)
def test_headers_are_read_as_each_platform_writes_them(
    headers: dict[str, str], status: int, asked: AskedToWait | None
) -> None:
    assert asked_to_wait(headers, status, NOW) == asked


@given(
    st.dictionaries(
        st.sampled_from(
            [
                f"{before}ratelimit-{what}"
                for before in ("x-", "")
                for what in ("remaining", "reset", "reset-after", "scope", "global")
            ]
            + ["retry-after"]
        ),
        st.text() | st.floats().map(str) | st.integers().map(str) | st.datetimes().map(str),
    ),
    st.sampled_from([200, 429]),
)
def test_whatever_stands_there_a_wait_is_short_and_nothing_raises(
    headers: dict[str, str], status: int
) -> None:
    asked = asked_to_wait(headers, status, NOW)
    assert asked is None or 0 < asked.seconds <= 3600


@pytest.mark.parametrize(
    ("host", "trusted", "limited"),
    [
        ("127.0.0.1", ["127.0.0.1:8080"], False),
        ("127.0.0.1", ["127.0.0.1"], False),
        ("localhost", ["LOCALHOST:80"], False),
        ("::1", ["[::1]:8080"], False),
        ("[::1]", ["::1"], False),
        ("127.0.0.1", [], True),
        ("127.0.0.1", ["127.0.0.11:80"], True),
        ("10.0.0.1", ["10.0.0.1:80"], True),
        ("hooks.example.org", ["hooks.example.org"], True),
    ],
)
def test_only_a_trusted_host_of_this_machine_has_no_limit(
    host: str, trusted: list[str], limited: bool
) -> None:
    keys = (("webhook:abc", 1.0), (f"host:{host}", 50.0))
    kept = list(without_own_host(keys, trusted))
    assert kept == (list(keys) if limited else [keys[0]])
