"""Every page, in three languages, on a phone and a desk, dark and light: readable by everybody."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.conftest import DESKTOP, PHONE, Meet
from tests.page import NOW, Stage

PAGES = (
    "/",
    "/deliveries",
    "/inbox",
    "/channels",
    "/calendar",
    "/channels/test?channel=ottawa",
    "/posting/{coming}",
    "/posting/{spanish}",
    "/posting/{delivered}",
    "/posting/{unknown}",
    "/posting/{asked}",
    "/decide?action=approve&key={asked}",
    "/no/such/page",
)


def path_of(page: str, stage: Stage) -> str:
    keys = {name: key.replace("+", "%2B") for name, key in stage.keys.items()}
    return page.format(**keys)


@pytest.mark.parametrize(
    ("language", "size", "dark"),
    [("en-CA", DESKTOP, False), ("fr-CA", PHONE, True), ("es-MX", DESKTOP, True)],
)
def test_axe_finds_nothing_serious_on_any_page(
    meet: Meet, there: str, shown: Stage, language: str, size: tuple[int, int], dark: bool
) -> None:
    person = meet(there, language=language, size=size, dark=dark)
    axe = Axe()
    for path in PAGES:
        page = person.open(path_of(path, shown))
        assert page.locator("html").get_attribute("lang") == language[:2]
        found = [
            (violation["id"], [node["target"] for node in violation["nodes"]][:3])
            for violation in axe.run(page).response["violations"]
            if violation["impact"] in ("serious", "critical")
        ]
        assert found == [], path
    person.complaints = [said for said in person.complaints if "404" not in said]


@pytest.mark.parametrize(
    ("language", "size"),
    [("en-CA", (320, 640)), ("fr-CA", (320, 640)), ("es-MX", PHONE), ("fr-CA", DESKTOP)],
)
def test_no_page_is_wider_than_its_window(
    meet: Meet, there: str, shown: Stage, language: str, size: tuple[int, int]
) -> None:
    person = meet(there, language=language, size=size)
    for path in PAGES:
        page = person.open(path_of(path, shown))
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, path
    person.complaints = [said for said in person.complaints if "404" not in said]


def test_nothing_moves_after_the_page_is_there(meet: Meet, there: str) -> None:
    person = meet(there)
    for path in ("/", "/inbox", "/deliveries"):
        page = person.open(path)
        moved = page.evaluate(
            """() => new Promise(done => {
                let moved = 0;
                new PerformanceObserver(list => {
                    for (const entry of list.getEntries()) moved += entry.value;
                }).observe({type: "layout-shift", buffered: true});
                setTimeout(() => done(moved), 400);
            })"""
        )
        assert moved < 0.02, path


def test_the_first_page_loads_under_100_kb_and_from_nowhere_else(meet: Meet, there: str) -> None:
    person = meet(there)
    asked: list[str] = []
    person.page.on("request", lambda request: asked.append(request.url))
    person.open("/")
    assert len(asked) > 2
    assert all(url.startswith(there) for url in asked)
    size = person.page.evaluate(
        "performance.getEntriesByType('navigation').concat(performance.getEntriesByType('resource'))"
        ".reduce((sum, entry) => sum + entry.transferSize, 0)"
    )
    assert 10_000 < size < 100_000


def test_the_picture_of_the_year_names_the_day_under_the_pointer(meet: Meet, there: str) -> None:
    page = meet(there).open("/?year=2027")
    page.locator(".picture a[href*='#genocide-prevention-day']").hover()
    assert "9 December: International Day of Commemoration" in page.locator("#caption").inner_text()
    page.locator(".picture a").first.focus()
    assert "January" in page.locator("#caption").inner_text()
    page.locator(".picture a[href*='#genocide-prevention-day']").click()
    page.wait_for_url("**/calendar?year=2027#genocide-prevention-day")


def test_a_countdown_ticks(meet: Meet, address: str, stage: Stage) -> None:
    due = stage.project.plan.next_due(NOW)
    assert due is not None
    stage.clock.set(due - timedelta(hours=2))
    count = meet(address).open("/").locator(".countdown time")
    expect(count).to_have_text(re.compile(r"0[12]:\d\d:\d\d"))
    expect(count).not_to_have_text(count.inner_text())


def test_the_language_can_be_changed_and_stays(meet: Meet, there: str) -> None:
    page = meet(there, language="en-CA").open("/channels")
    page.get_by_role("link", name="Français").click()
    page.wait_for_url("**/channels")
    assert page.locator("h1").inner_text() == "Canaux"
    page.get_by_role("link", name="Calendrier", exact=True).click()
    assert page.locator("h1").inner_text().startswith("Calendrier")


def test_filters_and_search_work_without_a_mouse_and_without_scripts(
    meet: Meet, there: str
) -> None:
    page = meet(there).open("/deliveries")
    page.locator("summary", has_text="State").click()
    page.get_by_label("failed").check()
    page.keyboard.press("Enter")
    page.wait_for_url("**state=failed**")
    assert page.locator("#rows > li").count() == 1
    page.get_by_role("link", name="Show all").click()
    page.get_by_label("Words that were sent, or a key").fill("xyzzyplugh")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=xyzzyplugh**")
    assert "Nothing fits." in page.locator("#rows").inner_text()


def test_the_exact_request_can_be_read(meet: Meet, there: str, shown: Stage) -> None:
    page = meet(there).open(path_of("/posting/{coming}", shown))
    page.get_by_text("The exact request").click()
    request = page.locator("details pre").inner_text()
    assert '"blocks"' in request and "/***" in request
    assert "CANARY" not in page.content()
