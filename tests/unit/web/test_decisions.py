"""Decisions: asked first, made once, kept with who and why, and void when the words changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from bot.channels.outcome import Reason, Rejected
from bot.channels.request import HttpRequest, Response
from bot.delivery.approval import Standing, digest_of, standing_of
from bot.delivery.planner import write_down
from bot.ledger.decisions import ALLOWED
from bot.ledger.rows import WAITING, HeldFor, State, Verdict
from bot.web.decisions import choices
from tests.page import NOW, Stage, staged
from tests.unit.web.browsing import Browser, words


def state(stage: Stage, key: str) -> State:
    row = stage.ledger.delivery(key)
    assert row is not None
    return row.state


def standing(stage: Stage, key: str) -> Standing:
    posting = stage.site.forecast().posting(key)
    assert posting is not None
    return standing_of(stage.project, posting, stage.ledger.decisions([key]).get(key))


@pytest.mark.parametrize(
    ("action", "of", "becomes"),
    [
        ("approve", "held", State.READY),
        ("skip", "held", State.SKIPPED),
        ("hold", "retrying", State.HELD),
        ("skip", "retrying", State.SKIPPED),
        ("retry", "failed", State.READY),
        ("retry", "missed", State.READY),
        ("retry", "skipped", State.READY),
        ("arrived", "unknown", State.DELIVERED),
        ("resend", "unknown2", State.READY),
        ("retract", "delivered", State.RETRACTED),
        ("take-back", "discord", State.RETRACTED),
    ],
)
def test_a_decision_about_a_delivery_is_asked_and_made(
    stage: Stage, browser: Browser, action: str, of: str, becomes: State
) -> None:
    key = stage.keys[of]
    question = browser.text(f"/decide?action={action}&key={key.replace('+', '%2B')}")
    assert "Who decides" in question and "Back, change nothing" in question
    before = state(stage, key)
    answer = browser.decide(action, key, why="I looked")
    assert answer.status_code == 200, words(answer.text)
    assert f"done={action}" in str(answer.url)
    assert before is not becomes
    assert state(stage, key) is becomes
    last = stage.ledger.decision_log(key)[-1]
    assert (last.who, last.why, last.at) == ("Ana", "I looked", NOW)
    assert stage.woken.times == 1
    assert "Ana" in answer.text and "I looked" in answer.text


@pytest.mark.parametrize(
    ("action", "becomes"),
    [("hold", Standing.HELD), ("skip", Standing.SKIPPED), ("approve", Standing.APPROVED)],
)
def test_a_decision_about_a_coming_posting_is_kept_for_its_hour(
    stage: Stage, browser: Browser, action: str, becomes: Standing
) -> None:
    key = stage.keys["asked" if action == "approve" else "coming"]
    assert browser.decide(action, key).status_code == 200
    assert stage.ledger.delivery(key) is None
    assert standing(stage, key) is becomes


def test_a_skipped_posting_can_be_taken_up_again(stage: Stage, browser: Browser) -> None:
    key = stage.keys["coming"]
    browser.decide("skip", key)
    browser.decide("approve", key)
    assert standing(stage, key) is Standing.APPROVED


def test_an_approval_is_bound_to_the_words_that_were_seen(stage: Stage, browser: Browser) -> None:
    key = stage.keys["asked"]
    posting = stage.site.forecast().posting(key)
    assert posting is not None
    browser.decide("approve", key)
    decision = stage.ledger.decisions([key])[key]
    assert decision.digest == digest_of(stage.project, posting)
    assert "approved" in browser.text(f"/posting/{key}")

    text = stage.project.days.texts[posting.observances[0]]
    texts = {
        **stage.project.days.texts,
        text.id: replace(text, opening={"en": "On {{ date }}, otherwise."}),
    }
    changed = replace(stage.project, days=replace(stage.project.days, texts=texts))
    stage.site.project = lambda: changed
    page = browser.text(f"/posting/{key}")
    assert "approval lapsed" in page
    assert "The words of an approved posting changed" in browser.text("/")
    browser.decide("approve", key)
    assert "approval lapsed" not in browser.text(f"/posting/{key}")


def test_words_that_change_while_they_are_read_are_not_approved(
    stage: Stage, browser: Browser
) -> None:
    key = stage.keys["asked"]
    answer = browser.decide("approve", key, digest="of other words")
    assert answer.status_code == 409
    assert "The words changed while you were reading them." in words(answer.text)
    assert stage.ledger.decision_log(key) == ()


def test_sending_now_fills_the_slot_and_is_not_sent_again(stage: Stage, browser: Browser) -> None:
    key = stage.keys["coming"]
    assert "posted to the channel at once" in browser.text(
        f"/decide?action=send&key={key.replace('+', '%2B')}"
    )
    assert browser.decide("send", key).status_code == 200
    row = stage.ledger.delivery(key)
    assert row is not None and row.by_hand and row.state is State.READY
    due = stage.site.forecast().posting(key)
    assert due is not None
    write_down(stage.ledger, stage.project, due.due_at + timedelta(minutes=1))
    assert len([r for r in stage.ledger.history(channel="ottawa") if r.date == row.date]) == 1


def test_a_notice_is_sent_now_as_a_notice(stage: Stage, browser: Browser) -> None:
    key = stage.keys["notice"]
    assert browser.decide("send", key).status_code == 200
    row = stage.ledger.delivery(key)
    assert row is not None and row.lead_days == 7


@pytest.mark.parametrize("cause", ["pause", "channel"])
def test_nothing_is_sent_now_while_it_is_paused(stage: Stage, browser: Browser, cause: str) -> None:
    if cause == "pause":
        stage.ledger.set_pause(NOW + timedelta(hours=3), NOW)
    else:
        stage.ledger.pause_channel("ottawa", Reason.GONE, "", "digest", NOW)
    answer = browser.decide("send", stage.keys["coming"])
    assert answer.status_code == 409
    assert "paused" in answer.text
    assert stage.ledger.decision_log(stage.keys["coming"]) == ()
    assert stage.woken.times == 0


def test_a_ledger_that_says_no_is_heard(stage: Stage, browser: Browser) -> None:
    stage.ledger.set_pause(NOW + timedelta(hours=3), NOW)
    answer = browser.decide("retry", stage.keys["failed"])
    assert answer.status_code == 409
    assert "Everything is paused. End the pause first" in answer.text
    assert state(stage, stage.keys["failed"]) is State.FAILED


@pytest.mark.parametrize(
    ("action", "of"),
    [
        ("approve", "delivered"),
        ("retry", "unknown"),
        ("send", "failed"),
        ("eat", "coming"),
        ("arrived", "delivered"),
        ("approve", ""),
    ],
)
def test_what_cannot_be_decided_is_not(
    stage: Stage, browser: Browser, action: str, of: str
) -> None:
    key = stage.keys.get(of, "no/such/key")
    asked = browser.get(f"/decide?action={action}&key={key}")
    assert asked.status_code == 409
    made = browser.send("/decide", {"action": action, "key": key, "who": "Ana"}, of="/channels")
    assert made.status_code == 409
    assert stage.ledger.decision_log(key) == ()


def test_a_decision_has_a_name(stage: Stage, browser: Browser) -> None:
    answer = browser.decide("hold", stage.keys["coming"], who="  ")
    assert answer.status_code == 422
    assert "Say who decides" in answer.text
    assert stage.ledger.decision_log(stage.keys["coming"]) == ()


def test_words_are_tried_on_another_channel_marked_as_a_test(
    stage: Stage, browser: Browser
) -> None:
    key = stage.keys["coming"]
    before = stage.ledger.inbox()
    answer = browser.send("/try", {"channel": "inbox"}, of=f"/posting/{key}")
    assert "The test message arrived in inbox." in answer.text
    (new,) = [row for row in stage.ledger.inbox() if row not in before]
    assert new.key.startswith("test/")
    assert new.text.count("This is a test message from Vigilia") == 1
    assert "message d’essai" in new.text or "test" in new.text
    assert stage.ledger.delivery(key) is None
    assert "a test" in browser.text("/inbox")


def test_a_try_that_does_not_arrive_says_why(stage: Stage, browser: Browser) -> None:
    stage.transport.answer = Rejected(Reason.GONE)
    answer = browser.send("/try", {"channel": "comunidad"}, of=f"/posting/{stage.keys['coming']}")
    assert "comunidad refused the test message. The webhook was removed." in words(answer.text)
    (request,) = stage.transport.sent
    assert isinstance(request, HttpRequest)
    assert (
        browser.send(
            "/try", {"channel": "nobody"}, of=f"/posting/{stage.keys['coming']}"
        ).status_code
        == 409
    )


def test_a_channel_is_tested_and_a_good_test_ends_its_pause(stage: Stage, browser: Browser) -> None:
    stage.ledger.pause_channel("ottawa", Reason.GONE, "", "digest", NOW)
    assert "Send a test message to ottawa?" in browser.text("/channels/test?channel=ottawa")
    answer = browser.send("/channels/test", {}, of="/channels/test?channel=ottawa")
    assert "The test message arrived in ottawa." in answer.text
    assert len(stage.transport.sent) == 1
    assert stage.ledger.paused_channels() == {}
    assert stage.woken.times == 1


def test_a_bad_test_leaves_the_pause_and_explains(stage: Stage, browser: Browser) -> None:
    stage.ledger.pause_channel("ottawa", Reason.GONE, "", "digest", NOW)
    stage.transport.answer = Response(404, {}, b"no_service")
    answer = browser.send("/channels/test", {}, of="/channels/test?channel=ottawa")
    assert "ottawa refused the test message. The webhook was removed." in words(answer.text)
    assert "ottawa" in stage.ledger.paused_channels()


def test_a_channel_is_resumed_by_hand(stage: Stage, browser: Browser) -> None:
    stage.ledger.pause_channel("ottawa", Reason.GONE, "", "digest", NOW)
    answer = browser.send("/channels/resume", {"channel": "ottawa"}, of="/channels")
    assert "ottawa is not paused any more." in answer.text
    assert stage.ledger.paused_channels() == {}
    for path in ("/channels/resume", "/channels/test"):
        assert browser.send(path, {"channel": "nobody"}, of="/channels").status_code == 404
    assert browser.get("/channels/test?channel=nobody").status_code == 404


def test_everything_is_paused_and_goes_on(stage: Stage, browser: Browser) -> None:
    answer = browser.send("/pause", {"hours": "6"}, of="/channels")
    assert "Everything is paused until 10 December 2026, 17:00 EST." in words(answer.text)
    assert stage.ledger.paused_until() == NOW + timedelta(hours=6)
    answer = browser.send("/go-on", {}, of="/channels")
    assert "Posting goes on." in answer.text
    assert stage.ledger.paused_until() is None
    for hours in ("0", "-1", "many", "745", "²"):
        assert browser.send("/pause", {"hours": hours}, of="/channels").status_code == 422
    assert stage.ledger.paused_until() is None


def test_a_post_that_the_platform_keeps_stays_delivered(stage: Stage, browser: Browser) -> None:
    stage.transport.answer = Response(403, {}, b"")
    answer = browser.decide("take-back", stage.keys["discord"])
    assert answer.status_code == 409
    assert "The platform did not take it back." in answer.text
    assert state(stage, stage.keys["discord"]) is State.DELIVERED


SEPARATE = """
[channels.gate]
platform = "inbox"
languages = ["en", "fr"]
layout = "separate"
approval = true
include = ["human-rights-day"]

[channels.open]
platform = "inbox"
languages = ["en", "fr"]
layout = "separate"
include = ["human-rights-day"]
"""


class TestSendingOneOfSeveralLanguages:
    """Each language of a slot is a posting of its own, and its page shows that one alone."""

    ENGLISH, FRENCH = (f"human-rights-day/2027-12-10/0/gate/{code}" for code in ("en", "fr"))

    @pytest.fixture
    def stage(self, tmp_path: Path) -> Iterator[Stage]:
        with staged(tmp_path, filled=False, channels=SEPARATE) as stage:
            yield stage

    def test_words_that_nobody_was_shown_are_neither_approved_nor_sent(
        self, stage: Stage, browser: Browser
    ) -> None:
        answer = browser.decide("send", self.ENGLISH)
        assert answer.status_code == 409
        assert "The words in fr wait for a person too" in words(answer.text)
        assert stage.ledger.history() == ()
        assert stage.ledger.decision_log(self.FRENCH) == ()

    def test_they_go_together_once_each_was_read(self, stage: Stage, browser: Browser) -> None:
        assert browser.decide("approve", self.FRENCH).status_code == 200
        (approval,) = stage.ledger.decision_log(self.FRENCH)
        assert browser.decide("send", self.ENGLISH).status_code == 200
        assert {state(stage, key) for key in (self.ENGLISH, self.FRENCH)} == {State.READY}
        (sent,) = stage.ledger.decision_log(self.ENGLISH)
        assert (sent.verdict, sent.digest) == ("approve", shown_digest(stage, self.ENGLISH))
        assert stage.ledger.decision_log(self.FRENCH) == (approval,)

    @pytest.mark.parametrize("action", ["hold", "skip"])
    def test_what_a_person_held_or_left_out_does_not_go_along(
        self, stage: Stage, browser: Browser, action: str
    ) -> None:
        english, french = (key.replace("gate", "open") for key in (self.ENGLISH, self.FRENCH))
        browser.decide(action, french)
        assert browser.decide("send", english).status_code == 409
        assert stage.ledger.history() == ()

    def test_where_nobody_has_to_read_them_all_go_and_nothing_unread_is_approved(
        self, stage: Stage, browser: Browser
    ) -> None:
        english, french = (key.replace("gate", "open") for key in (self.ENGLISH, self.FRENCH))
        assert browser.decide("send", english).status_code == 200
        assert {state(stage, key) for key in (english, french)} == {State.READY}
        assert stage.ledger.decision_log(french) == ()


def shown_digest(stage: Stage, key: str) -> str | None:
    posting = stage.site.forecast().posting(key)
    assert posting is not None
    return digest_of(stage.project, posting)


def test_what_ended_unread_is_approved_before_it_is_sent_again(
    stage: Stage, browser: Browser
) -> None:
    key = stage.keys["held"]
    stage.clock.set(NOW + timedelta(days=3))
    stage.ledger.expire(stage.clock.now())
    assert state(stage, key) is State.MISSED
    assert browser.decide("retry", key).status_code != 200
    assert browser.decide("approve", key).status_code == 200
    assert browser.decide("retry", key).status_code == 200
    assert state(stage, key) is State.READY


STATES: list[tuple[State | None, HeldFor | None]] = [
    (None, None),
    *((state, held_for) for state in State for held_for in (None, "approval", "channel", "pause")),
]


@pytest.mark.parametrize("standing", Standing)
@pytest.mark.parametrize(("state", "held_for"), STATES)
def test_the_page_offers_what_the_ledger_allows(
    stage: Stage, state: State | None, held_for: HeldFor | None, standing: Standing
) -> None:
    row = stage.ledger.delivery(stage.keys["delivered"])
    assert row is not None
    about = None if state is None else replace(row, state=state, held_for=held_for)
    verdicts = {"arrived": "resolve-delivered", "resend": "resolve-resend", "take-back": "retract"}
    for deletes in (True, False):
        offered = [choice.name for choice in choices(about, standing, deletes=deletes)]
        assert all(
            state in ALLOWED[cast("Verdict", verdicts.get(name, name))]
            for name in offered
            if name != "send"
        )
        assert ("send" in offered) is (about is None)
        assert len({"retract", "take-back"} & set(offered)) == (state is State.DELIVERED)
        # whatever can still be sent can be stopped, and whatever waits for a person can go on
        assert ("skip" in offered) is (
            state in WAITING or (about is None and standing is not Standing.SKIPPED)
        )
        if state in {State.FAILED, State.MISSED, State.SKIPPED}:
            assert ("approve" in offered) is not ("retry" in offered)
        if about is None:
            assert ("approve" in offered) is (standing not in {Standing.FREE, Standing.APPROVED})
