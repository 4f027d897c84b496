"""A real Chromium before the real server. One browser for all tests, a fresh profile for each."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from tests.page import Stage, served, staged

PROGRAMS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DESKTOP, PHONE = (1280, 900), (390, 844)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    assert program, "There is no Chromium here: `make setup` says how to get it."
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        yield browser
        browser.close()


@dataclass
class Person:
    """Somebody before the page. Whatever the browser complains of is in ``complaints``."""

    page: Page
    address: str
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> Page:
        """Opens a page of Vigilia and gives it."""
        self.page.goto(self.address + path)
        return self.page

    def is_at(self, piece: str) -> bool:
        return piece in self.page.url


Meet = Callable[..., Person]


@pytest.fixture
def meet(chromium: Browser) -> Iterator[Meet]:
    """Gives somebody with a language, a width and a liking for dark or light."""
    contexts: list[BrowserContext] = []
    people: list[Person] = []

    def meeting(
        address: str,
        *,
        language: str = "en-CA",
        size: tuple[int, int] = DESKTOP,
        dark: bool = False,
    ) -> Person:
        context = chromium.new_context(
            locale=language,
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        context.set_default_timeout(8_000)
        contexts.append(context)
        person = Person(context.new_page(), address)

        def hear(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning"):
                person.complaints.append(message.text)

        person.page.on("console", hear)
        person.page.on("pageerror", lambda error: person.complaints.append(str(error)))
        people.append(person)
        return person

    yield meeting
    for context in contexts:
        context.close()
    for person in people:
        assert person.complaints == []


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A stage for tests that change nothing."""
    with staged(tmp_path_factory.mktemp("page")) as stage:
        yield stage


@pytest.fixture(scope="module")
def there(shown: Stage) -> Iterator[str]:
    with served(shown.site) as address:
        yield address


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with staged(tmp_path) as stage:
        yield stage


@pytest.fixture
def address(stage: Stage) -> Iterator[str]:
    with served(stage.site) as address:
        yield address
