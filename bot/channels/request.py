"""What a platform module makes of a message, and what it is given of the answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from bot.content.message import Message

MASK = "***"


@dataclass(frozen=True)
class HttpRequest:
    """One HTTP request, complete. ``body`` is sent byte for byte.

    ``secrets`` are the strings of ``url`` and ``headers`` that nobody may see; the address is left
    out of the representation for the same reason.
    """

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)

    def masked(self, text: str) -> str:
        """Gives ``text`` with every secret of this request replaced by ``***``."""
        for secret in sorted(self.secrets, key=len, reverse=True):
            if secret:
                text = text.replace(secret, MASK)
        return text

    def shown(self) -> dict[str, Any]:
        """Gives ``{method, url, headers}`` and ``json`` or ``form``, as sent, secrets masked."""
        shown: dict[str, Any] = {
            "method": self.method,
            "url": self.masked(self.url),
            "headers": {name: self.masked(value) for name, value in self.headers.items()},
        }
        content_type = self.headers.get("Content-Type", "")
        text = self.masked(self.body.decode("utf-8"))
        if content_type.startswith("application/x-www-form-urlencoded"):
            shown["form"] = dict(parse_qsl(text, keep_blank_values=True))
        else:
            shown["json"] = json.loads(text)
        return shown


@dataclass(frozen=True)
class LocalRequest:
    """A message for a place on this machine: the ledger's inbox, or the terminal."""

    place: str
    message: Message
    text: str

    def shown(self) -> dict[str, Any]:
        """Gives the shape of ``preview --payload`` for a local channel."""
        return {
            "method": "LOCAL",
            "url": f"{self.place}:",
            "headers": {},
            "json": {"title": self.message.title, "text": self.text},
        }


Request = HttpRequest | LocalRequest


@dataclass(frozen=True)
class Response:
    """An answer, of which at most 64 KiB were read. ``headers`` have lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text; what is not UTF-8 is replaced."""
        return self.body.decode("utf-8", errors="replace")
