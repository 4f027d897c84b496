from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import apprise.plugins
import pytest
from hypothesis import example, given, settings

from bot.channels.answers import read_result
from bot.channels.apprise import PLATFORM, AppriseOptions
from bot.channels.apprise_places import OTHER_NAMES
from bot.channels.dialects.dialect import clean, units
from bot.channels.dialects.plain import APPRISED
from bot.channels.fitting import CannotFitError
from bot.channels.outcome import Delivered, Outcome, Reason, Rejected, Retry, Unknown
from bot.channels.registry import PLATFORMS
from bot.channels.request import ApprisedRequest
from bot.content.message import Message

from .answer_cases import Answers, Case
from .golden_files import matches_golden
from .messages import ENGLISH, ENVELOPE, REAL, foreign, messages
from .seen import squeezed
from .shipped import shipped_messages

URL = "gotifys://push.example.org/AbCdEf0123456789"
OPTIONS = AppriseOptions.model_validate({"url": URL})

CHANNEL = 'url = "gotifys://127.0.0.1:9/CANARYplatformSECRET0009"'

ANSWERS = Answers(cases=(Case(200, "", Delivered()),))
"""Apprise gives no answers of platforms; its own results are below."""


def of(url: str, **more: Any) -> AppriseOptions:
    return AppriseOptions.model_validate({"url": url, **more})


def sent(message: Message, options: AppriseOptions = OPTIONS) -> ApprisedRequest:
    request = PLATFORM.request(message, options, ENVELOPE)
    assert isinstance(request, ApprisedRequest)
    return request


def test_a_real_message_is_what_a_person_can_read_in_the_golden_file() -> None:
    matches_golden("apprise", sent(REAL).shown())


@given(foreign)
@example("<!channel> <@U1> <@&2> @everyone @**all** #general /me {{ x }} {% x %} *a* _b_ ~c~ `d`")
@example("_!important _/me")
@example("[x](https://a.example) tg://user &lt; :fire: !important https://b.example")
def test_nothing_of_others_is_left_that_some_platform_could_read_as_a_mention(text: str) -> None:
    written = APPRISED.text(text)
    assert not re.search(r"[@#]\w|<[@#!/\w]|(?<!\w)[!/]\w|://|\{[{%]|:\w+:|&\w+;", written)
    assert not re.search(r"[*_~`]\S*?[*_~`]", written.replace("\u2060", " "))
    assert squeezed(written) == squeezed(clean(text))
    assert APPRISED.code(text) == written


@settings(max_examples=40, deadline=None)
@given(messages)
def test_whatever_anybody_wrote_is_sent_whole_or_fitted(message: Message) -> None:
    request = sent(message)
    seen = squeezed(request.title + request.body)
    for part in message.parts:
        for text in (part.title, part.footer, *(action.text for action in part.actions)):
            assert squeezed(clean(text)) in seen
    assert "@everyone" not in seen.replace("\u2060", "x") or "@everyone" not in request.body


def test_what_a_place_cannot_take_is_left_out_beforehand_and_never_cut_by_apprise() -> None:
    pushover = of("pover://" + "u" * 30 + "@" + "t" * 30)
    short = replace(ENGLISH, title="Title", body="One.\n\n" + "Words. " * 200, actions=())
    message = replace(REAL, parts=(short,))
    assert "loses its last" in PLATFORM.fitting_problems(message, pushover)[0]
    request = sent(message, pushover)
    assert units(request.title) + units(request.body) + 2 <= 1024
    with pytest.raises(CannotFitError):
        sent(REAL, of(URL, longest=200))
    assert "too long" in PLATFORM.fitting_problems(REAL, of(URL, longest=200))[0]
    assert PLATFORM.fitting_problems(REAL) == ()


def test_every_message_that_ships_goes_whole_where_there_is_room() -> None:
    for message in shipped_messages():
        assert PLATFORM.fitting_problems(message, None) == ()


@pytest.mark.parametrize(
    ("url", "ours"),
    [
        ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ", "slack"),
        ("https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ", "slack"),
        ("discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js", "discord"),
        ("mailto://user:password@example.org", "email"),
        ("gchat://workspace/key/token", "google_chat"),
        ("mastodon://token@mastodon.example", "mastodon"),
        ("matrixs://token@matrix.example/!room", "matrix"),
        ("mmosts://mattermost.example/3ccdd113474722377935511fc85d3dd4", "mattermost"),
        ("ntfy://topic", "ntfy"),
        ("rockets://user:password@rocket.example/#general", "rocketchat"),
        ("tgram://123456789:abcdefg_hijklmnop/12315544/", "telegram"),
        ("workflows://host/workflow/signature", "teams"),
        ("zulip://bot@org/a6k4g92kZxkz5zIDW7Yc2mN4bS4kQ8pX/stream", "zulip"),
    ],
)
def test_a_platform_that_we_have_ourselves_is_refused_and_named(url: str, ours: str) -> None:
    problem = PLATFORM.address_problem(of(url), ())
    assert problem is not None
    assert f'platform = "{ours}"' in problem


def test_every_platform_of_ours_that_apprise_has_too_is_among_the_refused() -> None:
    modules = {path.stem for path in Path(apprise.plugins.__file__).parent.iterdir()}
    refused = {OTHER_NAMES.get(module, module) for module in modules} & set(PLATFORMS)
    assert set(OTHER_NAMES) <= modules and set(OTHER_NAMES.values()) <= refused
    assert len(refused) >= 12
    assert not refused & {"apprise", "console", "inbox", "webhook"}


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("nothing://at.all", "Apprise knows no such address"),
        ("", "Apprise knows no such address"),
        ("gotify://push.example.org/token", "without encryption"),
        ("gotifys://10.0.0.1/token", "private"),
        ("gotifys://localhost/token", "private network"),
    ],
)
def test_what_is_not_posted_to_is_refused_with_the_reason(url: str, sentence: str) -> None:
    problem = PLATFORM.address_problem(of(url), ())
    assert problem is not None
    assert sentence in problem
    assert PLATFORM.address_problem(OPTIONS, ()) is None


def test_a_servers_own_host_may_be_trusted_and_a_token_is_no_host() -> None:
    assert PLATFORM.address_problem(of("gotify://10.0.0.1:8080/token"), ("10.0.0.1:8080",)) is None
    assert PLATFORM.address_problem(of("pover://" + "u" * 30 + "@" + "t" * 30), ()) is None


def test_the_address_is_seen_nowhere() -> None:
    request = sent(REAL)
    for text in (repr(request), json.dumps(request.shown()), repr(OPTIONS)):
        assert "AbCdEf" not in text
    assert PLATFORM.address_digest(OPTIONS) != PLATFORM.address_digest(of(URL + "x"))
    assert len(PLATFORM.rate_keys(OPTIONS)) == 1


_FAILED = "Failed to send Gotify notification: {}error={}."


@pytest.mark.parametrize(
    ("status", "log", "outcome"),
    [
        ("SUCCESS", "Sent Gotify notification.", Delivered()),
        ("TIMEOUT", "", Unknown(Reason.DEADLINE)),
        ("PARTIAL", "", Unknown(Reason.NO_ANSWER)),
        ("NOMATCH", "", Retry(Reason.SERVER_ERROR)),
        ("FAILURE", "", Retry(Reason.SERVER_ERROR)),
        ("FAILURE", _FAILED.format("Unauthorized, ", 401), Rejected(Reason.UNAUTHORISED)),
        ("FAILURE", _FAILED.format("Page not found, ", 404), Rejected(Reason.GONE)),
        ("FAILURE", _FAILED.format("", 302), Rejected(Reason.REDIRECT)),
        ("FAILURE", _FAILED.format("Too many, ", 429), Retry(Reason.RATE_LIMITED)),
        ("FAILURE", _FAILED.format("", 500), Retry(Reason.SERVER_ERROR)),
        ("FAILURE", _FAILED.format("", 502), Unknown(Reason.GATEWAY)),
        ("FAILURE", _FAILED.format("", 999), Retry(Reason.SERVER_ERROR)),
        (
            "FAILURE",
            "Socket Exception: HTTPSConnectionPool(host='x', port=443): Read timed out.",
            Unknown(Reason.NO_ANSWER),
        ),
        (
            "FAILURE",
            "Socket Exception: ('Connection aborted.', RemoteDisconnected('closed'))",
            Unknown(Reason.NO_ANSWER),
        ),
        (
            "FAILURE",
            "Socket Exception: HTTPConnectionPool(host='x', port=80): Max retries exceeded with "
            "url: /secret (Caused by NewConnectionError('[Errno 111] Connection refused'))",
            Retry(Reason.SERVER_ERROR),
        ),
    ],
)
def test_a_result_means_what_its_log_proves(status: str, log: str, outcome: Outcome) -> None:
    found = read_result(status, log)
    assert replace(found, detail="") == outcome
    assert "secret" not in found.detail
