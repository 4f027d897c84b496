"""A message's Markdown as HTML: from the tree, so that nothing of it can be markup of its own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from markupsafe import Markup, escape

from bot.channels.dialects.dialect import web_url
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
    """Gives a Markdown text as HTML."""
    return blocks_html(parse(markdown))


def blocks_html(blocks: Iterable[Block]) -> Markup:
    """Gives the blocks of a tree."""
    return Markup("").join(_block(block) for block in blocks)


def link_html(title: str, url: str) -> Markup:
    """Gives a link; its title as text where the address is none of the web's."""
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
    """Gives words and marks within a paragraph."""
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
