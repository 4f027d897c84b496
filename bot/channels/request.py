"""What a platform module makes of a message, and what it is given of the answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from email import message_from_bytes
from functools import cached_property
from typing import Any, Literal
from urllib.parse import parse_qsl

import bot
from bot.content.message import Message

MASK = "***"
USER_AGENT = f"vigilia/{bot.__version__}"


@dataclass(frozen=True)
class HttpRequest:
    """One HTTP request, complete. ``body`` is sent byte for byte.

    ``secrets`` are the strings of ``url`` and ``headers`` that nobody may see; the address is left
    out of the representation for the same reason. ``secret_fields`` are the fields of the body
    whose values are secret too.
    """

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    secret_fields: tuple[str, ...] = ()

    def masked(self, text: str) -> str:
        """Return ``text`` with every secret of this request replaced by ``***``."""
        for secret in sorted(filter(None, self.secrets), key=len, reverse=True):
            text = text.replace(secret, MASK)
        return text

    def shown(self) -> dict[str, Any]:
        """Return ``{method, url, headers}`` and ``json`` or ``form``, as sent, secrets masked."""
        shown: dict[str, Any] = {
            "method": self.method,
            "url": self.masked(self.url),
            "headers": {name: self.masked(value) for name, value in self.headers.items()},
        }
        content_type = self.headers.get("Content-Type", "")
        text = self.masked(self.body.decode("utf-8"))
        hidden = dict.fromkeys(self.secret_fields, MASK)
        if content_type.startswith("application/x-www-form-urlencoded"):
            shown["form"] = dict(parse_qsl(text, keep_blank_values=True)) | hidden
        elif text:
            shown["json"] = json.loads(text) | hidden
        return shown


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def json_bytes(payload: Mapping[str, Any]) -> bytes:
    """Return ``payload`` as compact JSON in UTF-8."""
    return _ENCODER.encode(payload).encode()


def json_request(
    method: str,
    url: str,
    payload: Mapping[str, Any] | None,
    secrets: tuple[str, ...],
    *,
    token: str = "",
    headers: Mapping[str, str] | None = None,
    secret_fields: tuple[str, ...] = (),
) -> HttpRequest:
    """Return a request with a JSON body; None: with an empty one. ``token`` signs in as its bearer,
    ``headers`` are those that differ."""
    bearer = {"Authorization": f"Bearer {token}"} if token else {}
    fields = {"Content-Type": "application/json", **bearer, "User-Agent": USER_AGENT}
    body = b"" if payload is None else json_bytes(payload)
    return HttpRequest(method, url, {**fields, **(headers or {})}, body, secrets, secret_fields)


@dataclass(frozen=True)
class LocalRequest:
    """A message for a place on this machine: the ledger's inbox, or the terminal."""

    place: str
    message: Message
    text: str

    def shown(self) -> dict[str, Any]:
        """Return the shape of ``preview --payload`` for a local channel."""
        return {
            "method": "LOCAL",
            "url": f"{self.place}:",
            "headers": {},
            "json": {"title": self.message.title, "text": self.text},
        }


Security = Literal["starttls", "tls", "none"]
"""How a mail server is reached: TLS after a plain greeting, TLS from the first byte, or in clear
text."""


@dataclass(frozen=True)
class MailServer:
    """A server that takes e-mail, and who posts there. ``user`` is None where nobody signs in."""

    host: str
    port: int
    security: Security
    user: str | None = field(default=None, repr=False)
    password: str = field(default="", repr=False)


@dataclass(frozen=True)
class MimeRequest:
    """One e-mail, complete. ``content`` is sent byte for byte, its lines ended by CR LF.

    ``sender`` and ``recipients`` are bare addresses, in ASCII: the envelope's.
    """

    server: MailServer
    sender: str
    recipients: tuple[str, ...] = field(repr=False)
    content: bytes = field(repr=False)

    def shown(self) -> dict[str, Any]:
        """Return ``{method, url, headers, mime}``: the headers and parts as a person reads them.

        Neither user nor password is among them.
        """
        from email.policy import SMTP  # noqa: PLC0415 - a parser of headers, for e-mails alone

        message = message_from_bytes(self.content, policy=SMTP)
        scheme = {"starttls": "smtp+starttls", "tls": "smtps", "none": "smtp"}
        return {
            "method": "SMTP",
            "url": f"{scheme[self.server.security]}://{self.server.host}:{self.server.port}",
            "headers": {"MAIL FROM": self.sender, "RCPT TO": list(self.recipients)},
            "mime": {
                "headers": {name: str(value) for name, value in message.items()},
                "parts": [
                    {"type": part.get_content_type(), "text": part.get_content()}
                    for part in message.iter_parts()
                ],
            },
        }


@dataclass(frozen=True)
class ApprisedRequest:
    """A message for a platform that Apprise reaches. ``url`` is Apprise's address, a secret whole;
    ``scheme`` is what stands before its ``://``."""

    url: str = field(repr=False)
    title: str
    body: str

    @property
    def scheme(self) -> str:
        return self.url.partition("://")[0]

    def shown(self) -> dict[str, Any]:
        """Return the shape of ``preview --payload``: what Apprise is given."""
        return {
            "method": "APPRISE",
            "url": f"{self.scheme}://{MASK}",
            "headers": {},
            "json": {"title": self.title, "body": self.body, "body_format": "text"},
        }


RemoteRequest = HttpRequest | MimeRequest | ApprisedRequest
"""A request that leaves this machine."""

Request = LocalRequest | RemoteRequest


@dataclass(frozen=True)
class Response:
    """An answer, of which at most 64 KiB were read. ``headers`` have lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_success(self) -> bool:
        """Return whether the status says that the request was taken."""
        return 200 <= self.status <= 299

    @property
    def text(self) -> str:
        """The body as text; what is not UTF-8 is replaced."""
        return self.body.decode("utf-8", errors="replace")

    @cached_property
    def json(self) -> Mapping[str, Any]:
        """The JSON object that the body holds, or an empty one where it holds none."""
        try:
            answer = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return answer if isinstance(answer, dict) else {}
