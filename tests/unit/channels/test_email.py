from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import pytest
from hypothesis import given, settings
from pydantic import ValidationError

from bot.channels.answers import Step, read_refusal
from bot.channels.dialects.dialect import clean, one_line
from bot.channels.email import PLATFORM, EmailOptions
from bot.channels.outcome import Delivered, Reason, Rejected, Retry
from bot.channels.request import MimeRequest
from bot.content.markdown import parse, plain
from bot.content.message import ActionText, Link, Message

from .answer_cases import Answers, Case
from .golden_files import matches_golden
from .messages import AT, ENGLISH, ENVELOPE, REAL, messages
from .seen import squeezed
from .shipped import shipped_messages
from .test_matrix import Page

PASSWORD = "correct horse battery staple"
RAW = {
    "host": "smtp.example.org",
    "user": "vigilia",
    "password": PASSWORD,
    "sender": "Our group <days@example.org>",
    "to": "members@lists.example.org",
}
OPTIONS = EmailOptions.model_validate(RAW)

CHANNEL = """
host = "127.0.0.1"
port = 9
security = "none"
sender = "Our group <days@example.org>"
to = "members@lists.example.org"
"""

ANSWERS = Answers(cases=(Case(200, "", Delivered()),))
"""A mail server gives no HTTP answers; its own are below."""


def sent(message: Message, options: EmailOptions = OPTIONS) -> MimeRequest:
    request = PLATFORM.request(message, options, ENVELOPE)
    assert isinstance(request, MimeRequest)
    return request


def mail(message: Message, options: EmailOptions = OPTIONS) -> EmailMessage:
    read = message_from_bytes(sent(message, options).content, policy=SMTP)
    assert isinstance(read, EmailMessage)
    assert read.defects == []
    return read


def bodies(read: EmailMessage) -> tuple[str, str]:
    plain_part, html_part = read.iter_parts()
    assert (plain_part.get_content_type(), html_part.get_content_type()) == (
        "text/plain",
        "text/html",
    )
    assert isinstance(plain_part, EmailMessage)
    assert isinstance(html_part, EmailMessage)
    return plain_part.get_content(), html_part.get_content()


def with_options(**changed: Any) -> EmailOptions:
    return EmailOptions.model_validate({**RAW, **changed})


def test_a_real_message_is_what_a_person_can_read_in_the_golden_file() -> None:
    matches_golden("email", sent(REAL).shown())


@settings(max_examples=60, deadline=None)
@given(messages)
def test_whatever_anybody_wrote_is_a_sound_mail_with_all_of_it(message: Message) -> None:
    content = sent(message).content
    assert content.isascii()
    assert all(len(line) <= 998 for line in content.split(b"\r\n"))
    assert b"\n" not in content.replace(b"\r\n", b"")
    read = mail(message)
    assert squeezed(str(read["Subject"])) == squeezed(one_line(message.title))
    text, html = bodies(read)
    page = Page(html.partition("<body")[2].partition(">")[2].partition("</body>")[0])
    for part in message.parts:
        for piece in (part.title, part.footer, *(action.text for action in part.actions)):
            assert squeezed(clean(piece)) in squeezed(text)
            assert squeezed(clean(piece)) in squeezed(page.seen)
    assert not page.elements & {"img", "script", "link", "iframe", "form", "style"}


def test_every_message_that_ships_is_whole_in_both_forms() -> None:
    for message in shipped_messages():
        assert PLATFORM.fitting_problems(message) == ()
        text, html = bodies(mail(message))
        page = Page(html.partition("<body")[2].partition(">")[2].partition("</body>")[0])
        led_to = {value for _, name, value in page.attributes if name == "href"}
        for part in message.parts:
            first = squeezed(plain(parse(part.body)[:1]))
            assert first in squeezed(text)
            assert first in squeezed(page.seen)
            for link in part.sources:
                assert link.url.replace("(", "%28").replace(")", "%29") in led_to


def test_the_headers_say_what_it_is_and_are_the_same_for_every_attempt() -> None:
    read = mail(REAL)
    assert read["Message-ID"] == f"<{ENVELOPE.request_id}@example.org>"
    assert read["Auto-Submitted"] == "auto-generated"
    assert read["From"] == "Our group <days@example.org>"
    assert read["To"] == "members@lists.example.org"
    assert read["Date"] == "Wed, 09 Dec 2026 14:00:00 +0000"
    assert read["Content-Language"] == "en, fr"
    assert "List-Unsubscribe" not in read
    assert sent(REAL).content == sent(REAL).content
    later = PLATFORM.request(REAL, OPTIONS, replace(ENVELOPE, at=AT + timedelta(hours=1)))
    assert isinstance(later, MimeRequest)
    assert later.content.replace(b"15:00:00", b"14:00:00") == sent(REAL).content


def test_several_recipients_do_not_see_one_another() -> None:
    options = with_options(to=["first@example.org", "b@münchen.example"])
    assert sent(REAL, options).recipients == ("first@example.org", "b@xn--mnchen-3ya.example")
    assert mail(REAL, options)["To"] == "undisclosed-recipients:;"
    assert b"first@example.org" not in sent(REAL, options).content


def test_a_reader_can_leave_the_list() -> None:
    read = mail(REAL, with_options(unsubscribe="mailto:leave@example.org", reply_to="us@a.example"))
    assert read["List-Unsubscribe"] == "<mailto:leave@example.org>"
    assert "List-Unsubscribe-Post" not in read
    assert read["Reply-To"] == "us@a.example"
    one_click = with_options(unsubscribe="https://a.example/u", unsubscribe_one_click=True)
    assert mail(REAL, one_click)["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_where_a_link_leads_nowhere_its_address_is_shown() -> None:
    links = (Link("No address", "gopher://a.example"), Link("One", "https://a.example/"))
    part = replace(ENGLISH, actions=(ActionText("a", "Do this.", links),), actions_label="")
    _, html = bodies(mail(replace(REAL, parts=(part,))))
    assert "No address (gopher://a.example)" in html
    assert "<h2" not in html


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"sender": "days"}, "name@example.org"),
        ({"sender": "Days <days@example.org"}, "Our group <name@example.org>"),
        ({"sender": "A\nBcc: x@a.example <days@example.org>"}, "Our group <name@example.org>"),
        ({"to": "members"}, "name@example.org"),
        ({"to": "a@b..example"}, "name@example.org"),
        ({"to": "é@example.org"}, "name@example.org"),
        ({"to": []}, "to"),
        ({"password": None}, "go together"),
        ({"password": "pässword"}, "no accents"),
        ({"unsubscribe": "http://a.example/"}, "mailto: or an https:"),
        ({"unsubscribe_one_click": True}, "needs an https: address"),
        ({"port": 0}, "port"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_reason(
    changed: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValidationError, match=re.escape(sentence)) as refused:
        with_options(**changed)
    assert PASSWORD not in str(refused.value)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"host": "10.0.0.1"}, "The mail server's host is private"),
        ({"host": "localhost"}, "The mail server's host is a name of this machine"),
        ({"host": "::1"}, "The mail server's host is private"),
        ({"host": "smtp example"}, "space"),
        ({"security": "none"}, "anyone on the way"),
    ],
)
def test_a_server_that_is_not_posted_to_is_refused_unless_trusted(
    changed: dict[str, Any], sentence: str
) -> None:
    options = with_options(**changed)
    problem = PLATFORM.address_problem(options, ())
    assert problem is not None
    assert sentence in problem
    if "space" not in sentence:
        assert PLATFORM.address_problem(options, (options.host,)) is None
    assert PLATFORM.address_problem(OPTIONS, ()) is None


def test_the_port_is_the_usual_one_of_the_way_to_be_secure() -> None:
    ports = [with_options(security=way).server.port for way in ("starttls", "tls", "none")]
    assert ports == [587, 465, 25]
    assert with_options(port=2525).server.port == 2525


def test_the_password_is_seen_nowhere() -> None:
    request = sent(REAL)
    for text in (repr(request), json.dumps(request.shown()), repr(OPTIONS)):
        assert PASSWORD not in text
    assert request.shown()["url"] == "smtp+starttls://smtp.example.org:587"


def test_the_same_recipients_are_the_same_place_by_whatever_server() -> None:
    other = with_options(host="mail.example.org", to=["members@lists.example.org"])
    assert PLATFORM.address_digest(other) == PLATFORM.address_digest(OPTIONS)
    assert PLATFORM.rate_keys(other) != PLATFORM.rate_keys(OPTIONS)


@pytest.mark.parametrize(
    ("step", "code", "text", "outcome"),
    [
        (Step.GREETING, 421, "4.3.2 Try later", Retry(Reason.SERVER_ERROR)),
        (Step.RECIPIENT, 450, "4.2.0 Greylisted", Retry(Reason.SERVER_ERROR)),
        (Step.RECIPIENT, 452, "4.2.2 Mailbox full", Retry(Reason.QUOTA)),
        (Step.GREETING, 554, "5.7.1 Not welcome", Rejected(Reason.FORBIDDEN)),
        (Step.SIGNING_IN, 535, "5.7.8 Bad", Rejected(Reason.UNAUTHORISED, gone=True)),
        (Step.SENDER, 530, "5.7.0 Sign in", Rejected(Reason.UNAUTHORISED, gone=True)),
        (Step.SIGNING_IN, 454, "4.7.0 Later", Retry(Reason.SERVER_ERROR)),
        (Step.RECIPIENT, 550, "5.1.1 No such user", Rejected(Reason.GONE, gone=True)),
        (Step.RECIPIENT, 550, "5.2.1 Disabled", Rejected(Reason.DISABLED, gone=True)),
        (Step.RECIPIENT, 550, "5.7.1 Spam", Rejected(Reason.FORBIDDEN)),
        (Step.RECIPIENT, 501, "5.1.3 Bad address", Rejected(Reason.BAD_REQUEST)),
        (Step.MESSAGE, 552, "5.3.4 Too big", Rejected(Reason.TOO_LARGE)),
        (Step.MESSAGE, 554, "5.7.1 Spam", Rejected(Reason.BAD_REQUEST)),
        (Step.MESSAGE, 451, "Try again", Retry(Reason.SERVER_ERROR)),
        (Step.TLS, 502, "no", Rejected(Reason.BAD_REQUEST)),
    ],
)
def test_each_reply_of_a_mail_server_means_what_its_number_says(
    step: Step, code: int, text: str, outcome: Rejected | Retry
) -> None:
    found = read_refusal(step, code, text)
    assert found.detail == f"SMTP {code} to {step.value}: {text}"
    assert replace(found, detail="") == outcome


def test_a_reply_without_words_is_told_by_its_number() -> None:
    assert read_refusal(Step.SENDER, 550, "").detail == "SMTP 550 to the sender"
