"""Addresses and headers as they are sent.

Requests go to the same few addresses again and again. requests takes each apart as if it were new,
and its body for a form: 0.1 ms of CPU a request, of which this leaves 0.01 ms.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import requests
from requests.utils import urldefragauth

from bot import __version__
from bot.channels.request import HttpRequest

_AGENT = f"vigilia/{__version__}"

# RFC 9110, 5.1 and 5.5, with each line ended.
_FIELDS = re.compile(r"(?:[!#$%&'*+\-.^_`|~0-9A-Za-z]+: (?:[!-~\x80-\xff][\t -~\x80-\xff]*)?\r\n)*")


@dataclass(frozen=True)
class PreparedUrl:
    """Where a request goes, as requests writes it.

    ``path`` is what a server is asked for, ``absolute`` what a proxy is. ``authorization`` is the
    header that name and password before the host make.
    """

    path: str = field(repr=False)
    absolute: str = field(repr=False)
    authorization: str | None = field(repr=False)
    origin: str
    """``scheme://host:port``, the port as far as the address gives it."""
    host: str


_WRITTEN = re.compile(
    r"(?P<origin>https?://(?P<host>[a-z0-9-]+(?:\.[a-z0-9-]+)*)"
    r"(?::(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}))?)"
    r"(?P<path>(?:/[A-Za-z0-9_~@:-][A-Za-z0-9_~@:.-]*)+(?:\?[A-Za-z0-9_~@:.=&-]+)?)"
)
"""An address as most are: requests writes it as it stands, and takes 0.1 ms of CPU to find out."""


def prepared_url(url: str) -> PreparedUrl:
    """Take an address apart. The result may be kept, and is as secret as ``url``.

    Raises ValueError, and what requests raises for an address that is none, with texts that hold
    it.
    """
    if match := _WRITTEN.fullmatch(url):
        return PreparedUrl(match["path"], url, None, match["origin"], match["host"])
    prepared = requests.PreparedRequest()
    prepared.prepare_url(url, None)
    prepared.prepare_headers(None)
    prepared.prepare_auth(None)
    written = prepared.url or ""
    parts = urlsplit(written)
    if parts.scheme not in ("http", "https"):
        raise ValueError("neither http nor https")
    return PreparedUrl(
        path=prepared.path_url,
        absolute=urldefragauth(written),
        authorization=prepared.headers.get("Authorization"),
        origin=f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}",
        host=parts.hostname or "",
    )


def prepared_headers(request: HttpRequest, url: PreparedUrl) -> dict[str, str]:
    """Return what is sent, each name once whatever its case, in the order of the first.

    Raises ValueError where a header cannot be sent, with a text that holds none.
    """
    named = {"user-agent": ("User-Agent", _AGENT)}
    for name, value in request.headers.items():
        named[name.lower()] = (name, value)
    named["accept-encoding"] = ("Accept-Encoding", "identity")
    if url.authorization is not None:
        named["authorization"] = ("Authorization", url.authorization)
    if request.body or request.method.upper() not in ("GET", "HEAD"):
        named["content-length"] = ("Content-Length", str(len(request.body)))
    headers = dict(named.values())
    written = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    if written.count("\n") != len(headers) or _FIELDS.fullmatch(written) is None:
        raise ValueError("a header that cannot be sent")
    return headers
