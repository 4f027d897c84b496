from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings

from bot.channels.dialects.common_mark import MATTERMOST
from bot.channels.dialects.dialect import clean
from bot.channels.fitting import CannotFitError
from bot.channels.mattermost import LONGEST_POST, PLATFORM, MattermostOptions
from bot.channels.outcome import Delivered, Outcome, Reason, Rejected, Retry, Unknown
from bot.channels.request import HttpRequest, Response
from bot.content.message import Message

from .answer_cases import Answers, Case
from .golden_files import matches_golden
from .messages import AT, ENGLISH, ENVELOPE, REAL, foreign, messages
from .seen import squeezed

URL = "https://chat.example.org/hooks/a1b2c3d4e5f6g7h8i9j0k1l2m3"
OPTIONS = MattermostOptions.model_validate({"url": URL})


def error(id_: str, status: int) -> str:
    return json.dumps({"id": id_, "message": "Words.", "detailed_error": "", "status_code": status})


HOOK = "web.incoming_webhook"
DELETED_CHANNEL = "api.post.create_post.can_not_post_to_deleted.error"

CHANNEL = 'url = "http://127.0.0.1:9/hooks/canaryplatformsecret00009a"'

ANSWERS = Answers(
    gone=frozenset({410}),
    cases=(
        Case(200, "ok", Delivered()),
        Case(400, error(f"{HOOK}.invalid.app_error", 400), Rejected(Reason.GONE, gone=True)),
        Case(400, error(f"{HOOK}.decode.app_error", 400), Rejected(Reason.BAD_REQUEST)),
        Case(400, error(f"{HOOK}.text.app_error", 400), Rejected(Reason.BAD_REQUEST)),
        Case(400, error(DELETED_CHANNEL, 400), Rejected(Reason.ARCHIVED, gone=True)),
        Case(403, error(f"{HOOK}.permissions.app_error", 403), Rejected(Reason.FORBIDDEN)),
        Case(403, error(f"{HOOK}.channel_locked.app_error", 403), Rejected(Reason.FORBIDDEN)),
        Case(404, error(f"{HOOK}.channel.app_error", 404), Rejected(Reason.GONE, gone=True)),
        Case(
            404, error("app.channel.get.existing.app_error", 404), Rejected(Reason.GONE, gone=True)
        ),
        Case(501, error(f"{HOOK}.disabled.app_error", 501), Rejected(Reason.DISABLED, gone=True)),
        Case(500, error("app.channel.get.find.app_error", 500), Retry(Reason.SERVER_ERROR)),
        Case(429, "limit exceeded", Retry(Reason.RATE_LIMITED)),
        Case(502, "<html>Bad gateway</html>", Unknown(Reason.GATEWAY)),
    ),
)


def sent(message: Message, options: MattermostOptions = OPTIONS) -> HttpRequest:
    request = PLATFORM.request(message, options, ENVELOPE)
    assert isinstance(request, HttpRequest)
    return request


def attachments(message: Message) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(sent(message).body)["attachments"]
    return found


def markdown_in(attachment: dict[str, Any]) -> list[str]:
    return [attachment["pretext"], *(field["value"] for field in attachment.get("fields", ()))]


def test_a_real_message_is_what_a_person_can_read_in_the_golden_file() -> None:
    matches_golden("mattermost", sent(REAL).shown())


@given(foreign)
def test_nothing_in_a_text_pings_or_is_a_mention_of_slacks(text: str) -> None:
    written = MATTERMOST.text(text)
    assert not re.search(r"@(?!\u200b|\s|$)", written)
    assert not re.search(r"<(?!\u200b)", written)
    assert not re.search(r"#(?=\w)", written.replace("_", ""))


@settings(max_examples=60, deadline=None)
@given(messages)
def test_no_text_of_a_message_pings_and_none_is_lost(message: Message) -> None:
    for part, attachment in zip(message.parts, attachments(message), strict=True):
        for written in (attachment["fallback"], *markdown_in(attachment)):
            assert not re.search(r"<!(channel|here|all)>", written)
            assert not re.search(r"(?<!\S)@(all|channel|here|everyone)\b", written)
        assert squeezed(clean(part.footer)) == squeezed(attachment.get("footer", ""))
    assert len(sent(message).body) < 65_536


def test_the_words_stand_where_mattermost_does_not_fold_them_away() -> None:
    first, second = attachments(REAL)
    assert "text" not in first
    assert first["pretext"].startswith("#### International Day")
    assert first["color"] == "#4A6A8F"
    assert [field["title"] for field in first["fields"]] == ["Two things you can do", "Sources"]
    assert first["fields"][0]["value"].splitlines()[0] == (
        "- Write one page to your representative. "
        "[Find a member](https://www.ourcommons.ca/members/en) · "
        "[Directorio](https://www.diputados.gob.mx/)"
    )
    assert second["footer"] == "Calendrier des journées"


def test_a_bare_message_has_no_empty_part() -> None:
    bare = replace(ENGLISH, title="", actions=(), sources=(), footer="")
    (attachment,) = attachments(replace(REAL, parts=(bare,)))
    assert attachment.keys() == {"fallback", "color", "pretext"}


def test_it_is_silent_only_where_that_is_asked_for() -> None:
    silent = MattermostOptions.model_validate({"url": URL, "silent": True})
    assert json.loads(sent(REAL, silent).body)["silent"] is True
    assert "silent" not in json.loads(sent(REAL).body)


def test_what_is_too_long_is_shortened_or_refused() -> None:
    long = replace(ENGLISH, body="\n\n".join(["A paragraph of words. " * 60] * 20))
    message = replace(REAL, parts=(long,))
    assert PLATFORM.fitting_problems(message)
    assert (
        sum(len(text) for one in attachments(message) for text in markdown_in(one)) <= LONGEST_POST
    )
    with pytest.raises(CannotFitError):
        sent(replace(REAL, parts=(replace(ENGLISH, footer="x" * 301),)))


@pytest.mark.parametrize(("reset", "seconds"), [("7", 7.0), ("0.5", 0.5), ("soon", None)])
def test_the_servers_limiter_says_in_seconds_how_long_to_wait(
    reset: str, seconds: float | None
) -> None:
    outcome: Outcome = PLATFORM.outcome(Response(429, {"x-ratelimit-reset": reset}, b""), AT)
    assert isinstance(outcome, Retry)
    wait = outcome.retry_after
    assert (wait and wait.total_seconds()) == seconds


@pytest.mark.parametrize(
    "url", ["https://chat.example.org/hooks/short", "https://chat.example.org/api/v4/posts"]
)
def test_an_address_that_takes_no_message_is_refused_with_the_reason(url: str) -> None:
    problem = PLATFORM.address_problem(MattermostOptions.model_validate({"url": url}), ())
    assert problem is not None
    assert "not that of a Mattermost incoming webhook" in problem


def test_an_address_on_any_host_and_below_any_path_is_taken() -> None:
    for url in (URL, URL.replace("/hooks", "/team/chat/hooks") + "/"):
        assert PLATFORM.address_problem(MattermostOptions.model_validate({"url": url}), ()) is None
    plain = MattermostOptions.model_validate({"url": URL.replace("https", "http")})
    assert "https://" in (PLATFORM.address_problem(plain, ()) or "")


def test_the_address_is_shown_to_nobody() -> None:
    request = sent(REAL)
    for text in (repr(request), json.dumps(request.shown()), repr(OPTIONS)):
        assert "a1b2c3" not in text
    (webhook, _), (host, _) = PLATFORM.rate_keys(OPTIONS)
    assert host == "host:chat.example.org"
    assert "a1b2c3" not in webhook


def test_a_code_that_is_none_is_read_by_its_status() -> None:
    outcome = PLATFORM.outcome(Response(400, {}, b'{"id": ["x"]}'), AT)
    assert outcome.reason is Reason.BAD_REQUEST
