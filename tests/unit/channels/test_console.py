from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings

from bot.channels.console import PLATFORM
from bot.channels.dialects.dialect import clean
from bot.channels.local_platform import LocalOptions
from bot.channels.request import LocalRequest
from bot.content.message import Message

from .answer_cases import Answers
from .golden_files import matches_golden
from .messages import ENGLISH, ENVELOPE, REAL, messages
from .seen import squeezed

CHANNEL = ""

ANSWERS = Answers()
OPTIONS = LocalOptions()


def shown(message: Message) -> LocalRequest:
    request = PLATFORM.request(message, OPTIONS, ENVELOPE)
    assert isinstance(request, LocalRequest)
    return request


def test_a_real_message_is_what_a_person_can_read_in_the_golden_file() -> None:
    request = shown(REAL)
    assert request.place == "console"
    matches_golden("console", {**request.shown(), "lines": request.text.splitlines()})


@settings(max_examples=60, deadline=None)
@given(messages)
def test_all_that_is_said_is_shown_and_no_escape_sequence(message: Message) -> None:
    text = shown(message).text
    assert "\x1b" not in text
    seen = squeezed(text)
    for part in message.parts:
        for words in (part.title, part.footer, *(link.title for link in part.sources)):
            assert squeezed(clean(words)) in seen


def test_a_part_with_a_body_alone_has_no_empty_heading() -> None:
    bare = replace(ENGLISH, title="Title", body="Body", actions=(), sources=(), footer="")
    assert shown(replace(REAL, parts=(bare,))).text == "Title\n=====\n\nBody"


def test_a_place_on_this_machine_has_no_address_no_limit_and_no_secret() -> None:
    assert PLATFORM.local
    assert PLATFORM.address_problem(OPTIONS, ()) is None
    assert PLATFORM.address_digest(OPTIONS) == "console"
    assert PLATFORM.rate_keys(OPTIONS) == ()
    assert PLATFORM.fitting_problems(replace(REAL, parts=(ENGLISH,) * 50)) == ()
