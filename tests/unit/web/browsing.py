"""A browser without a screen: it keeps cookies, finds forms, and sends them as a person would."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape

from httpx2 import Response
from starlette.testclient import TestClient

from bot.web.app import build_app
from bot.web.app_state import Site
from bot.web.pages import Pages

BASE = "https://localhost:8099"
"""Encrypted, as the client drops Secure cookies from plain addresses; browsers here do not."""

_TAG = re.compile(r"<[^>]*>")


@dataclass
class Browser:
    """What a person does with the page."""

    client: TestClient

    def get(self, path: str, **headers: str) -> Response:
        """Opens a page, following where it leads."""
        return self.client.get(path, headers=headers)

    def text(self, path: str, **headers: str) -> str:
        """Gives the words of a page."""
        answer = self.get(path, **headers)
        assert answer.status_code == 200, answer.text
        return words(answer.text)

    def csrf(self, path: str = "/channels") -> str:
        """Gives what the forms of a page hold."""
        found = re.search(r'name="csrf" value="([^"]+)"', self.get(path).text)
        assert found is not None
        return found[1]

    def send(self, path: str, fields: Mapping[str, str], *, of: str) -> Response:
        """Sends the form of the page ``of``, with its hidden fields, to ``path``."""
        page = self.get(of).text
        hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page))
        form = {**{name: unescape(value) for name, value in hidden.items()}, **fields}
        return self.client.post(path, data=form, headers={"origin": BASE, "referer": BASE + of})

    def decide(self, action: str, key: str, **fields: str) -> Response:
        """Opens the question of a decision, and answers it."""
        of = f"/decide?action={action}&key={key.replace('+', '%2B')}"
        return self.send("/decide", {"who": "Ana", **fields}, of=of)


def words(page: str) -> str:
    """Gives what a page says, in one line."""
    return " ".join(unescape(_TAG.sub(" ", page)).split())


@contextmanager
def browsing(site: Site) -> Iterator[Browser]:
    """Gives a browser before a site."""
    yield Browser(
        TestClient(build_app(site, Pages(site)), base_url=BASE, raise_server_exceptions=False)
    )
