from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs

import pytest
from hypothesis import example, given, settings

from bot.channels.dialects.dialect import clean, units
from bot.channels.dialects.zulip import ZULIP
from bot.channels.fitting import CannotFitError
from bot.channels.outcome import Delivered, Reason, Rejected, Retry, Unknown
from bot.channels.request import HttpRequest, Response
from bot.channels.zulip import PLATFORM, ZulipOptions
from bot.content.markdown import Block, BulletList, Paragraph, Text, parse, plain
from bot.content.message import ActionText, Link, Message

from .answer_cases import Answers, Case
from .golden_files import matches_golden
from .messages import AT, ENGLISH, ENVELOPE, REAL, foreign, messages
from .seen import squeezed
from .shipped import shipped_messages
from .test_dialects import trees
from .zulip_reader import read

KEY = "aBcD0123eFgH4567iJkL89mNoPqRsTuV"
OPTIONS = ZulipOptions.model_validate(
    {
        "url": "https://our-group.zulipchat.com",
        "email": "vigilia-bot@our-group.zulipchat.com",
        "api_key": KEY,
        "stream": "general",
    }
)


def error(code: str, **more: object) -> str:
    return json.dumps({"result": "error", "code": code, "msg": "It says why", **more})


CHANNEL = """
url = "http://127.0.0.1:9"
email = "bot@example.org"
api_key = "CANARYplatformSECRET0009"
stream = "general"
"""

ANSWERS = Answers(
    gone=frozenset({401}),
    cases=(
        Case(200, '{"result": "success", "msg": "", "id": 42}', Delivered("42")),
        Case(
            200,
            '{"result": "success", "msg": "", "id": 42, "ignored_parameters_unsupported": ["x"]}',
            Delivered("42"),
        ),
        Case(200, '{"result": "success", "id": "x"}', Delivered()),
        Case(400, error("BAD_REQUEST"), Rejected(Reason.BAD_REQUEST)),
        Case(400, error("STREAM_DOES_NOT_EXIST"), Rejected(Reason.GONE, gone=True)),
        Case(401, error("INVALID_API_KEY"), Rejected(Reason.UNAUTHORISED, gone=True)),
        Case(401, error("UNAUTHORIZED"), Rejected(Reason.UNAUTHORISED, gone=True)),
        Case(401, error("USER_DEACTIVATED"), Rejected(Reason.DISABLED, gone=True)),
        Case(403, error("REALM_DEACTIVATED"), Rejected(Reason.DISABLED, gone=True)),
        Case(403, error("SOMETHING"), Rejected(Reason.FORBIDDEN)),
        Case(
            429,
            error("RATE_LIMIT_HIT", **{"retry-after": 28.7}),
            Retry(Reason.RATE_LIMITED, retry_after=timedelta(seconds=29)),
            {"retry-after": "29"},
        ),
        Case(
            429,
            error("RATE_LIMIT_HIT", **{"retry-after": 28.7}),
            Retry(Reason.RATE_LIMITED, retry_after=timedelta(seconds=28.7)),
        ),
        Case(502, "<html>", Unknown(Reason.GATEWAY)),
    ),
)


def sent(message: Message, options: ZulipOptions = OPTIONS) -> HttpRequest:
    request = PLATFORM.request(message, options, ENVELOPE)
    assert isinstance(request, HttpRequest)
    return request


def form(message: Message, options: ZulipOptions = OPTIONS) -> dict[str, str]:
    fields = parse_qs(sent(message, options).body.decode(), strict_parsing=True)
    return {name: value for name, (value,) in fields.items()}


def test_a_real_message_is_what_a_person_can_read_in_the_golden_file() -> None:
    matches_golden("zulip", sent(REAL).shown())


@given(foreign)
@example("@**all** @*group* @_**Name** #**channel>topic** :fire: $$x$$ <time:2026-12-09T14:00>")
@example("*a* **b** ~~c~~ `d` [e](https://x.example) https://x.example www.x.org x.example")
@example("&#42;bold&#42; &amp; \\* ***")
def test_text_of_others_is_shown_as_it_is_and_no_markup_in_it_is_read(text: str) -> None:
    reading = read(f"x {ZULIP.text(text)}")
    assert set(reading.elements) <= {"p", "br"}
    assert squeezed(reading.seen) == "x" + squeezed(clean(text))


@settings(max_examples=80, deadline=None)
@given(trees)
@example([Paragraph((Text("*"),)), BulletList(((),)), BulletList(((Paragraph((Text("\n*"),)),),))])
def test_every_word_is_seen_and_no_markup_but_that_of_the_tree(tree: list[Block]) -> None:
    reading = read(ZULIP.write(tree))
    assert not {"ping", "del", "table", "pre", "h1", "img", "hr"} & set(reading.elements)
    meant = str(tree)
    for element, node in (
        ("strong", "Strong("),
        ("em", "Emphasis("),
        ("a", "LinkNode("),
        ("code", "Code("),
        ("blockquote", "Quote("),
    ):
        assert element not in reading.elements or node in meant, element


@settings(max_examples=60, deadline=None)
@given(messages)
def test_whatever_anybody_wrote_nothing_pings_and_the_limits_hold(message: Message) -> None:
    fields = form(message)
    assert units(fields["topic"]) <= 60
    assert units(fields["content"]) <= 10_000
    reading = read(fields["content"])
    assert "ping" not in reading.elements
    seen = squeezed(reading.seen)
    for part in message.parts:
        for text in (part.title, part.footer, *(action.text for action in part.actions)):
            assert squeezed(clean(text)) in seen


def test_an_apostrophe_in_an_address_takes_no_words_of_another_link_with_it() -> None:
    first, second = (Link(name, f"https://a.example/{name}'") for name in ("one", "two"))
    actions = (ActionText("a", "See", (first,)), ActionText("b", "Write", (second,)))
    fields = form(replace(REAL, parts=(replace(ENGLISH, actions=actions),)))
    seen = read(fields["content"]).seen
    assert "one" in seen and "Write" in seen and "two" in seen


def test_every_message_that_ships_is_shown_whole() -> None:
    for message in shipped_messages():
        assert PLATFORM.fitting_problems(message, OPTIONS) == ()
        content = form(message)["content"]
        reading = read(content)
        seen = squeezed(reading.seen)
        assert set(reading.elements) <= {"p", "strong", "em", "a", "ul", "ol", "li", "hr", "br"}
        for part in message.parts:
            for piece in (part.title, part.footer, plain(parse(part.body)[:1])):
                assert squeezed(piece) in seen
            links = [*part.sources, *(link for action in part.actions for link in action.links)]
            assert {link.url for link in links} <= {
                url.replace("&amp;", "&").replace("%28", "(").replace("%29", ")")
                for url in reading.links
            }


def test_the_topic_is_cut_between_words_and_may_be_fixed() -> None:
    assert form(REAL)["topic"] == "International Day of Commemoration and Dignity of the…"
    fixed = OPTIONS.model_copy(update={"topic": "Days of remembrance"})
    assert form(REAL, fixed)["topic"] == "Days of remembrance"
    one_word = replace(REAL, parts=(replace(ENGLISH, title="x" * 80),))
    assert form(one_word)["topic"] == "x" * 59 + "…"
    assert form(replace(REAL, parts=(replace(ENGLISH, title="\x00"),)))["topic"] == "Vigilia"


def test_the_bot_signs_in_and_its_key_is_seen_nowhere() -> None:
    request = sent(REAL)
    assert request.url == "https://our-group.zulipchat.com/api/v1/messages"
    kind, _, credentials = request.headers["Authorization"].partition(" ")
    assert kind == "Basic"
    assert base64.b64decode(credentials).decode() == f"{OPTIONS.email}:{KEY}"
    for text in (repr(request), json.dumps(request.shown()), repr(OPTIONS)):
        assert KEY not in text
        assert credentials not in text


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"url": "http://our-group.zulipchat.com"}, "https://"),
        ({"url": "https://our-group.zulipchat.com/api/v1"}, "leave out what follows the host"),
        ({"url": "https://10.0.0.1"}, "private"),
        ({"email": "vigilia-bot"}, "`email`"),
    ],
)
def test_an_address_that_is_none_is_refused_with_the_reason(
    changed: dict[str, str], sentence: str
) -> None:
    problem = PLATFORM.address_problem(OPTIONS.model_copy(update=changed), ())
    assert problem is not None
    assert sentence in problem
    assert PLATFORM.address_problem(OPTIONS, ()) is None


def test_two_topics_are_two_places_with_one_bots_limit() -> None:
    other = OPTIONS.model_copy(update={"topic": "other"})
    assert PLATFORM.address_digest(other) != PLATFORM.address_digest(OPTIONS)
    assert PLATFORM.rate_keys(other) == PLATFORM.rate_keys(OPTIONS)


def test_what_is_too_long_is_shortened_or_refused_never_left_to_be_cut() -> None:
    long = replace(REAL, parts=(replace(ENGLISH, body="\n\n".join(["Words. " * 200] * 9)),))
    assert "loses its last" in PLATFORM.fitting_problems(long, OPTIONS)[0]
    assert units(form(long)["content"]) <= 10_000
    with pytest.raises(CannotFitError):
        sent(replace(REAL, parts=(replace(ENGLISH, body="x" * 10_001),)))


def test_a_message_is_deleted_by_its_number() -> None:
    from bot.channels.zulip import Zulip

    zulip = Zulip()
    request = zulip.retraction("42", OPTIONS, ENVELOPE)
    assert request is not None
    assert (request.method, request.url) == (
        "DELETE",
        "https://our-group.zulipchat.com/api/v1/messages/42",
    )
    assert KEY not in json.dumps(request.shown())
    assert zulip.retraction("../users", OPTIONS, ENVELOPE) is None
    done = zulip.retracted(Case(200, '{"result": "success", "msg": ""}', Delivered()).response, AT)
    assert done == Delivered()
    refused = zulip.retracted(Case(400, error("BAD_REQUEST"), Delivered()).response, AT)
    assert refused == Rejected(Reason.BAD_REQUEST, "HTTP 400: BAD_REQUEST It says why")


def test_a_code_that_is_none_is_read_by_its_status() -> None:
    outcome = PLATFORM.outcome(Response(400, {}, b'{"code": ["x"]}'), AT)
    assert outcome.reason is Reason.BAD_REQUEST
