"""A message's Markdown as HTML: from the tree, so that nothing of it can be markup of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import assert_never

from markupsafe import Markup, escape

from bot.channels.dialects.common_mark import UNSEEN_SPACE
from bot.channels.dialects.dialect import WORD_JOINER, web_url
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
)


def html(markdown: str) -> Markup:
    """Return a Markdown text as HTML."""
    return blocks_html(parse(markdown))


def blocks_html(blocks: Iterable[Block]) -> Markup:
    """Return the blocks of a tree."""
    return Markup("").join(_block(block) for block in blocks)


def lines_html(markdown: str) -> Markup:
    """Return a Markdown text of a platform on which a line break is one."""
    return blocks_html(parse(breaking(markdown.split("\n"))))


def breaking(lines: Sequence[str]) -> str:
    """Return the lines with a hard break wherever a platform breaks and CommonMark would not."""
    broken = []
    for index, line in enumerate(lines):
        following = lines[index + 1] if index + 1 < len(lines) else ""
        joins = line.strip() and following.strip() and not _BLOCK_START.match(following)
        broken.append(f"{line}\\" if joins and not line.startswith("#") else line)
    return "\n".join(broken)


_BLOCK_START = re.compile(r"\s*([-*>]|\d+\.) ")
_ADDRESS = re.compile(r"(https?://[^\s<>()]*[^\s<>().,;:!?])")


def text_html(text: str) -> Markup:
    """Return plain text whose addresses a platform makes links by itself."""
    pieces = _ADDRESS.split(text)
    return Markup("").join(
        link_html(piece, piece) if index % 2 else escape(piece)
        for index, piece in enumerate(pieces)
    )


def seen(html: Markup) -> Markup:
    """Return HTML without the unseen characters by which the dialects disarm a text: nobody finds
    them in what they search or copy here."""
    return Markup(html.replace(WORD_JOINER, "").replace(UNSEEN_SPACE, ""))  # noqa: S704


def link_html(title: str, url: str) -> Markup:
    """Return a link; its title as text where the address is none of the web's."""
    return _linked(escape(title or url), url)


def _linked(inner: Markup, url: str) -> Markup:
    safe = web_url(url)
    if safe is None:
        return inner
    return Markup('<a href="{}" rel="noopener noreferrer external">{}</a>').format(safe, inner)


def _block(block: Block) -> Markup:
    match block:
        case Paragraph(children):
            return Markup("<p>{}</p>").format(inlines_html(children))
        case BulletList(items):
            return Markup("<ul>{}</ul>").format(_items(items))
        case OrderedList(items, start):
            return Markup('<ol start="{}">{}</ol>').format(start, _items(items))
        case Quote(blocks):
            return Markup("<blockquote>{}</blockquote>").format(blocks_html(blocks))
        case _:
            assert_never(block)


def _items(items: Iterable[tuple[Block, ...]]) -> Markup:
    return Markup("").join(Markup("<li>{}</li>").format(_item(item)) for item in items)


def _item(item: tuple[Block, ...]) -> Markup:
    if len(item) == 1 and isinstance(item[0], Paragraph):
        return inlines_html(item[0].children)
    return blocks_html(item)


def inlines_html(inlines: Iterable[Inline]) -> Markup:
    """Return words and marks within a paragraph."""
    return Markup("").join(_inline(inline) for inline in inlines)


def _inline(inline: Inline) -> Markup:
    match inline:
        case Text(text):
            return escape(text)
        case Code(text):
            return Markup("<code>{}</code>").format(text)
        case Strong(children):
            return Markup("<strong>{}</strong>").format(inlines_html(children))
        case Emphasis(children):
            return Markup("<em>{}</em>").format(inlines_html(children))
        case LinkNode(url, children):
            return _linked(inlines_html(children), url)
        case LineBreak():
            return Markup("<br>")
        case _:
            assert_never(inline)
