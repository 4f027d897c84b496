"""The rule of links: https, and well formed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from bot.checking.faults import Fault
from bot.content.markdown import (
    BulletList,
    Emphasis,
    LinkNode,
    OrderedList,
    Paragraph,
    Quote,
    Strong,
)

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_NOT_IN_AN_ADDRESS = re.compile(r"""[\s"<>\\^`{|}]""")
_MARKDOWN_LINK = re.compile(r"\]\((?!https?://)([^)\s]*)\)?")


def address_faults(url: str) -> Iterator[Fault]:
    """Yield what is wrong with one address."""
    why = _malformed(url)
    if why:
        yield Fault("bad-link", f"{url} is not well formed: {why}.")
    elif not url.startswith("https://"):
        yield Fault("http-link", f"{url} does not begin with https://.")


def addresses(part: object) -> Iterator[str]:
    """Yield the addresses of all links of a Markdown tree, or of a part of it."""
    match part:
        case LinkNode(url, _):
            yield url
        case Paragraph(inner) | Quote(inner) | Strong(inner) | Emphasis(inner):
            yield from addresses(inner)
        case BulletList(inner) | OrderedList(inner):
            yield from addresses(inner)
        case tuple():
            for inner in part:
                yield from addresses(inner)


def lost_links(markdown: str) -> Iterator[Fault]:
    """Yield the links of a Markdown text that lead nowhere: what is no address is no link."""
    for match in _MARKDOWN_LINK.finditer(markdown):
        yield Fault("bad-link", f"'{match[1]}' is no address: write it whole, from https:// on.")


def _malformed(url: str) -> str:
    """Return why an address is not well formed, "" where it is."""
    match = _NOT_IN_AN_ADDRESS.search(url)
    if match:
        return f"{match[0]!r} cannot stand in an address"
    if url[-1:] in ".,;:…":
        return "it ends with a punctuation mark"
    if url.count("(") != url.count(")"):
        return "its brackets do not match"
    return _bad_server(url)


def _bad_server(url: str) -> str:
    try:
        address = urlsplit(url)
        host = (address.hostname or "").encode("idna").decode("ascii")
        _ = address.port
    except (ValueError, UnicodeError):
        return "its server or port cannot be read"
    if address.username is not None:
        return "no name or password stands in an address"
    labels = host.split(".")
    if len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels):
        return f"'{host}' is no server of the web"
    return ""
