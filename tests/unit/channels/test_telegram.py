"""What is sent to Telegram, judged by Telegram's own parser (tdjson, offline: only td_execute)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
import tdjson
from hypothesis import example, given, settings
from pydantic import ValidationError

from bot.channels.dialects.dialect import clean, units
from bot.channels.dialects.telegram import TELEGRAM
from bot.channels.fitting import CannotFitError
from bot.channels.outcome import Delivered, Reason, Rejected, Retry, Unknown
from bot.channels.request import HttpRequest
from bot.channels.telegram import PLATFORM, Telegram, TelegramOptions
from bot.content.markdown import Paragraph, parse, plain
from bot.content.message import ActionText, Link, Message

from .answer_cases import Answers, Case
from .golden_files import matches_golden
from .messages import AT, ENGLISH, ENVELOPE, REAL, foreign, messages
from .seen import squeezed
from .shipped import shipped_messages
from .test_dialects import trees

Json = dict[str, Any]

TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"
OPTIONS = TelegramOptions.model_validate({"token": TOKEN, "chat_id": -1001234567890})


def error(status: int, description: str, **parameters: int) -> str:
    return json.dumps(
        {
            "ok": False,
            "error_code": status,
            "description": description,
            **({"parameters": parameters} if parameters else {}),
        }
    )


POSTED = {"ok": True, "result": {"message_id": 7, "chat": {"id": -1001234567890}, "date": 1}}
CHANNEL = """
token = "123456:CANARYplatformSECRET0009"
chat_id = "-1001"
server = "http://127.0.0.1:9"
"""

ANSWERS = Answers(
    gone=frozenset({401, 403, 404}),
    cases=(
        Case(200, json.dumps(POSTED), Delivered("-1001234567890/7")),
        Case(200, '{"ok": true, "result": true}', Delivered()),
        Case(200, '{"ok": true, "result": {"chat": {"id": "x"}}}', Delivered()),
        Case(200, error(400, "Bad Request"), Unknown(Reason.NOT_A_POST)),
        Case(400, error(400, "Bad Request: can't parse entities"), Rejected(Reason.BAD_REQUEST)),
        Case(400, error(400, "Bad Request: chat not found"), Rejected(Reason.GONE, gone=True)),
        Case(
            400,
            error(
                400,
                "Bad Request: group chat was upgraded to a supergroup chat",
                migrate_to_chat_id=-1009876543210,
            ),
            Rejected(Reason.GONE, gone=True),
        ),
        Case(401, error(401, "Unauthorized"), Rejected(Reason.UNAUTHORISED, gone=True)),
        Case(
            403,
            error(403, "Forbidden: bot was kicked from the supergroup chat"),
            Rejected(Reason.FORBIDDEN, gone=True),
        ),
        Case(404, error(404, "Not Found"), Rejected(Reason.GONE, gone=True)),
        Case(
            429,
            error(429, "Too Many Requests: retry after 35", retry_after=35),
            Retry(Reason.RATE_LIMITED, retry_after=timedelta(seconds=35)),
            {"retry-after": "35"},
        ),
        Case(
            429,
            error(429, "Too Many Requests", retry_after=8),
            Retry(Reason.RATE_LIMITED, retry_after=timedelta(seconds=8)),
        ),
        Case(502, error(502, "Bad Gateway"), Unknown(Reason.GATEWAY)),
    ),
)


@cache
def quiet() -> bool:
    tdjson.td_execute(b'{"@type": "setLogVerbosityLevel", "new_verbosity_level": 0}')
    return True


def asked(request: Json) -> Json:
    assert quiet()
    answer = tdjson.td_execute(json.dumps(request).encode())
    assert answer is not None
    found: Json = json.loads(answer)
    assert found["@type"] != "error", found
    return found


def parsed(text: str) -> tuple[str, list[Json]]:
    """Gives what Telegram shows of HTML, and the entities in it; fails where it is refused."""
    mode = {"@type": "textParseModeHTML"}
    found = asked({"@type": "parseTextEntities", "text": text, "parse_mode": mode})
    return found["text"], found["entities"]


def detected(text: str) -> list[str]:
    """Gives what Telegram makes of plain text by itself, without the times of films."""
    found = asked({"@type": "getTextEntities", "text": text})["entities"]
    kinds = [entity["type"]["@type"] for entity in found]
    return [kind for kind in kinds if kind != "textEntityTypeMediaTimestamp"]


def sent(message: Message, options: TelegramOptions = OPTIONS) -> HttpRequest:
    request = PLATFORM.request(message, options, ENVELOPE)
    assert isinstance(request, HttpRequest)
    return request


def payload(message: Message, options: TelegramOptions = OPTIONS) -> Json:
    body: Json = json.loads(sent(message, options).body)
    return body


def links_of(entities: list[Json]) -> list[str]:
    kind = "textEntityTypeTextUrl"
    return [e["type"]["url"] for e in entities if e["type"]["@type"] == kind]


def test_a_real_message_is_what_a_person_can_read_in_the_golden_file() -> None:
    matches_golden("telegram", sent(REAL).shown())


@settings(max_examples=150, deadline=None)
@given(foreign)
@example("@name #tag /start $USD example.com a@b.org 4111111111111111 4111 1111 1111 1111")
@example("https://x.example/y tg://user?id=1 ton://x www.x.org 192.168.0.1 1.2.3.4:80 x.org.mx")
@example("<b>bold</b> &lt;b&gt; &amp; &nbsp; <br> <a href='tg://user?id=1'>x</a>")
@example("#\U00018d80")
@example("+1 555 123 4567 A/RES/69/323 and/or 24/7 p. 3.5 No.5 J.-C. U.N. 09:00")
def test_telegram_shows_text_of_others_as_it_is_and_detects_nothing_in_it(text: str) -> None:
    shown, entities = parsed(f"x {TELEGRAM.text(text)} x")
    assert entities == []
    assert squeezed(shown) == "x" + squeezed(clean(text)) + "x"
    assert detected(shown) == []


@settings(max_examples=80, deadline=None)
@given(trees)
def test_telegram_takes_whatever_tree_and_sees_no_link_but_its_own(tree: list[Paragraph]) -> None:
    shown, entities = parsed(f"x\n{TELEGRAM.write(tree)}")
    meant = str(tree)
    assert len(links_of(entities)) <= meant.count("LinkNode(")
    allowed = {"Bold": "Strong(", "Italic": "Emphasis(", "Code": "Code(", "TextUrl": "LinkNode("}
    for entity in entities:
        kind = entity["type"]["@type"].removeprefix("textEntityType")
        assert allowed[kind] in meant
    codes = [e for e in entities if e["type"]["@type"] == "textEntityTypeCode"]
    if not codes and "LinkNode(" not in meant:  # in code nothing is detected
        assert detected(shown) == []


@settings(max_examples=50, deadline=None)
@given(messages)
def test_whatever_anybody_wrote_is_accepted_whole_and_within_the_limit(message: Message) -> None:
    body = payload(message)
    shown, _ = parsed(body["text"])
    assert 1 <= units(shown) <= 4096
    seen = squeezed(shown)
    for part in message.parts:
        for text in (part.title, part.footer, *(action.text for action in part.actions)):
            assert squeezed(clean(text)) in seen
    for (button,) in body.get("reply_markup", {}).get("inline_keyboard", []):
        assert button["url"].startswith("https://")
        assert 1 <= units(button["text"]) <= 64


def test_every_message_that_ships_is_accepted_with_its_links_and_nothing_of_telegrams_own() -> None:
    for message in shipped_messages():
        body = payload(message)
        shown, entities = parsed(body["text"])
        assert units(shown) <= 4096
        assert {e["type"]["@type"].removeprefix("textEntityType") for e in entities} <= {
            "Bold",
            "Italic",
            "TextUrl",
        }
        assert detected(shown) == []
        rows = body.get("reply_markup", {"inline_keyboard": []})["inline_keyboard"]
        led_to = {*links_of(entities), *(button["url"] for (button,) in rows)}
        for part in message.parts:
            assert squeezed(part.title) in squeezed(shown)
            assert squeezed(plain(parse(part.body)[:1])) in squeezed(shown)
            for link in (*part.sources[:2], *(li for a in part.actions for li in a.links)):
                assert link.url.replace("(", "%28").replace(")", "%29") in led_to
        if len(message.parts) == 1:
            assert PLATFORM.fitting_problems(message) == ()


def test_the_message_is_quiet_where_asked_and_shows_no_preview() -> None:
    body = payload(REAL)
    assert body["link_preview_options"] == {"is_disabled": True}
    assert body["disable_notification"] is False
    assert body["chat_id"] == "-1001234567890"
    assert "message_thread_id" not in body
    silent = OPTIONS.model_copy(update={"silent": True, "thread_id": 5})
    assert payload(REAL, silent)["disable_notification"] is True
    assert payload(REAL, silent)["message_thread_id"] == 5


def test_links_that_a_button_cannot_have_stand_in_the_text() -> None:
    links = (
        Link("Local", "http://localhost/x"),
        Link("", "https://a.example/"),
        Link("A label that is far too long for a button, " * 2, "https://b.example/"),
        Link("No address", "gopher://c.example"),
    )
    message = replace(
        REAL, parts=(replace(ENGLISH, actions=(ActionText("a", "Do this.", links),)),)
    )
    body = payload(message)
    assert "reply_markup" not in body
    shown, entities = parsed(body["text"])
    assert "https://b.example/" in links_of(entities)
    assert "Local" in shown


def test_what_is_counted_is_what_is_shown() -> None:
    link = "[x](https://a.example/" + "y" * 90 + ") "
    message = replace(REAL, parts=(replace(ENGLISH, body=link * 200, actions=(), sources=()),))
    body = payload(message)
    assert len(body["text"]) > 15_000
    assert PLATFORM.fitting_problems(message) == ()
    with pytest.raises(CannotFitError):
        sent(replace(REAL, parts=(replace(ENGLISH, body="\U0001f56f" * 2048),)))


def test_the_token_is_seen_nowhere() -> None:
    request = sent(REAL)
    assert request.url == f"https://api.telegram.org/bot{TOKEN}/sendMessage"
    for text in (repr(request), json.dumps(request.shown()), repr(OPTIONS)):
        assert TOKEN.partition(":")[2] not in text


def test_a_group_that_has_moved_is_told_its_new_number() -> None:
    (moved,) = (case for case in ANSWERS.cases if "migrate" in case.body)
    outcome = PLATFORM.outcome(moved.response, AT)
    assert 'chat_id = "-1009876543210"' in outcome.detail


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"server": "https://telegram.example"}, "api.telegram.org"),
        ({"server": "http://api.telegram.org"}, "https://"),
    ],
)
def test_another_server_is_refused_unless_trusted(changed: dict[str, str], sentence: str) -> None:
    own = OPTIONS.model_copy(update=changed)
    problem = PLATFORM.address_problem(own, ())
    assert problem is not None
    assert sentence in problem
    assert PLATFORM.address_problem(own, ("telegram.example", "api.telegram.org")) is None


def test_a_token_that_is_none_is_refused_without_showing_it() -> None:
    own = TelegramOptions.model_validate({"token": "secretword", "chat_id": "@our_group"})
    problem = PLATFORM.address_problem(own, ())
    assert problem is not None
    assert "@BotFather" in problem
    assert "secretword" not in problem
    for wrong in ("our group", "", True, "https://t.me/x"):
        with pytest.raises(ValidationError):
            TelegramOptions.model_validate({"token": TOKEN, "chat_id": wrong})


def test_two_threads_are_two_places_with_one_chats_limit() -> None:
    one, two = (OPTIONS.model_copy(update={"thread_id": n}) for n in (1, 2))
    assert PLATFORM.address_digest(one) != PLATFORM.address_digest(two)
    assert PLATFORM.rate_keys(one) == PLATFORM.rate_keys(two)


def test_a_message_is_deleted_by_its_chat_and_number() -> None:
    telegram = Telegram()
    request = telegram.retraction("-1001234567890/7", OPTIONS, ENVELOPE)
    assert request is not None
    assert request.url.endswith("/deleteMessage")
    assert json.loads(request.body) == {"chat_id": "-1001234567890", "message_id": 7}
    assert telegram.retraction("7", OPTIONS, ENVELOPE) is None
    gone = Case(400, error(400, "Bad Request: message to delete not found"), Delivered())
    assert isinstance(telegram.retracted(gone.response, AT), Delivered)
    late = Case(400, error(400, "Bad Request: message can't be deleted"), Delivered())
    assert isinstance(telegram.retracted(late.response, AT), Rejected)
