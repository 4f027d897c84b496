"""Makes ``docs/images/web-*.png``, the pages as they are: ``python -m tests.browser.pictures``."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.conftest import FLAGS, PHONE, PROGRAMS
from tests.page import served, staged

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
DESK = (1200, 860)
PAGES = {
    "coming": "/",
    "posting": "/posting/{coming}",
    "approval": "/posting/{asked}",
    "unknown": "/posting/{unknown}",
    "confirm": "/decide?action=resend&key={unknown}",
    "deliveries": "/deliveries",
    "channels": "/channels",
    "calendar": "/calendar",
    "inbox": "/inbox",
}
ON_A_PHONE = ("coming", "approval", "deliveries", "inbox")
SCROLLED = {"posting": "#look-title", "inbox": ".line:nth-last-of-type(2)"}
"""What stands at the top of a picture, where that is not the top of the page."""


def main() -> None:
    """Writes each page, light and dark, for a desk and a phone."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    program = next(filter(None, map(shutil.which, PROGRAMS)))
    with (
        tempfile.TemporaryDirectory() as folder,
        staged(Path(folder)) as stage,
        served(stage.site) as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        keys = {name: key.replace("+", "%2B") for name, key in stage.keys.items()}
        for scheme, language in (("light", "en-CA"), ("dark", "fr-CA")):
            for name, (width, height) in (("desk", DESK), ("phone", PHONE)):
                context = browser.new_context(
                    viewport={"width": width, "height": height},
                    color_scheme="dark" if scheme == "dark" else "light",
                    locale=language,
                )
                page = context.new_page()
                for title in PAGES if name == "desk" else ON_A_PHONE:
                    path = PAGES[title]
                    page.goto(address + path.format(**keys))
                    if title in SCROLLED:
                        top = page.locator(SCROLLED[title])
                        top.evaluate(
                            "at => scrollTo(0, at.getBoundingClientRect().top + scrollY - 24)"
                        )
                    page.screenshot(path=IMAGES / f"web-{title}-{scheme}-{name}.png")
                context.close()
        browser.close()


if __name__ == "__main__":
    main()
