from __future__ import annotations

from bot.channels.inbox import PLATFORM
from bot.channels.local_platform import LocalOptions, message_text
from bot.channels.request import LocalRequest

from .answer_cases import Answers
from .golden_files import matches_golden
from .messages import ENVELOPE, REAL

CHANNEL = ""

ANSWERS = Answers()


def test_the_inbox_keeps_the_message_and_its_words() -> None:
    request = PLATFORM.request(REAL, LocalOptions(), ENVELOPE)
    assert isinstance(request, LocalRequest)
    assert request.message == REAL
    assert request.place == "inbox"
    assert request.text == message_text(REAL)
    matches_golden("inbox", {**request.shown(), "lines": request.text.splitlines()})
