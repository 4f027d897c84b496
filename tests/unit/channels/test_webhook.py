from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from hypothesis import given, settings
from pydantic import ValidationError
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from bot.channels.fitting import CannotFitError
from bot.channels.outcome import Delivered, Reason, Rejected, Retry, Unknown
from bot.channels.request import HttpRequest
from bot.channels.webhook import PLATFORM, WebhookOptions
from bot.content.message import Link, Message
from bot.errors import RenderError

from .answer_cases import Answers, Case
from .golden_files import matches_golden
from .messages import AT, ENGLISH, ENVELOPE, REAL, messages

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PREVIOUS = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
OPTIONS = WebhookOptions.model_validate(
    {"url": "https://example.org/hooks/0123456789abcdef", "secret": SECRET}
)
ROTATING = WebhookOptions.model_validate(
    {"url": "https://example.org/hook", "secret": SECRET, "secret_previous": PREVIOUS}
)

CHANNEL = """
url = "http://127.0.0.1:9/hook"
secret = "whsec_Q0FOQVJZd2ViaG9va1NFQ1JFVDAwMDN4eA=="
"""

ANSWERS = Answers(
    gone=frozenset({410}),
    cases=(
        Case(200, "", Delivered()),
        Case(202, '{"queued": true}', Delivered()),
        Case(404, "", Rejected(Reason.GONE)),
        Case(410, "", Rejected(Reason.GONE, gone=True)),
        Case(429, "", Retry(Reason.RATE_LIMITED)),
        Case(502, "", Unknown(Reason.GATEWAY)),
        Case(504, "", Unknown(Reason.GATEWAY)),
    ),
)


def sent(
    message: Message, options: WebhookOptions = OPTIONS, request_id: str = ENVELOPE.request_id
) -> HttpRequest:
    request = PLATFORM.request(message, options, replace(ENVELOPE, request_id=request_id))
    assert isinstance(request, HttpRequest)
    return request


def verified(request: HttpRequest, secret: str) -> Any:
    return Verifier(secret).verify(request.body, dict(request.headers))


def test_a_real_message_is_what_a_person_can_read_in_the_golden_file() -> None:
    matches_golden("webhook", sent(REAL).shown())


def test_the_library_signs_the_published_vector() -> None:
    signature = Verifier(SECRET).sign(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        datetime.fromtimestamp(1614265330, UTC),
        '{"test": 2432232314}',
    )
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@settings(max_examples=60, deadline=None)
@given(messages)
def test_a_receiver_verifies_the_very_bytes_and_reads_the_whole_message(message: Message) -> None:
    request = sent(message)
    with time_machine.travel(AT):
        data = verified(request, SECRET)["data"]
    assert data["languages"] == list(message.languages)
    assert [part["language"] for part in data["messages"]] == list(message.languages)
    assert data["key"] == ENVELOPE.key
    assert len(request.body) <= 20_000


def test_a_changed_byte_is_not_verified() -> None:
    request = sent(REAL)
    with time_machine.travel(AT), pytest.raises(WebhookVerificationError):
        Verifier(SECRET).verify(request.body + b" ", dict(request.headers))


def test_both_secrets_verify_while_one_replaces_the_other() -> None:
    request = sent(REAL, ROTATING)
    assert request.headers["webhook-signature"].count("v1,") == 2
    with time_machine.travel(AT):
        assert verified(request, SECRET) == verified(request, PREVIOUS)
    with time_machine.travel(AT), pytest.raises(WebhookVerificationError):
        verified(sent(REAL), PREVIOUS)


def test_the_id_is_the_requests_and_the_time_the_attempts() -> None:
    request = sent(REAL)
    assert request.headers["webhook-id"] == ENVELOPE.request_id
    assert request.headers["webhook-timestamp"] == str(int(AT.timestamp()))
    assert json.loads(request.body)["timestamp"] == "2026-12-09T14:00:00Z"
    with pytest.raises(RenderError, match="may not contain"):
        sent(REAL, request_id="a.b")


def test_a_large_message_is_shortened_under_what_the_specification_advises() -> None:
    links = tuple(Link("Source " + "é" * 200, f"https://a.example/{n}") for n in range(60))
    message = replace(REAL, parts=(replace(ENGLISH, sources=links),))
    assert "loses its last" in PLATFORM.fitting_problems(message)[0]
    assert 19_000 < len(sent(message).body) <= 20_000
    with pytest.raises(CannotFitError):
        sent(replace(REAL, parts=(replace(ENGLISH, body="x" * 20_000),)))


@pytest.mark.parametrize(
    "secret",
    [
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_",
        "whsec_c2hvcnQ=",
        "whsec_not base64 at all, but long enough for it",
        "whsec_" + "A" * 100,
        "whsec_é" + "A" * 40,
    ],
)
def test_what_is_no_signing_secret_is_refused_without_showing_it(secret: str) -> None:
    with pytest.raises(ValidationError, match="24 to 64 bytes") as refused:
        WebhookOptions.model_validate({"url": "https://example.org/", "secret": secret})
    assert secret[6:] == "" or secret[6:] not in str(refused.value)


def test_a_secret_without_its_padding_is_taken() -> None:
    secret = "whsec_" + "A" * 43
    options = WebhookOptions.model_validate({"url": "https://example.org/", "secret": secret})
    with time_machine.travel(AT):
        assert verified(sent(REAL, options), secret)


def test_any_public_https_address_is_taken_and_others_only_when_trusted() -> None:
    assert PLATFORM.address_problem(OPTIONS, ()) is None
    own = WebhookOptions.model_validate({"url": "http://10.0.0.1/x", "secret": SECRET})
    assert PLATFORM.address_problem(own, ()) is not None
    assert PLATFORM.address_problem(own, ("10.0.0.1",)) is None


def test_nothing_shown_holds_the_address_or_a_secret() -> None:
    request = sent(REAL)
    for text in (repr(request), json.dumps(request.shown()), repr(OPTIONS)):
        assert "0123456789abcdef" not in text
        assert "MfKQ" not in text
    assert PLATFORM.address_digest(OPTIONS) != PLATFORM.address_digest(ROTATING)
    assert [name.partition(":")[0] for name, _ in PLATFORM.rate_keys(OPTIONS)] == [
        "webhook",
        "host",
    ]
