"""A request as requests' adapter takes it, put together from what is known of its address.

requests prepares each request as if its address were new and its body a form. Ours go to the same
few addresses again and again, and their bodies are written already.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.utils import urldefragauth

from bot import __version__
from bot.channels.request import HttpRequest

_AGENT = f"vigilia/{__version__}"

# RFC 9110, 5.1 and 5.5, with each line ended.
_FIELDS = re.compile(r"(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+: (?:[!-~\x80-\xff][\t -~\x80-\xff]*)?\r\n)*")


@dataclass(frozen=True)
class Address:
    """Where a request goes, as requests writes it.

    ``path`` is what a server is asked for, ``absolute`` what a proxy is. ``authorization`` is the
    header that name and password before the host make.
    """

    url: str = field(repr=False)
    path: str = field(repr=False)
    absolute: str = field(repr=False)
    authorization: str | None = field(repr=False)
    origin: str
    """``scheme://host:port``, the port as far as the address gives it."""
    host: str


def address_of(url: str) -> Address:
    """Takes an address apart. What is given may be kept, and is as secret as ``url``.

    Raises ValueError, and what requests raises for an address that is none, with texts that hold
    it.
    """
    prepared = requests.PreparedRequest()
    prepared.prepare_url(url, None)
    prepared.prepare_headers(None)
    prepared.prepare_auth(None)
    written = prepared.url or ""
    parts = urlsplit(written)
    if parts.scheme not in ("http", "https"):
        raise ValueError("neither http nor https")
    return Address(
        url=written,
        path=prepared.path_url,
        absolute=urldefragauth(written),
        authorization=prepared.headers.get("Authorization"),
        origin=f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}",
        host=parts.hostname or "",
    )


class Prepared(requests.PreparedRequest):
    """``request``, whose address was taken apart; ``target`` is what its first line asks for.

    Raises ValueError where a header cannot be sent, with a text that holds none.
    """

    def __init__(self, request: HttpRequest, address: Address, target: str) -> None:
        super().__init__()
        headers: Any = _headers(request, address)
        self.method = request.method.upper()
        self.url = address.url
        self.headers = headers
        self.body = request.body or None
        self.origin = address.origin
        self.target = target


def _headers(request: HttpRequest, address: Address) -> dict[str, str]:
    """Gives what is sent, each name once whatever its case, in the order of the first."""
    named = {"user-agent": ("User-Agent", _AGENT)}
    for name, value in request.headers.items():
        named[name.lower()] = (name, value)
    named["accept-encoding"] = ("Accept-Encoding", "identity")
    if address.authorization is not None:
        named["authorization"] = ("Authorization", address.authorization)
    if request.body or request.method.upper() not in ("GET", "HEAD"):
        named["content-length"] = ("Content-Length", str(len(request.body)))
    headers = dict(named.values())
    written = written_headers(headers)
    if written.count("\n") != len(headers) or _FIELDS.fullmatch(written) is None:
        raise ValueError("a header that cannot be sent")
    return headers


def written_headers(headers: dict[str, str]) -> str:
    """Gives headers as they are sent, each line ended."""
    return "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
