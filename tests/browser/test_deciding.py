"""Every button, pressed by somebody: in three languages, on both widths, and by keyboard alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from bot.channels.outcome import Reason
from bot.delivery.approval import Standing, standing_of
from bot.ledger.rows import State
from tests.browser.conftest import DESKTOP, PHONE, Meet
from tests.page import CANARIES, NOW, Stage, served, staged

WORDS = {
    "en-CA": {"approve": "Approve", "hold": "Hold", "skip": "Skip", "send": "Send now",
              "retry": "Send again", "arrived": "It is there", "resend": "It is not there",
              "retract": "It was taken back"},
    "fr-CA": {"approve": "Approuver", "hold": "Retenir", "skip": "Passer",
              "send": "Envoyer maintenant", "retry": "Renvoyer", "arrived": "Elle y est",
              "resend": "Elle n’y est pas", "retract": "Elle a été retirée"},
    "es-MX": {"approve": "Aprobar", "hold": "Retener", "skip": "Omitir", "send": "Enviar ahora",
              "retry": "Enviar de nuevo", "arrived": "Sí está", "resend": "No está",
              "retract": "Fue retirada"},
}  # fmt: skip

DECISIONS = (
    ("approve", "held", State.READY),
    ("skip", "retrying", State.SKIPPED),
    ("retry", "failed", State.READY),
    ("arrived", "unknown", State.DELIVERED),
    ("resend", "unknown2", State.READY),
    ("retract", "delivered", State.RETRACTED),
)


def press(page: Page, name: str) -> None:
    page.get_by_role("link", name=f"{name}…", exact=True).click()
    page.locator("#who").fill("Ana")
    page.locator("#why").fill("seen")
    page.get_by_role("button", name=name, exact=True).click()
    page.wait_for_url("**/posting/**done=**")
    assert page.get_by_role("status").first.inner_text()


@pytest.mark.parametrize(
    ("language", "size"), [("en-CA", DESKTOP), ("fr-CA", PHONE), ("es-MX", PHONE)]
)
def test_deliveries_are_decided_on(
    meet: Meet, address: str, stage: Stage, language: str, size: tuple[int, int]
) -> None:
    person = meet(address, language=language, size=size)
    for action, of, becomes in DECISIONS:
        key = stage.keys[of]
        press(person.open(f"/posting/{key}"), WORDS[language][action])
        row = stage.ledger.delivery(key)
        assert row is not None and row.state is becomes, action
        assert stage.ledger.decision_log(key)[-1].who == "Ana"


@pytest.mark.parametrize(
    ("language", "size"), [("es-MX", DESKTOP), ("en-CA", PHONE), ("fr-CA", DESKTOP)]
)
def test_coming_postings_are_held_skipped_approved_and_sent(
    meet: Meet, address: str, stage: Stage, language: str, size: tuple[int, int]
) -> None:
    person = meet(address, language=language, size=size)
    words = WORDS[language]
    key = stage.keys["coming"]
    for action, becomes in (("hold", Standing.HELD), ("skip", Standing.SKIPPED),
                            ("approve", Standing.APPROVED)):  # fmt: skip
        press(person.open(f"/posting/{key}"), words[action])
        posting = stage.site.forecast().posting(key)
        assert posting is not None
        decision = stage.ledger.decisions([key])[key]
        assert standing_of(stage.project, posting, decision) is becomes
    press(person.page, words["send"])
    row = stage.ledger.delivery(key)
    assert row is not None and row.by_hand


def test_nothing_is_changed_by_somebody_who_goes_back(
    meet: Meet, address: str, stage: Stage
) -> None:
    page = meet(address).open(f"/posting/{stage.keys['coming']}")
    page.get_by_role("link", name="Skip…").click()
    page.get_by_role("link", name="Back, change nothing").click()
    page.wait_for_url("**/posting/**")
    assert stage.ledger.decision_log(stage.keys["coming"]) == ()


def test_channels_are_tested_resumed_and_paused(meet: Meet, address: str, stage: Stage) -> None:
    stage.ledger.pause_channel("ottawa", Reason.GONE, "", "digest", NOW)
    page = meet(address, size=PHONE).open("/channels")
    page.locator(".place", has_text="comunidad").get_by_role("link", name="Test…").click()
    page.get_by_role("button", name="Send the test").click()
    page.wait_for_url("**done=test**")
    assert len(stage.transport.sent) == 1
    page.get_by_role("button", name="Resume").click()
    page.wait_for_url("**done=resume**")
    assert stage.ledger.paused_channels() == {}
    page.get_by_label("Hours").fill("5")
    page.get_by_role("button", name="Pause everything").click()
    page.wait_for_url("**done=pause**")
    assert stage.ledger.paused_until() is not None
    page.get_by_role("button", name="Let posting go on").click()
    page.wait_for_url("**done=go-on**")
    assert stage.ledger.paused_until() is None


def test_words_are_tried_in_the_inbox(meet: Meet, address: str, stage: Stage) -> None:
    page = meet(address).open(f"/posting/{stage.keys['coming']}")
    page.locator("#try").select_option("inbox")
    page.get_by_role("button", name="Send as a test").click()
    page.wait_for_url("**done=test**")
    page.get_by_role("link", name="Inbox", exact=True).click()
    assert "This is a test message from Vigilia" in page.locator("#chat").inner_text()


def test_a_posting_is_held_by_the_keyboard_alone(meet: Meet, address: str, stage: Stage) -> None:
    page = meet(address).open("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")

    def walk_to(text: str) -> None:
        for _ in range(120):
            page.keyboard.press("Tab")
            seen = page.evaluate(
                """() => { const at = document.activeElement; const style = getComputedStyle(at);
                return [at.textContent.trim(), at.id, style.outlineStyle]; }"""
            )
            assert seen[2] != "none", f"no visible focus at {seen[0]}"
            if text in (seen[0], seen[1]):
                return
        raise AssertionError(f"{text} is out of the keyboard's reach")

    title = page.locator("#next-title").inner_text()
    walk_to(title)
    page.keyboard.press("Enter")
    page.wait_for_url("**/posting/**")
    walk_to("Hold…")
    page.keyboard.press("Enter")
    page.wait_for_url("**/decide**")
    walk_to("who")
    page.keyboard.type("Ana")
    page.keyboard.press("Enter")
    page.wait_for_url("**done=hold**")
    key = page.locator(".key code").inner_text()
    assert stage.ledger.decisions([key])[key].verdict == "hold"


def test_a_fan_out_shows_its_progress_and_the_list_follows(
    meet: Meet, address: str, stage: Stage
) -> None:
    page = meet(address).open("/deliveries")
    rows = page.locator("#rows > li").count()
    due = stage.project.plan.due(NOW, NOW.replace(year=2028))
    planned = [item for item in due if item.postings[0].channel == "inbox"][:4]
    keys = stage.ledger.insert(planned, NOW, state_of=lambda *_: (State.READY, None)).keys
    page.wait_for_selector("#sending:not([hidden])")
    assert page.locator("#sending label").inner_text() == "Sending: 0 of 4"
    stage.ledger.decide(keys[0], "skip", "Ana", "", NOW)
    expect(page.locator("#sent")).to_have_js_property("value", 1)
    for key in keys[1:]:
        stage.ledger.decide(key, "skip", "Ana", "", NOW)
    page.wait_for_selector("#sending", state="hidden")
    expect(page.locator("#rows > li")).to_have_count(rows + 4)
    expect(page.locator("#told")).to_have_text("All is sent.")


def test_somebody_logs_in_and_out(meet: Meet, tmp_path: Path) -> None:
    with staged(tmp_path, login=True) as stage, served(stage.site) as address:
        person = meet(address)
        page = person.open("/deliveries?state=failed")
        assert page.locator("h1").inner_text() == "Log in"
        page.get_by_label("Your name").fill("Ana")
        page.get_by_label("Token or password").fill("wrong")
        page.get_by_role("button", name="Log in").click()
        assert page.get_by_role("alert").inner_text() == "This is not the token or the password."
        page.get_by_label("Token or password").fill(CANARIES["VIGILIA_WEB_TOKEN"])
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url("**/deliveries?state=failed")
        assert page.evaluate("document.cookie") == ""
        page.get_by_role("button", name="Log out").click()
        page.wait_for_url("**/login**")
        person.complaints = [said for said in person.complaints if "403" not in said]


def test_another_site_cannot_press_a_button(meet: Meet, address: str, stage: Stage) -> None:
    person = meet(address)
    person.open("/channels")
    page = person.page
    page.goto("about:blank")
    page.set_content(
        f'<form method="post" action="{address}/pause"><input name="hours" value="9">'
        '<button id="go">go</button></form>'
    )
    page.locator("#go").click()
    page.wait_for_selector("h1")
    assert page.locator("h1").inner_text() == "Nothing was changed"
    assert stage.ledger.paused_until() is None
    person.complaints = [said for said in person.complaints if "403" not in said]
