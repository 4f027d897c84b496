from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings

from bot.channels.dialects.dialect import clean, one_line
from bot.channels.dialects.mastodon import MASTODON
from bot.channels.fitting import CannotFitError
from bot.channels.mastodon import PLATFORM, SHORT_FORM, Mastodon, MastodonOptions
from bot.channels.outcome import Delivered, Reason, Rejected, Retry
from bot.channels.request import HttpRequest
from bot.checking.postings import posting_problems
from bot.content.markdown import parse, plain
from bot.content.message import Message
from bot.errors import Problem
from tests.group import DAY, Group

from .answer_cases import Answers, Case
from .golden_files import matches_golden
from .messages import AT, ENGLISH, ENVELOPE, FRENCH, REAL, foreign, messages
from .seen import squeezed
from .shipped import shipped_messages

Json = dict[str, Any]

TOKEN = "ZA-Yj3aBD8U8Cm7lKUp-lm9O9BmDgdhHzDeqsY8tlL0"
OPTIONS = MastodonOptions.model_validate({"url": "https://mastodon.example", "access_token": TOKEN})

CHANNEL = """
url = "http://127.0.0.1:9"
access_token = "CANARYplatformSECRET0009"
longest = 5000
"""

ANSWERS = Answers(
    gone=frozenset({401}),
    cases=(
        Case(200, '{"id": "103254962155278888", "content": "x"}', Delivered("103254962155278888")),
        Case(
            401,
            '{"error": "The access token is invalid"}',
            Rejected(Reason.UNAUTHORISED, gone=True),
        ),
        Case(403, '{"error": "This action is not allowed"}', Rejected(Reason.FORBIDDEN)),
        Case(404, '{"error": "Record not found"}', Rejected(Reason.GONE)),
        Case(
            422,
            '{"error": "Validation failed: Text character limit of 500 exceeded"}',
            Rejected(Reason.BAD_REQUEST),
        ),
        Case(
            429,
            '{"error": "Too many requests"}',
            Retry(Reason.RATE_LIMITED, retry_after=timedelta(minutes=5)),
            {"x-ratelimit-reset": "2026-12-09T14:05:00.000000Z", "x-ratelimit-remaining": "0"},
        ),
        Case(
            429,
            '{"error": "Too many requests"}',
            Retry(Reason.RATE_LIMITED),
            {"x-ratelimit-reset": "soon"},
        ),
        Case(
            503,
            '{"error": "Remote data could not be fetched"}',
            Retry(Reason.SERVER_ERROR),
            {"x-ratelimit-reset": "2026-12-09T14:05:00"},
        ),
    ),
)

_URL = re.compile(r"https?://\S+")


def counted(status: str) -> int:
    """The length as Mastodon counts it: an address is 23."""
    return len(_URL.sub("x" * 23, status))


def sent(message: Message, options: MastodonOptions = OPTIONS) -> HttpRequest:
    request = PLATFORM.request(message, options, ENVELOPE)
    assert isinstance(request, HttpRequest)
    return request


def status(message: Message, options: MastodonOptions = OPTIONS) -> str:
    text: str = json.loads(sent(message, options).body)["status"]
    return text


SHORT = replace(REAL, parts=(replace(ENGLISH, title="A short title"),))


def test_a_real_message_is_what_a_person_can_read_in_the_golden_file() -> None:
    matches_golden("mastodon", sent(replace(REAL, parts=(ENGLISH,))).shown())


@given(foreign)
@example("@a @b@c.example #tag ＃tag :blobcat: https://x.example xmpp:a@b magnet:?x")
def test_text_of_others_mentions_tags_and_links_nothing(text: str) -> None:
    written = MASTODON.text(text)
    assert not re.search(r"[@#＃]\w|:\w+:|://", written)
    assert squeezed(written) == squeezed(clean(text))


@settings(max_examples=60, deadline=None)
@given(messages)
def test_whatever_anybody_wrote_is_within_the_limit_or_refused(message: Message) -> None:
    try:
        text = status(message)
    except CannotFitError as refusal:
        assert PLATFORM.fitting_problems(message, OPTIONS) == (str(refusal),)
        return
    assert counted(text) <= 500
    for part in message.parts:
        assert squeezed(one_line(part.title)) in squeezed(text)
    assert len(_URL.findall(text)) <= len(message.parts)


def test_every_message_that_ships_has_its_title_a_whole_sentence_and_a_source() -> None:
    for message in shipped_messages():
        if len(message.parts) > 1:
            continue
        text = status(message)
        assert counted(text) <= 500
        (part,) = message.parts
        title, words, source = text.replace("\u2060", "").split("\n\n")
        assert title == one_line(part.title)
        assert one_line(plain(parse(part.body)[:1])).startswith(words)
        assert words[-1] in ".:»”)?…"
        assert source == part.sources[0].url.replace("(", "%28").replace(")", "%29")
        assert PLATFORM.fitting_problems(message, OPTIONS) == (SHORT_FORM,)


def test_two_languages_that_do_not_fit_are_an_error_and_not_a_torso() -> None:
    long = replace(FRENCH, body="Un mot après l’autre, " * 15 + "fin.")
    message = replace(REAL, parts=(ENGLISH, long))
    (problem,) = PLATFORM.fitting_problems(message)
    assert "too long for 500 characters" in problem
    with pytest.raises(CannotFitError):
        sent(message)
    roomy = OPTIONS.model_copy(update={"longest": 5000})
    assert FRENCH.title in status(message, roomy)


def test_check_names_the_layout_that_gives_each_language_a_status_of_its_own(group: Group) -> None:
    group.days(DAY.replace("we meet.", "we meet" + " again and again" * 24 + "."))
    channel = """
    [channels.fediverse]
    platform = "mastodon"
    url = "https://mastodon.example"
    access_token = "${TOKEN}"
    include = ["own"]
    languages = ["en", "fr"]
    """

    def errors() -> list[Problem]:
        project = group.load({"TOKEN": TOKEN})
        return [p for p in posting_problems(project, AT, lambda _: None) if p.level == "error"]

    group.channels(channel)
    (error,) = errors()
    assert (error.code, error.entry) == ("too-long", "channels.fediverse")
    assert '`layout = "separate"`' in error.message
    group.channels(f'{channel}\nlayout = "separate"')
    assert errors() == []


def test_as_many_sentences_as_fit_are_taken_and_none_is_cut() -> None:
    body = " ".join(f"This is sentence number {n}, of some length." for n in range(1, 30))
    message = replace(SHORT, parts=(replace(SHORT.parts[0], body=f"{body}\n\nA second."),))
    text = status(message)
    words = text.split("\n\n")[1]
    assert body.startswith(words)
    assert words.endswith("of some length.")
    assert 440 < counted(text) <= 500
    assert "A second" not in text


def test_a_part_without_body_or_source_has_no_empty_piece() -> None:
    bare = replace(ENGLISH, body="", sources=())
    assert status(replace(REAL, parts=(bare,))) == ENGLISH.title


def test_the_key_is_the_requests_and_the_language_the_first() -> None:
    request = sent(SHORT)
    assert request.headers["Idempotency-Key"] == ENVELOPE.request_id
    body = json.loads(request.body)
    assert (body["visibility"], body["language"]) == ("public", "en")
    unlisted = OPTIONS.model_copy(update={"visibility": "unlisted"})
    assert json.loads(sent(SHORT, unlisted).body)["visibility"] == "unlisted"
    for text in (repr(request), json.dumps(request.shown()), repr(OPTIONS)):
        assert TOKEN not in text


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("https://mastodon.example/@group", "leave out what follows the host"),
        ("http://mastodon.example", "https://"),
    ],
)
def test_an_address_that_is_none_is_refused_with_the_reason(url: str, sentence: str) -> None:
    problem = PLATFORM.address_problem(OPTIONS.model_copy(update={"url": url}), ())
    assert problem is not None
    assert sentence in problem
    assert PLATFORM.address_problem(OPTIONS, ()) is None


def test_an_account_is_one_place() -> None:
    other = MastodonOptions.model_validate(
        {"url": "https://mastodon.example/", "access_token": TOKEN}
    )
    assert PLATFORM.address_digest(other) == PLATFORM.address_digest(OPTIONS)
    assert PLATFORM.rate_keys(other)[1][0] == "host:mastodon.example"
    assert PLATFORM.repeat_safe_for is not None
    assert PLATFORM.repeat_safe_for < timedelta(hours=1)


def test_a_status_is_deleted_by_its_id() -> None:
    mastodon = Mastodon()
    request = mastodon.retraction("1032", OPTIONS, ENVELOPE)
    assert request is not None
    assert (request.method, request.url) == (
        "DELETE",
        "https://mastodon.example/api/v1/statuses/1032",
    )
    assert mastodon.retraction("../accounts", OPTIONS, ENVELOPE) is None
    assert isinstance(mastodon.retracted(ANSWERS.cases[0].response, AT), Delivered)
    assert isinstance(mastodon.retracted(ANSWERS.cases[3].response, AT), Delivered)
    assert isinstance(mastodon.retracted(ANSWERS.cases[1].response, AT), Rejected)
