"""What the dialects share: the walk of the tree, and the disarming of text.

A dialect says what its marks are; text reaches a platform only through :meth:`Dialect.text`, so
that nothing in a name, a title or a story can ping, format or reorder what stands beside it.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, assert_never
from urllib.parse import quote, urlsplit

from bot.content.markdown import (
    Block,
    BulletList,
    Code,
    Emphasis,
    Inline,
    LineBreak,
    LinkNode,
    OrderedList,
    Paragraph,
    Quote,
    Strong,
    Text,
    parse,
    plain,
)
from bot.content.message import Link

Json = dict[str, Any]
"""A payload, or a piece of one."""

WORD_JOINER = "\u2060"
"""Breaks a mark or a mention without being seen. Unlike U+200B it allows no line break."""

# Bidirectional embeddings, overrides and isolates (Unicode Standard Annex 9, 2.1 to 2.5). They are
# removed and not closed: a text may close or open more than it should, and a platform may cut one
# of a pair. Letters keep their own direction, and the marks LRM, RLM and ALM, which reach no
# further than their neighbours, stay.
_DIRECTIONS = "\u202a-\u202e\u2066-\u2069"
_UNSEEN = re.compile(f"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f{_DIRECTIONS}]")
_BREAKS = re.compile("\r\n?|[\x85\u2028\u2029]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_BARE_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")
# All that RFC 3986 allows, without the marks of some dialect: ( ) [ ] *
_URL_SAFE = "%:/?#@!$&'+,;=-._~"


# The same words go to many channels, one after the other.
@lru_cache(maxsize=512)
def clean(text: str) -> str:
    """Return ``text`` with nothing in it that is unseen and dangerous: no control characters but
    tab and line feed, no direction controls, no halves of characters (which no encoding takes)."""
    return _SURROGATES.sub("\ufffd", _UNSEEN.sub("", _BREAKS.sub("\n", text)))


def one_line(text: str) -> str:
    """Return ``text`` clean and on one line, for titles, labels and buttons."""
    return " ".join(clean(text).split())


@lru_cache(maxsize=256)
def web_url(url: str) -> str | None:
    """Return ``url`` with all percent-encoded that could end it early, or None where it is no http
    or https address and must be shown as text."""
    if _UNSEEN.search(url) or _SURROGATES.search(url):
        return None
    try:
        parts = urlsplit(url.strip())
        host = parts.hostname
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc:
        return None
    url = _BARE_PERCENT.sub("%25", url.strip())
    if ":" in host:  # an IPv6 address keeps its brackets
        return f"{parts.scheme}://[{host}]{quote(url.partition(']')[2], safe=_URL_SAFE)}"
    return quote(url, safe=_URL_SAFE)


def units(text: str) -> int:
    """Return the length in UTF-16 units: never less than characters, so safe for every platform's
    way to count."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def title_within(longest: int, title: str) -> str:
    """Return a title on one line of at most ``longest`` UTF-16 units, cut between words."""
    title = one_line(title)
    if units(title) <= longest:
        return title
    while units(title) >= longest:
        title = title.rpartition(" ")[0] or title[:-1]
    return f"{title}…"


class Dialect(ABC):
    """Writes the tree. A subclass says how each thing looks; ``text`` must disarm."""

    formats_labels = True
    """Return whether marks work within a link's label; else it is written without them."""
    bullet = "• "
    quote_mark = "> "
    nested_indent = "    "
    bold = "{}"
    italic = "{}"
    """What stands around ``{}``, which are words that are already written."""
    running: tuple[str, ...] = ()
    """Marks that would run together where pieces touch, and what parts them."""
    parting = WORD_JOINER

    def markdown(self, markdown: str) -> str:
        """Return a Markdown text in this dialect."""
        return _written(self, markdown)

    def write(self, blocks: Iterable[Block]) -> str:
        """Return the blocks, an empty line between them."""
        return "\n\n".join(filter(None, (self._block(block) for block in blocks)))

    @abstractmethod
    def text(self, text: str) -> str:
        """Return foreign text so that it is shown as it is: clean, escaped, disarmed."""

    def strong(self, inner: str) -> str:
        """Return ``inner``, already written, in bold."""
        return self.bold.format(self.apart(inner))

    def emphasis(self, inner: str) -> str:
        """Return ``inner``, already written, in italics."""
        return self.italic.format(self.apart(inner))

    def code(self, line: str) -> str:
        """Return one line of foreign text, clean and not blank, letter for letter."""
        return self.text(line)

    @abstractmethod
    def link_to(self, label: str, url: str) -> str:
        """Return a link; ``label`` is already written, not empty, ``url`` is a :func:`web_url`."""

    def line(self, text: str) -> str:
        """Return foreign text on one line."""
        return self.text(one_line(text))

    def link(self, title: str, url: str) -> str:
        """Return a link with a title of foreign text; the address itself where it has no title."""
        return self._link(self.line(title), url)

    def links(self, links: Iterable[Link]) -> list[str]:
        """Return the links, each written."""
        return [self.link(link.title, link.url) for link in links]

    def join(self, pieces: Iterable[str]) -> str:
        """Return inline pieces in a row, parted where their marks would run together."""
        joined = ""
        for piece in pieces:
            if joined[-1:] in self.running and piece[:1] in self.running:
                joined += self.parting
            joined += piece
        return joined

    def apart(self, inner: str) -> str:
        """Return ``inner`` with no mark at its ends, which would run together with those around."""
        before = self.parting if inner[:1] in self.running else ""
        after = self.parting if inner[-1:] in self.running else ""
        return f"{before}{inner}{after}"

    def _link(self, label: str, url: str) -> str:
        safe = web_url(url)
        if safe is None:
            return self.join(filter(None, (label, " (", self.line(url), ")")))
        return self.link_to(label if label.strip() else self.text(url), safe)

    def _block(self, block: Block) -> str:
        match block:
            case Paragraph(children):
                return self.inlines(children)
            case BulletList(items):
                return self._items(items, [self.bullet] * len(items))
            case OrderedList(items, start):
                marks = [f"{start + index}. " for index in range(len(items))]
                return self._items(items, marks)
            case Quote(blocks):
                return "\n".join(self.quote_mark + line for line in self.write(blocks).split("\n"))
            case _:
                assert_never(block)

    def _items(self, items: Sequence[tuple[Block, ...]], marks: Sequence[str]) -> str:
        lines = []
        for mark, item in zip(marks, items, strict=True):
            # a mark with nothing behind it would leave what follows to be read as something else
            written = "\n".join(self._block(block) for block in item).lstrip("\n")
            first, *rest = written.split("\n")
            lines.append(mark + first)
            lines.extend(self.nested_indent + line for line in rest)
        return "\n".join(lines)

    def inlines(self, inlines: Iterable[Inline]) -> str:
        """Return what stands in a paragraph."""
        return self.join([self._inline(inline) for inline in inlines])

    def _inline(self, inline: Inline) -> str:
        match inline:
            case Text(text):
                return self.text(text)
            case Strong(children):
                return _marked(self.inlines(children), self.strong)
            case Emphasis(children):
                return _marked(self.inlines(children), self.emphasis)
            case Code(text):
                return _marked(clean(text), self.code)
            case LinkNode(url, children):
                return self._link(self._label(children), url)
            case LineBreak():
                return "\n"
            case _:
                assert_never(inline)

    def _label(self, inlines: Sequence[Inline]) -> str:
        if self.formats_labels:
            return self.inlines(inlines).replace("\n", " ")
        return self.line(plain([Paragraph(tuple(inlines))]))


@dataclass(frozen=True)
class Runs:
    """Writes what stands in a paragraph as runs of JSON; ``text`` and ``link`` take a style, which
    is what the others add to it."""

    text: Callable[..., Json]
    link: Callable[..., Json]
    strong: Json
    emphasis: Json
    code: Json

    def of(self, inlines: Iterable[Inline], **style: Any) -> Iterator[Json]:
        """Yield the runs; a line break is one that holds a line feed alone."""
        for inline in inlines:
            match inline:
                case Text(text):
                    yield self.text(text, **style)
                case Code(text):
                    yield self.text(text, **style, **self.code)
                case Strong(children):
                    yield from self.of(children, **{**style, **self.strong})
                case Emphasis(children):
                    yield from self.of(children, **{**style, **self.emphasis})
                case LinkNode(url, children):
                    yield self.link(plain([Paragraph(children)]), url, **style)
                case LineBreak():
                    yield self.text("\n")
                case _:
                    assert_never(inline)


@lru_cache(maxsize=256)
def _written(dialect: Dialect, markdown: str) -> str:
    return dialect.write(parse(markdown))


def _marked(inner: str, mark: Callable[[str], str]) -> str:
    """Return each line of ``inner`` in marks, its outer spaces outside: no dialect takes a mark
    that stands beside a space or runs over a line break."""
    lines = []
    for line in inner.split("\n"):
        bare = line.strip()
        before = line[: len(line) - len(line.lstrip())] if bare else line
        after = line[len(line.rstrip()) :] if bare else ""
        lines.append(before + (mark(bare) if bare else "") + after)
    return "\n".join(lines)
