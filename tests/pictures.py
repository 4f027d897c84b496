"""Makes ``docs/pictures``: what 9 December looks like, from the real payloads, by renderers that
others wrote, in a real browser. ``make pictures`` runs it; look at what comes out.

A platform's picture is added in ``PICTURED`` with its options, and its page in
``tests/node/pages.mjs`` or, where it is one of our own making (an e-mail's HTML), in ``own_pages``.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import date
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

from playwright.sync_api import sync_playwright

from bot.channels.registry import PLATFORMS
from bot.channels.request import HttpRequest, MimeRequest
from bot.content.message import Message
from tests.unit.channels.judges import FOLDER, NODE
from tests.unit.channels.messages import ENVELOPE
from tests.unit.channels.shipped import shipped
from tests.unit.project_files import ROOT

PICTURES = ROOT / "docs" / "pictures"
DAY = ("genocide-prevention-day", date(2026, 12, 9))
LANGUAGES = ("en", "fr")
WIDTH = 760

PICTURED = {
    "slack": {"url": "https://hooks.slack.com/services/T1/B1/x"},
    "discord": {"url": "https://discord.com/api/webhooks/1/x"},
    "teams": {"url": "https://x.logic.azure.com/workflows/1?sig=x"},
}

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def payload_of(name: str, message: Message) -> dict[str, Any]:
    """Gives the JSON that is sent to a platform."""
    platform = PLATFORMS[name]
    options = platform.options_model.model_validate(PICTURED[name])
    request = platform.request(message, options, ENVELOPE)
    assert isinstance(request, HttpRequest)
    payload: dict[str, Any] = json.loads(request.body)
    return payload


def pages_of_node(payloads: dict[str, dict[str, Any]]) -> dict[str, str]:
    """Gives a page a payload, made by the renderers in JavaScript."""
    made = subprocess.run(
        [NODE, "pages.mjs"],
        cwd=FOLDER,
        input=json.dumps(payloads),
        capture_output=True,
        text=True,
        check=True,
    )
    pages: dict[str, str] = json.loads(made.stdout)
    return pages


def own_pages(message: Message) -> dict[str, str]:
    """Gives the pages of platforms whose payload is a page itself: an e-mail's HTML part."""
    platform = PLATFORMS["email"]
    options = platform.options_model.model_validate(
        {"host": "smtp.example.org", "sender": "us@example.org", "to": "list@example.org"}
    )
    request = platform.request(message, options, ENVELOPE)
    assert isinstance(request, MimeRequest)
    mime = message_from_bytes(request.content, policy=SMTP)
    assert isinstance(mime, EmailMessage)
    html = mime.get_body(("html",))
    assert html is not None
    return {"email": html.get_content()}


def take_pictures(pages: dict[str, str]) -> None:
    """Writes a picture of each page, as high as the page is."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        tab = browser.new_page(viewport={"width": WIDTH, "height": 400}, device_scale_factor=1.5)
        for name, html in pages.items():
            tab.set_content(html, wait_until="load")
            tab.evaluate("document.fonts.ready")
            tab.screenshot(path=PICTURES / f"{name}.png", full_page=True)
            print(f"docs/pictures/{name}.png")
        browser.close()


def main() -> None:
    """Makes all pictures anew."""
    observance, on = DAY
    message = shipped(observance, *LANGUAGES, on=on)
    payloads = {name: payload_of(name, message) for name in PICTURED}
    take_pictures({**pages_of_node(payloads), **own_pages(message)})


if __name__ == "__main__":
    main()
