"""Markdown → a small tree that every platform's dialect can write, and plain text → Markdown.

CommonMark as markdown-it-py parses it (https://spec.commonmark.org/0.31.2/), without HTML, which
stays literal text. What no chat platform shows is turned into what all can: a heading is a strong
paragraph, an image its alternative text, a code block a paragraph of code, a rule nothing, a line
break in the source a space.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, TypeAlias, assert_never

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token


@dataclass(frozen=True)
class Text:
    """Words as they are."""

    text: str


@dataclass(frozen=True)
class Strong:
    """Bold; never within another Strong."""

    children: tuple[Inline, ...]


@dataclass(frozen=True)
class Emphasis:
    """Italic; never within another Emphasis."""

    children: tuple[Inline, ...]


@dataclass(frozen=True)
class Code:
    """Words to be shown letter for letter."""

    text: str


@dataclass(frozen=True)
class LinkNode:
    """A link, its address http or https; never within another link."""

    url: str
    children: tuple[Inline, ...]


@dataclass(frozen=True)
class LineBreak:
    """A break within a paragraph."""


Inline: TypeAlias = Text | Strong | Emphasis | Code | LinkNode | LineBreak


@dataclass(frozen=True)
class Paragraph:
    """A paragraph, never empty."""

    children: tuple[Inline, ...]


@dataclass(frozen=True)
class BulletList:
    """A list; each item is blocks."""

    items: tuple[tuple[Block, ...], ...]


@dataclass(frozen=True)
class OrderedList:
    """A numbered list that begins at ``start``; each item is blocks."""

    items: tuple[tuple[Block, ...], ...]
    start: int = 1


@dataclass(frozen=True)
class Quote:
    """A quotation."""

    blocks: tuple[Block, ...]


Block: TypeAlias = Paragraph | BulletList | OrderedList | Quote


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt  # noqa: PLC0415 - what only lists days does not wait for it

    class Parser(MarkdownIt):
        """Reads every address as a link; those that are not http or https become their text."""

        def validateLink(self, url: str) -> bool:  # noqa: N802 - the library's name
            return True

    return Parser("commonmark", {"html": False})


_FOLDED = re.compile("[ \t\n\r\v\f\x1c-\x1f\x85\u2028\u2029]+")
_ALWAYS_MARKUP = re.compile(r"[\\`*_\[\]<]")
_ENTITY_START = re.compile(r"&(?=[A-Za-z#]|$)")
_BLOCK_START = re.compile(r"^( ?)([#+\-=~>.)])")
_NUMBERED_START = re.compile(r"^( ?[0-9]{1,9})([.)])(?= |$)")
_QUOTED_LINE = re.compile("^.*$", re.MULTILINE)
_GROUPED_DIGITS = re.compile("(?<=[0-9])[\u00a0\u202f](?=[0-9])")


# The same words go to many channels, one after the other; a tree is never changed.
@lru_cache(maxsize=128)
def parse(markdown: str) -> tuple[Block, ...]:
    """Return the tree of a Markdown text."""
    return tuple(_blocks(iter(_parser().parse(markdown))))


def block_starts(markdown: str) -> tuple[list[str], list[int]]:
    """Return the lines of a text, and the number of the first one of each block."""
    # Lines as CommonMark has them: str.splitlines would break at more than it does.
    lines = re.sub(r"\r\n?", "\n", markdown).split("\n")
    tokens = _parser().parse(markdown)
    return lines, [t.map[0] for t in tokens if t.level == 0 and t.nesting >= 0 and t.map]


def quoted(markdown: str) -> str:
    """Return the text as quotations, one a block, so that what has to fit can lose the last
    ones."""
    lines, starts = block_starts(markdown)
    ends = [*starts[1:], len(lines)]
    # Without a block there is no start, but there is an end.
    blocks = ("\n".join(lines[a:b]).rstrip(" \t\r\n") for a, b in zip(starts, ends, strict=False))
    return "\n\n".join(_QUOTED_LINE.sub(_quote_mark, block) for block in blocks)


def _quote_mark(line: re.Match[str]) -> str:
    return f"> {line[0]}" if line[0] else ">"


def plain(blocks: Iterable[Block]) -> str:
    """Return the words alone, without marks and addresses.

    An item of a list is a line; between blocks is an empty line.
    """
    return "\n\n".join(_plain_block(block) for block in blocks)


def words(markdown: str) -> int:
    """Return how many words a reader sees. A number with its groups ("1 000") is one."""
    text = _GROUPED_DIGITS.sub("", plain(parse(markdown)))
    return sum(any(letter.isalnum() for letter in word) for word in text.split())


def escape_markdown(text: str) -> str:
    """Return Markdown that says exactly ``text``, wherever in a paragraph it is put.

    Line breaks and tabs become single spaces; no-break spaces stay. Only what could be markup is
    escaped, so that ordinary words stay readable in the Markdown too.
    """
    text = _FOLDED.sub(" ", text)
    text = _ALWAYS_MARKUP.sub(r"\\\g<0>", text)
    text = _ENTITY_START.sub(r"\\&", text)
    if text.endswith("!"):  # a link that follows would become an image
        text = text[:-1] + "\\!"
    text = _NUMBERED_START.sub(r"\1\\\2", text)
    return _BLOCK_START.sub(r"\1\\\2", text)


def _plain_block(block: Block) -> str:
    match block:
        case Paragraph(children):
            return _plain_inlines(children)
        case BulletList(items) | OrderedList(items):
            return "\n".join(plain(item) for item in items)
        case Quote(blocks):
            return plain(blocks)
        case _:
            assert_never(block)


def _plain_inlines(inlines: Iterable[Inline]) -> str:
    return "".join(_plain_inline(inline) for inline in inlines)


def _plain_inline(inline: Inline) -> str:
    match inline:
        case Text(text) | Code(text):
            return text
        case Strong(children) | Emphasis(children) | LinkNode(_, children):
            return _plain_inlines(children)
        case LineBreak():
            return "\n"
        case _:
            assert_never(inline)


def _blocks(tokens: Iterator[Token]) -> Iterator[Block]:
    """Yield the blocks up to the end of the enclosing one, whose closing token it takes."""
    for token in tokens:
        match token.type:
            case "paragraph_open" | "heading_open":
                heading = token.type == "heading_open"
                children = next(tokens).children or []
                inlines = _inlines(children, within="strong_open" if heading else "")
                next(tokens)  # the closing token
                if inlines:
                    yield Paragraph((Strong(inlines),) if heading else inlines)
            case "bullet_list_open":
                yield BulletList(tuple(_items(tokens)))
            case "ordered_list_open":
                yield OrderedList(tuple(_items(tokens)), int(token.attrs.get("start", 1)))
            case "blockquote_open":
                yield Quote(tuple(_blocks(tokens)))
            case "fence" | "code_block":
                if token.content.strip():
                    yield Paragraph((Code(token.content.rstrip("\n")),))
            case "hr":
                pass
            case _:
                return


def _items(tokens: Iterator[Token]) -> Iterator[tuple[Block, ...]]:
    for token in tokens:
        if token.type != "list_item_open":
            return
        yield tuple(_blocks(tokens))


@dataclass
class _Open:
    """An inline mark that has been opened: ``kind`` is the token's type, ``url`` a link's."""

    kind: str
    url: str
    children: list[Inline]
    counts: bool
    """False where the mark changes nothing: within its own kind, or a link that is none."""


def _inlines(tokens: Sequence[Token], within: str = "") -> tuple[Inline, ...]:
    # A stack and not recursion: a thousand asterisks nest a thousand deep.
    stack = [_Open(within, "", [], counts=True)]
    for token in tokens:
        here = stack[-1].children
        match token.type:
            case "text":
                _append_all(here, (Text(token.content),) if token.content else ())
            case "softbreak":
                _append_all(here, (Text(" "),))
            case "hardbreak":
                here.append(LineBreak())
            case "code_inline":
                here.append(Code(token.content))
            case "image":
                alternative = _plain_inlines(_inlines(token.children or []))
                _append_all(here, (Text(alternative),) if alternative else ())
            case "strong_open" | "em_open" | "link_open":
                url = str(token.attrs.get("href", ""))
                counts = not any(mark.kind == token.type and mark.counts for mark in stack)
                if token.type == "link_open":
                    counts = counts and url.lower().startswith(("https://", "http://"))
                stack.append(_Open(token.type, url, [], counts))
            case _:
                closed = stack.pop()
                _append_all(stack[-1].children, _closed(closed))
    return tuple(stack[0].children)


def _closed(mark: _Open) -> tuple[Inline, ...]:
    children = tuple(mark.children)
    if not mark.counts or not children:
        return children
    match mark.kind:
        case "strong_open":
            return (Strong(children),)
        case "em_open":
            return (Emphasis(children),)
        case _:
            return (LinkNode(mark.url, children),)


def _append_all(to: list[Inline], inlines: Iterable[Inline]) -> None:
    """Appends, with neighbouring words made one Text."""
    for inline in inlines:
        if isinstance(inline, Text) and to and isinstance(to[-1], Text):
            to[-1] = Text(to[-1].text + inline.text)
        else:
            to.append(inline)
