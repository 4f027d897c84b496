"""What is sent to a Matrix homeserver. tests/service/test_matrix.py has a real one take it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from pydantic import ValidationError

from bot.channels.dialects.dialect import clean
from bot.channels.dialects.html import HTML
from bot.channels.fitting import CannotFitError
from bot.channels.matrix import PLATFORM, Matrix, MatrixOptions
from bot.channels.outcome import Delivered, Reason, Rejected, Retry, Unknown
from bot.channels.request import HttpRequest, Response
from bot.content.markdown import Paragraph, parse, plain
from bot.content.message import Message

from .answer_cases import Answers, Case
from .golden_files import matches_golden
from .messages import AT, ENGLISH, ENVELOPE, REAL, foreign, messages
from .seen import squeezed
from .shipped import shipped_messages
from .test_dialects import SAMPLE, in_order, trees, words_of

Json = dict[str, Any]

TOKEN = "syt_dmlnaWxpYQ_KsLVjbEiBtdWVzzmtOyi_0SVawH"
OPTIONS = MatrixOptions.model_validate(
    {
        "url": "https://matrix.example.org",
        "access_token": TOKEN,
        "room": "!1l6_IuMVYe50hbXBOZVT1rBoPNeOo_5oMeDtVPDJvKA",
    }
)
_ALLOWED = (
    "del h1 h2 h3 h4 h5 h6 blockquote p a ul ol sup sub li b i u strong em s code hr br div table "
    "thead tbody tr th td caption pre span img details summary"
)
ALLOWED = set(_ALLOWED.split())
"""The elements that the specification lists."""

CHANNEL = """
url = "http://127.0.0.1:9"
access_token = "CANARYplatformSECRET0009"
room = "!room:example.org"
"""

ANSWERS = Answers(
    gone=frozenset({401}),
    cases=(
        Case(200, '{"event_id": "$abc"}', Delivered("$abc")),
        Case(400, '{"errcode": "M_BAD_JSON", "error": "x"}', Rejected(Reason.BAD_REQUEST)),
        Case(400, '{"errcode": "M_TOO_LARGE"}', Rejected(Reason.TOO_LARGE)),
        Case(
            401,
            '{"errcode": "M_UNKNOWN_TOKEN", "error": "Invalid", "soft_logout": false}',
            Rejected(Reason.UNAUTHORISED, gone=True),
        ),
        Case(401, '{"errcode": "M_MISSING_TOKEN"}', Rejected(Reason.UNAUTHORISED, gone=True)),
        Case(
            403,
            '{"errcode": "M_FORBIDDEN", "error": "User not in room"}',
            Rejected(Reason.FORBIDDEN),
        ),
        Case(413, '{"errcode": "M_TOO_LARGE", "error": "x"}', Rejected(Reason.TOO_LARGE)),
        Case(
            429,
            '{"errcode": "M_LIMIT_EXCEEDED", "error": "Too Many", "retry_after_ms": 4500}',
            Retry(Reason.RATE_LIMITED, retry_after=timedelta(seconds=5)),
            {"retry-after": "5"},
        ),
        Case(
            429,
            '{"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 4500}',
            Retry(Reason.RATE_LIMITED, retry_after=timedelta(seconds=4.5)),
        ),
        Case(502, '{"errcode": "M_UNKNOWN", "error": "Bad gateway"}', Unknown(Reason.GATEWAY)),
    ),
)


class Page(HTMLParser):
    """Reads HTML strictly: what is opened is closed, in order."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.seen = ""
        self.elements: set[str] = set()
        self.attributes: list[tuple[str, str, str]] = []
        self.open: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in ("br", "hr", "meta"):
            self.open.append(tag)
        assert len(self.open) < 100

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.seen += data


def sent(message: Message, options: MatrixOptions = OPTIONS) -> HttpRequest:
    request = PLATFORM.request(message, options, ENVELOPE)
    assert isinstance(request, HttpRequest)
    return request


def content(message: Message) -> Json:
    body: Json = json.loads(sent(message).body)
    return body


def numbers_in(value: Any) -> list[Any]:
    if isinstance(value, dict | list):
        inner = value.values() if isinstance(value, dict) else value
        return [number for item in inner for number in numbers_in(item)]
    return [value] if isinstance(value, int | float) else []


def test_a_real_message_is_what_a_person_can_read_in_the_golden_file() -> None:
    matches_golden("matrix", sent(REAL).shown())


@given(foreign)
def test_text_of_others_is_shown_as_it_is_in_html(text: str) -> None:
    page = Page(HTML.text(text))
    assert page.elements == set()
    assert page.seen == clean(text)


@settings(deadline=None)
@given(trees)
def test_a_tree_is_sound_html_with_all_its_words_and_only_its_links(tree: list[Paragraph]) -> None:
    page = Page(HTML.write(tree))
    assert page.elements <= ALLOWED
    texts = [squeezed(clean(word)) for block in tree for word in words_of(block)]
    assert in_order(texts, squeezed(page.seen))
    links = [value for tag, name, value in page.attributes if (tag, name) == ("a", "href")]
    assert len(links) <= str(tree).count("LinkNode(")
    assert all(link.startswith("https://") for link in links)


def test_a_text_looks_as_it_should_in_html() -> None:
    assert HTML.markdown(SAMPLE) == (
        "<p>A <strong>bold <em>both</em></strong> and <em>slanted</em> word, <code>co_de</code>, "
        '<a href="https://a.example/x_%28y%29">a <em>link</em></a>.</p>'
        "<ul><li>one</li><li><p>two</p><ol><li>deep</li><li>deeper</li></ol></li></ul>"
        "<blockquote><p>quoted <strong>lines</strong></p></blockquote><p>Line<br>break</p>"
    )
    assert HTML.markdown("3. three") == '<ol start="3"><li>three</li></ol>'


@settings(max_examples=60, deadline=None)
@given(messages)
def test_whatever_anybody_wrote_is_a_sound_notice_that_mentions_nobody(message: Message) -> None:
    body = content(message)
    assert body["msgtype"] == "m.notice"
    assert body["m.mentions"] == {}
    assert numbers_in(body) == []
    assert len(sent(message).body) <= 60_000
    page = Page(body["formatted_body"])
    assert page.elements <= ALLOWED
    seen, plain_text = squeezed(page.seen), squeezed(body["body"])
    for part in message.parts:
        for text in (part.title, part.footer, *(action.text for action in part.actions)):
            assert squeezed(clean(text)) in seen
            assert squeezed(clean(text)) in plain_text


def test_every_message_that_ships_is_whole_in_both_forms() -> None:
    for message in shipped_messages():
        assert PLATFORM.fitting_problems(message) == ()
        body = content(message)
        page = Page(body["formatted_body"])
        led_to = {value for _, name, value in page.attributes if name == "href"}
        for part in message.parts:
            first = squeezed(plain(parse(part.body)[:1]))
            assert first in squeezed(page.seen)
            assert first in squeezed(body["body"])
            for link in part.sources:
                assert link.url.replace("(", "%28").replace(")", "%29") in led_to


def test_a_room_is_not_rung_for_by_older_clients_either() -> None:
    message = replace(REAL, parts=(replace(ENGLISH, title="@room and a@room.example"),))
    assert "@room and" not in content(message)["body"]


def test_the_address_holds_room_and_transaction_and_no_token() -> None:
    odd = OPTIONS.model_copy(
        update={"room": "!a+b:matrix.example.org", "url": "https://h.example/m/"}
    )
    assert sent(REAL, odd).url == (
        "https://h.example/m/_matrix/client/v3/rooms/%21a%2Bb%3Amatrix.example.org/send/"
        f"m.room.message/{ENVELOPE.request_id}"
    )
    assert sent(REAL, odd).method == "PUT"
    request = sent(REAL)
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"
    for text in (repr(request), json.dumps(request.shown()), repr(OPTIONS)):
        assert TOKEN not in text


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("https://matrix.example.org/_matrix/client/v3", "leave out /_matrix"),
        ("http://matrix.example.org", "https://"),
    ],
)
def test_an_address_that_is_none_is_refused_with_the_reason(url: str, sentence: str) -> None:
    problem = PLATFORM.address_problem(OPTIONS.model_copy(update={"url": url}), ())
    assert problem is not None
    assert sentence in problem
    assert PLATFORM.address_problem(OPTIONS, ()) is None


def test_a_room_is_named_by_its_id_with_or_without_a_server() -> None:
    for room in ("!abc:matrix.org", "!1l6_IuMVYe50"):
        assert MatrixOptions.model_validate({**raw(), "room": room}).room == room
    for room in ("#alias:matrix.org", "abc", "! a", "!"):
        with pytest.raises(ValidationError):
            MatrixOptions.model_validate({**raw(), "room": room})


def raw() -> Json:
    return {"url": "https://matrix.example.org", "access_token": TOKEN}


def test_two_rooms_are_two_places_with_one_bots_limit() -> None:
    other = OPTIONS.model_copy(update={"room": "!other"})
    assert PLATFORM.address_digest(other) != PLATFORM.address_digest(OPTIONS)
    assert PLATFORM.rate_keys(other) == PLATFORM.rate_keys(OPTIONS)
    assert PLATFORM.repeat_safe_for == timedelta(hours=20)


def test_what_does_not_fit_an_event_is_refused() -> None:
    with pytest.raises(CannotFitError):
        sent(replace(REAL, parts=(replace(ENGLISH, body="x" * 31_000),)))


def test_an_event_is_redacted_by_its_id() -> None:
    matrix = Matrix()
    request = matrix.retraction("$a/b", OPTIONS, replace(ENVELOPE, request_id="vg_1-retract"))
    assert request is not None
    assert request.url.endswith("/redact/%24a%2Fb/vg_1-retract")
    assert (request.method, request.body) == ("PUT", b"{}")
    assert matrix.retraction("abc", OPTIONS, ENVELOPE) is None
    done = Case(200, '{"event_id": "$redaction"}', Delivered())
    assert matrix.retracted(done.response, AT) == Delivered()
    assert isinstance(matrix.retracted(ANSWERS.cases[5].response, AT), Rejected)


def test_what_was_taken_is_delivered_whatever_else_the_answer_holds() -> None:
    body = b'{"event_id": "$taken", "errcode": "M_TOO_LARGE"}'
    assert PLATFORM.outcome(Response(200, {}, body), AT) == Delivered("$taken")
