from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given, settings

from bot.channels.dialects.adaptive_card import card_body, disarmed, link_run
from bot.channels.dialects.dialect import clean
from bot.channels.dialects.teams_card import MOST_BUTTONS
from bot.channels.outcome import Delivered, Outcome, Reason, Rejected, Retry, Unknown
from bot.channels.request import HttpRequest, Response
from bot.channels.teams import LONGEST_BODY, PLATFORM
from bot.channels.webhook_platform import WebhookOptions
from bot.content.markdown import parse
from bot.content.message import ActionText, Link, Message

from .answer_cases import Answers, Case
from .golden_files import matches_golden
from .messages import AT, ENGLISH, ENVELOPE, REAL, foreign, messages
from .seen import squeezed

URL = (
    "https://default1234.5.environment.api.powerplatform.com:443/powerautomate/automations/direct/"
    "workflows/0123456789abcdef/triggers/manual/paths/invoke?api-version=1&sp=%2Ftriggers%2Fmanual"
    "%2Frun&sv=1.0&sig=aB3-dE_fG7hI9jK1lM3nO5"
)
OPTIONS = WebhookOptions.model_validate({"url": URL})
SWITCHED_OFF = json.dumps(
    {"error": {"code": "WorkflowTriggerIsNotEnabled", "message": "The trigger is not enabled."}}
)
NO_SUCH = json.dumps({"error": {"code": "WorkflowNotFound", "message": "It could not be found."}})

CHANNEL = 'url = "http://127.0.0.1:9/workflows/a/triggers/manual/paths/invoke?sig=CANARYplatformSECRET0009"'

ANSWERS = Answers(
    gone=frozenset({401, 403, 404, 410}),
    cases=(
        Case(202, "", Delivered()),
        Case(200, "1", Delivered()),
        Case(200, "", Delivered()),
        Case(
            200,
            "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP "
            "error 429 with ContextId …",
            Retry(Reason.RATE_LIMITED),
        ),
        Case(200, "Summary or Text is required.", Unknown(Reason.NOT_A_POST)),
        Case(400, '{"error":{"code":"InvalidRequestContent"}}', Rejected(Reason.BAD_REQUEST)),
        Case(400, SWITCHED_OFF, Rejected(Reason.DISABLED, gone=True)),
        Case(401, '{"error": "AuthorizationFailed"}', Rejected(Reason.UNAUTHORISED, gone=True)),
        Case(403, "", Rejected(Reason.FORBIDDEN, gone=True)),
        Case(404, NO_SUCH, Rejected(Reason.GONE, gone=True)),
        Case(429, "", Retry(Reason.RATE_LIMITED)),
        Case(502, '{"error":{"code":"NoResponse"}}', Unknown(Reason.GATEWAY)),
    ),
    proves=lambda status, body: status == 202 or body.strip() in (b"", b"1"),
)


def sent(message: Message) -> HttpRequest:
    request = PLATFORM.request(message, OPTIONS, ENVELOPE)
    assert isinstance(request, HttpRequest)
    return request


def body_of(message: Message) -> list[dict[str, Any]]:
    (attachment,) = json.loads(sent(message).body)["attachments"]
    body: list[dict[str, Any]] = attachment["content"]["body"]
    return body


def objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        for inner in value:
            yield from objects(inner)
    elif isinstance(value, dict):
        yield value
        yield from objects(list(value.values()))


def text_of(value: Any) -> str:
    return "".join(one.get("text", "") or one.get("title", "") for one in objects(value))


def test_a_real_message_is_what_a_person_can_read_in_the_golden_file() -> None:
    matches_golden("teams", sent(REAL).shown())


@settings(max_examples=60, deadline=None)
@given(messages)
def test_all_text_of_others_stands_where_nothing_reads_it_as_markdown(message: Message) -> None:
    body = body_of(message)
    seen = squeezed(text_of(body))
    for part in message.parts:
        for text in (part.title, part.footer, *(action.text for action in part.actions)):
            assert squeezed(clean(text)) in seen
    for element in objects(body):
        if element.get("type") == "TextBlock":
            assert not set(element["text"]) & set("\\*_[]`{}<>|~&")
        if element.get("type") == "ActionSet":
            assert 1 <= len(element["actions"]) <= MOST_BUTTONS
    assert len(sent(message).body) <= LONGEST_BODY


@example("$x${{")
@given(foreign)
def test_nothing_in_a_text_is_a_function_of_the_card_or_a_mention(text: str) -> None:
    written = disarmed(text)
    assert "{{" not in written
    assert "${" not in written
    assert "<at>" not in written.lower()
    assert squeezed(written) == squeezed(clean(text))


def test_a_title_is_a_heading_unless_something_in_it_could_be_markdown() -> None:
    for title, kind in (("9 December", "TextBlock"), ("A *day*", "RichTextBlock")):
        message = replace(REAL, parts=(replace(ENGLISH, title=title),))
        (heading,) = body_of(message)[0]["items"]
        assert heading["type"] == kind
    for title in ("- a list", "1. one", "# heading"):
        message = replace(REAL, parts=(replace(ENGLISH, title=title),))
        assert body_of(message)[0]["items"][0]["type"] == "RichTextBlock"


def test_the_colour_is_quiet_and_one_of_the_themes_own() -> None:
    styles = {
        kind: body_of(replace(REAL, kind=kind))[0]["style"]
        for kind in ("day", "remembrance", "anniversary", "month", "notice", "digest", "test")
    }
    assert set(styles.values()) == {"accent", "emphasis"}
    assert styles["remembrance"] == "emphasis"


def test_links_of_actions_are_buttons_and_those_beyond_six_are_links() -> None:
    links = tuple(Link(f"Link {n}", f"https://a.example/{n}") for n in range(8))
    part = replace(ENGLISH, actions=(ActionText("act", "Do it.", links),))
    body = body_of(replace(REAL, parts=(part,)))
    (buttons,) = [element for element in body if element["type"] == "ActionSet"]
    assert [button["title"] for button in buttons["actions"]] == [f"Link {n}" for n in range(6)]
    runs = [one for one in objects(body) if one.get("text") in ("Link 6", "Link 7")]
    assert [run["selectAction"]["url"][-1] for run in runs] == ["6", "7"]


def test_a_body_looks_as_it_should() -> None:
    elements = list(
        card_body(
            parse(
                "A **bold *both*** `code` [link](https://a.example/)  \nnext\n\n- one\n- two\n"
                "  1. deep\n\n> quoted\n\n- > only a quote\n-\n"
            )
        )
    )
    assert [element["type"] for element in elements] == [
        *["RichTextBlock"] * 2,
        *["ColumnSet"] * 3,
        "Container",
        *["ColumnSet", "Container", "ColumnSet"],
    ]
    runs = {run["text"]: run for run in objects(elements) if run.get("type") == "TextRun"}
    assert (runs["both"]["weight"], runs["both"]["italic"]) == ("Bolder", True)
    assert runs["code"]["fontType"] == "Monospace"
    assert runs["link"]["selectAction"] == {"type": "Action.OpenUrl", "url": "https://a.example/"}
    assert elements[1]["spacing"] == "None"
    assert "\u20031." in runs


def test_a_break_within_an_item_is_a_space_and_an_empty_quote_is_not_empty() -> None:
    item, quote = card_body(parse("- one  \n  two\n\n>"))
    assert text_of(item) == "•one two"
    assert quote["items"]


def test_what_is_no_web_address_is_shown_as_text() -> None:
    assert link_run("Title", "javascript:alert")["text"] == "Title (javascript:alert)"


def test_what_is_too_long_is_shortened_and_said_beforehand() -> None:
    long = replace(ENGLISH, body="\n\n".join(["Dix mots à noter. " * 60] * 30))
    message = replace(REAL, parts=(long,))
    (sentence, *_) = PLATFORM.fitting_problems(message)
    assert "loses its last" in sentence
    assert len(sent(message).body) <= LONGEST_BODY


def test_a_bare_message_has_no_empty_element() -> None:
    bare = replace(ENGLISH, title="", actions=(), sources=(), footer="", actions_label="")
    unlabelled = replace(ENGLISH, actions_label="", sources_label="")
    body = body_of(replace(REAL, parts=(bare, unlabelled)))
    assert all(run["text"] for run in objects(body) if run.get("type") == "TextRun")


def test_the_address_is_kept_byte_for_byte_and_shown_to_nobody() -> None:
    request = sent(REAL)
    assert request.url == URL.replace(":443", "")
    for text in (repr(request), json.dumps(request.shown()), repr(OPTIONS)):
        assert "aB3-dE" not in text
        assert "0123456789abcdef" not in text


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("https://example.webhook.office.com/webhookb2/x", "retired"),
        ("https://outlook.office.com/webhook/x", "retired"),
        (URL.partition("&sp=")[0], "no signature"),
        ("http://a.example/?sig=x", "https://"),
    ],
)
def test_an_address_that_takes_no_message_is_refused_with_the_reason(
    url: str, sentence: str
) -> None:
    problem = PLATFORM.address_problem(WebhookOptions.model_validate({"url": url}), ())
    assert problem is not None
    assert sentence in problem


def test_an_address_is_taken_whatever_the_host_is_called_this_year() -> None:
    old = "https://prod-01.westeurope.logic.azure.com:443/workflows/1/triggers/manual/paths/invoke?sig=x"
    for url in (URL, old):
        assert PLATFORM.address_problem(WebhookOptions.model_validate({"url": url}), ()) is None
    own = WebhookOptions.model_validate({"url": "http://127.0.0.1:8080/x"})
    assert PLATFORM.address_problem(own, ("127.0.0.1",)) is None


def test_buckets_and_digest_hold_no_secret() -> None:
    other = WebhookOptions.model_validate({"url": f"{URL}1"})
    assert PLATFORM.address_digest(OPTIONS) != PLATFORM.address_digest(other)
    (webhook, rate), _ = PLATFORM.rate_keys(OPTIONS)
    assert rate == 1.0
    assert "aB3" not in webhook


def test_a_202_says_that_it_is_not_a_post_yet() -> None:
    outcome: Outcome = PLATFORM.outcome(Response(202, {}, b""), AT)
    assert "started the workflow" in outcome.detail
