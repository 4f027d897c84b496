"""How a posting looks on each platform: in light and dark, on a phone and a desk."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browser.conftest import DESKTOP, PHONE, Meet
from tests.every_platform import PLATFORM_CHANNELS, PLATFORMS, path_on
from tests.page import served, staged


@pytest.fixture(scope="module")
def everywhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("every")
    with (
        staged(folder, filled=False, channels=PLATFORM_CHANNELS) as stage,
        served(stage.site) as address,
    ):
        yield address


@pytest.mark.parametrize(("size", "dark"), [(DESKTOP, False), (PHONE, True), (DESKTOP, True)])
def test_every_look_can_be_read_by_everybody(
    meet: Meet, everywhere: str, size: tuple[int, int], dark: bool
) -> None:
    person = meet(everywhere, size=size, dark=dark)
    axe = Axe()
    for platform in PLATFORMS:
        page = person.open(path_on(platform))
        expect(page.locator(".stage")).to_be_visible()
        if platform == "teams":
            expect(page.locator(".teams .ac-adaptiveCard")).to_be_visible()
        found = [
            (violation["id"], [node["html"] for node in violation["nodes"]][:3])
            for violation in axe.run(page).response["violations"]
            if violation["impact"] in ("serious", "critical")
        ]
        assert found == [], platform
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, platform


def test_microsofts_renderer_draws_the_card_and_its_buttons_lead_away(
    meet: Meet, everywhere: str
) -> None:
    person = meet(everywhere)
    page = person.open(path_on("teams"))
    card = page.locator(".teams .ac-adaptiveCard")
    expect(card).to_contain_text("International Day of Commemoration")
    expect(page.locator(".teams .message")).to_have_count(0)
    page.evaluate("window.open = (...told) => { window.told = told; }")
    card.locator("button.ac-pushButton").first.click()
    assert page.evaluate("window.told[0].startsWith('https://')")
    assert page.evaluate("window.told[2].includes('noopener')")


def test_the_card_follows_the_light(meet: Meet, everywhere: str) -> None:
    page = meet(everywhere).open(path_on("teams"))
    card = page.locator(".teams .ac-adaptiveCard")
    colour = "element => getComputedStyle(element).backgroundColor"
    expect(card).to_be_visible()
    before = card.evaluate(colour)
    page.emulate_media(color_scheme="dark")
    expect(card).not_to_have_css("background-color", before)


def test_without_scripts_a_teams_posting_is_its_plain_words(meet: Meet, everywhere: str) -> None:
    person = meet(everywhere)
    person.page.route("**/static/teams.js*", lambda route: route.abort())
    page = person.open(path_on("teams"))
    expect(page.locator(".teams .message").first).to_contain_text("International Day")
    person.complaints = [said for said in person.complaints if "ERR_FAILED" not in said]


def test_only_a_teams_posting_loads_the_renderer(meet: Meet, everywhere: str) -> None:
    person = meet(everywhere)
    asked: list[str] = []
    person.page.on("request", lambda request: asked.append(request.url))
    person.open(path_on("slack"))
    assert asked and not [url for url in asked if "/vendor/" in url]
    person.open(path_on("teams"))
    assert [url for url in asked if "/vendor/adaptivecards" in url]


def test_an_email_is_shown_as_it_is_in_a_frame_in_which_nothing_runs(
    meet: Meet, everywhere: str
) -> None:
    page = meet(everywhere).open(path_on("email"))
    page.locator(".mail iframe").scroll_into_view_if_needed()
    frame = page.frame_locator(".mail iframe")
    expect(frame.locator("h1").first).to_contain_text("International Day of Commemoration")
    expect(frame.locator("h1").first).to_have_css("font-size", "23px")
    assert "allow-scripts" not in (page.locator("iframe").get_attribute("sandbox") or "")
