"""The meaning of every status on every platform, in one table that a new platform joins by itself:
its test file, ``test_<platform>.py``, states ``ANSWERS``."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import import_module

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.answers import (
    LONGEST_DETAIL,
    LONGEST_WAIT,
    asked_wait,
    form_errors,
    harmless,
    read_answer,
    wait_of_seconds,
    words_at,
)
from bot.channels.outcome import Delivered, Outcome, Reason, Rejected, Retry, Unknown
from bot.channels.registry import PLATFORMS
from bot.channels.request import Response

from .answer_cases import Answers, Case
from .messages import AT

HTML = b"<!DOCTYPE html><html><title>Attention Required! | Cloudflare</title>https://x/token</html>"
BODIES = {
    "an empty body": b"",
    "a proxy's page": HTML,
    "bytes that are no text": b"\xff\xfe\x00\x1b[2J",
    "JSON that is no object": b"[1, null]",
    "JSON that nobody documented": b'{"message": {"a": 1}, "errors": [3], "retry_after": "soon"}',
    "JSON nested without end": b"[" * 5_000,
}
RETRIED = {429, 500, 503, 507, 511, 521, 522, 523, 525, 526, 530}
REFUSED_5XX = {501, 505}


def answers_of(name: str) -> Answers:
    module = import_module(f"tests.unit.channels.test_{PLATFORMS[name].__module__.split('.')[-1]}")
    stated: Answers = module.ANSWERS
    return stated


def expected_kind(status: int, body: bytes, answers: Answers) -> type[Outcome]:
    if 200 <= status <= 299:
        return Delivered if body != HTML and answers.proves(status, body) else Unknown
    if status in RETRIED:
        return Retry
    if status >= 500 and status not in REFUSED_5XX:
        return Unknown
    return Rejected


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
@pytest.mark.parametrize("name", PLATFORMS)
def test_every_status_means_the_same_on_every_platform_whatever_stands_in_front(
    name: str, body: bytes
) -> None:
    answers = answers_of(name)
    for status in range(100, 600):
        outcome = PLATFORMS[name].outcome(Response(status, {}, body), AT)
        assert type(outcome) is expected_kind(status, body, answers), status
        assert len(outcome.detail) <= LONGEST_DETAIL
        assert outcome.detail.isprintable()
        assert "token" not in outcome.detail
        if isinstance(outcome, Rejected):
            assert outcome.gone is (status in answers.gone and body != HTML), status


@pytest.mark.parametrize("name", PLATFORMS)
def test_what_a_platform_documents_is_read_as_documented(name: str) -> None:
    for case in answers_of(name).cases:
        outcome = PLATFORMS[name].outcome(case.response, AT)
        assert replace(outcome, detail="") == case.outcome, case


@pytest.mark.parametrize("name", PLATFORMS)
def test_no_platform_misreads_what_another_documents(name: str) -> None:
    documented = [case for other in PLATFORMS for case in answers_of(other).cases]
    telling = {200, 299, 300, 399, 400, 499, 500, 599, *(case.status for case in documented)}
    own = {(case.status, case.body): type(case.outcome) for case in answers_of(name).cases}
    own_bodies = {body for _, body in own}
    for body in {case.body for case in documented}:
        for status in range(200, 600) if body in own_bodies else telling:
            outcome = PLATFORMS[name].outcome(Response(status, {}, body.encode()), AT)
            assert len(outcome.detail) <= LONGEST_DETAIL
            assert outcome.detail.isprintable()
            if (status, body) in own:
                continue
            if isinstance(outcome, Delivered):
                assert 200 <= status <= 299
            if isinstance(outcome, Retry) and status not in RETRIED:
                # A body that says so itself: "try later", under a status that does not.
                assert Retry in {kind for (_, known), kind in own.items() if known == body}


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (302, Reason.REDIRECT),
        (100, Reason.REDIRECT),
        (400, Reason.BAD_REQUEST),
        (401, Reason.UNAUTHORISED),
        (403, Reason.FORBIDDEN),
        (404, Reason.GONE),
        (410, Reason.GONE),
        (413, Reason.TOO_LARGE),
        (418, Reason.BAD_REQUEST),
        (429, Reason.RATE_LIMITED),
        (501, Reason.SERVER_ERROR),
        (503, Reason.SERVER_ERROR),
        (502, Reason.GATEWAY),
        (599, Reason.GATEWAY),
    ],
)
def test_the_reason_says_what_kind_of_refusal_it_was(status: int, reason: Reason) -> None:
    outcome = read_answer(Response(status, {}, b""), AT)
    assert outcome.reason is reason
    assert outcome.detail == f"HTTP {status}"


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("120", timedelta(seconds=120)),
        (" 0.65 ", timedelta(seconds=0.65)),
        ("Wed, 09 Dec 2026 14:01:30 GMT", timedelta(seconds=90)),
        ("Wed, 09 Dec 2026 14:01:30 -0000", timedelta(seconds=90)),
        ("Wed, 09 Dec 2026 13:00:00 GMT", timedelta(0)),
        ("Sat, 09 Dec 2096 13:00:00 GMT", LONGEST_WAIT),
        ("-5", timedelta(0)),
        ("1e400", LONGEST_WAIT),
        ("999999999999", LONGEST_WAIT),
        ("NaN", None),
        ("inf", None),
        ("1_0", None),
        ("٣", None),
        ("soon", None),
        ("Wed, 99 Dec 2026 14:01:30 GMT", None),
        ("", None),
    ],
)
def test_a_wait_is_read_in_every_unit_and_bounded(value: str, wait: timedelta | None) -> None:
    assert asked_wait(Response(429, {"retry-after": value}, b""), AT) == wait


def test_the_longer_of_two_waits_counts() -> None:
    response = Response(429, {"retry-after": "1"}, b"")
    assert asked_wait(response, AT, timedelta(seconds=40)) == timedelta(seconds=40)
    assert asked_wait(response, AT, timedelta(0)) == timedelta(seconds=1)


@given(
    st.one_of(
        st.floats(), st.integers(), st.none(), st.text(), st.booleans(), st.just(float("nan"))
    )
)
def test_whatever_a_body_calls_a_wait_it_is_bounded_or_ignored(seconds: object) -> None:
    wait = wait_of_seconds(seconds)
    assert wait is None or timedelta(0) <= wait <= LONGEST_WAIT


@given(st.text(max_size=40), st.datetimes(timezones=st.just(UTC)))
def test_no_header_makes_the_wait_fail(value: str, at: datetime) -> None:
    wait = asked_wait(Response(429, {"retry-after": value}, b""), at)
    assert wait is None or timedelta(0) <= wait <= LONGEST_WAIT


@given(st.text(max_size=600))
def test_what_a_platform_said_is_shown_as_one_short_line(text: str) -> None:
    line = harmless(text)
    assert len(line) <= LONGEST_DETAIL
    assert line.isprintable()


@pytest.mark.parametrize(
    "secret",
    [
        "https://hooks.slack.com/services/T0/B0/x",
        "/api/webhooks/123456789012345678/aB3-dE_fG7",
        "T0001A2B3/B0001A2B3/xYz123abcDEF456ghi789JKL",
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_c2VjcmV0IHRoYXQgaXMgbG9uZw==",
        "0123456789ab",
    ],
)
def test_an_echoed_secret_is_masked(secret: str) -> None:
    line = harmless(f"No such hook: {secret} (sorry)")
    assert line == "No such hook: *** (sorry)"


def test_words_and_codes_are_not_taken_for_secrets() -> None:
    said = "missing_text_or_fallback_or_attachments INVALID_ARGUMENT Unauthenticated request"
    assert harmless(said) == said


def test_a_long_body_is_cut_and_says_so() -> None:
    line = harmless("word " * 1000)
    assert line.endswith("…")


def test_a_body_that_is_no_object_is_an_empty_one() -> None:
    assert Response(200, {}, b"[]").json == {}
    assert Response(200, {}, b"\xff").json == {}
    assert Response(200, {}, b'{"a": 1}').json == {"a": 1}


def test_the_matrix_has_documented_answers_of_every_platform_that_has_any() -> None:
    documented = {name for name in PLATFORMS if answers_of(name).cases}
    assert documented >= {name for name in PLATFORMS if not PLATFORMS[name].local}
    assert all(isinstance(case, Case) for name in documented for case in answers_of(name).cases)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"error": {"code": 40, "text": "No such room."}}, "40 No such room."),
        ({"error": {"code": "gone", "text": ""}}, "gone"),
        ({"error": {"code": 40}}, None),
        ({"error": {"code": True, "text": "No."}}, "No."),
        ({"error": "No."}, None),
        ({"error": {"text": ["No."]}}, None),
        ([1], None),
    ],
)
def test_words_are_read_where_a_platform_has_them(answer: object, words: str | None) -> None:
    assert words_at(answer, ("error.code", "error.text")) == words


def test_a_wait_may_be_in_any_unit() -> None:
    assert wait_of_seconds(1500, 0.001) == timedelta(seconds=1.5)
    assert wait_of_seconds(10**400, 0.001) == wait_of_seconds(10**400) == LONGEST_WAIT
    assert wait_of_seconds(True, 0.001) is None


def test_the_errors_of_a_form_are_found_however_deep_they_are() -> None:
    errors = {
        "embeds": {"0": {"title": {"_errors": [{"code": "LONG", "message": "Too long."}, 7]}}}
    }
    assert list(form_errors(errors)) == ["(embeds.0.title: Too long.)"]
    assert list(form_errors({"_errors": [{"code": "LONG"}]})) == ["(: LONG)"]
    assert list(form_errors([1])) == []
