"""Slack's rich_text block (https://docs.slack.dev/reference/block-kit/blocks/rich-text-block, read
2026-11-24): the tree as JSON. Its text is shown as it is, so nothing has to be escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import assert_never

from bot.channels.dialects.dialect import Json, Runs, clean, one_line, web_url
from bot.content.markdown import Block, BulletList, OrderedList, Paragraph, Quote

DEEPEST_INDENT = 8
"""The deepest level of a list that Slack shows."""


def rich_text(blocks: Iterable[Block]) -> list[Json]:
    """Return the elements of a rich_text block. Paragraphs that follow one another are one section
    with an empty line between them, as Slack's own editor makes it."""
    elements: list[Json] = []
    paragraphs: list[Json] = []
    for block in blocks:
        if isinstance(block, Paragraph):
            if paragraphs:
                paragraphs.append(text_element("\n\n"))
            paragraphs.extend(_RUNS.of(block.children))
            continue
        if paragraphs:
            elements.append(section(paragraphs))
            paragraphs = []
        elements.extend(_block(block, 0))
    return [*elements, section(paragraphs)] if paragraphs else elements


def section(elements: Iterable[Json]) -> Json:
    """Return a section of inline elements."""
    return {"type": "rich_text_section", "elements": _filled(elements)}


def _filled(elements: Iterable[Json]) -> list[Json]:
    """Return the elements without empty texts, which Slack refuses; never none."""
    filled = [element for element in elements if element["text"]]
    return filled or [{"type": "text", "text": " "}]


def bullets(items: Iterable[Iterable[Json]]) -> Json:
    """Return a list whose items are inline elements."""
    return _list("bullet", 0, 1, [section(item) for item in items])


def text_element(text: str, **style: bool) -> Json:
    """Return foreign text; ``style`` is any of bold, italic and code."""
    element: Json = {"type": "text", "text": clean(text)}
    return {**element, "style": style} if style else element


def link_element(title: str, url: str, **style: bool) -> Json:
    """Return a link, its address where it has no title; text where the address is none."""
    title, safe = one_line(title), web_url(url)
    if safe is None:
        return text_element(f"{title} ({one_line(url)})", **style)
    element: Json = {"type": "link", "url": safe, "text": title or safe}
    return {**element, "style": style} if style else element


_RUNS = Runs(text_element, link_element, {"bold": True}, {"italic": True}, {"code": True})


def _list(style: str, indent: int, start: int, items: Sequence[Json]) -> Json:
    element: Json = {
        "type": "rich_text_list",
        "style": style,
        "indent": min(indent, DEEPEST_INDENT),
        "elements": list(items),
    }
    if style == "ordered" and start > 1:
        element["offset"] = start - 1
    return element


def _block(block: BulletList | OrderedList | Quote, indent: int) -> Iterator[Json]:
    match block:
        case BulletList(items):
            yield from _items("bullet", items, 1, indent)
        case OrderedList(items, start):
            yield from _items("ordered", items, start, indent)
        case Quote(blocks):
            yield {"type": "rich_text_quote", "elements": _filled(_quoted(blocks))}
        case _:
            assert_never(block)


def _items(
    style: str, items: Sequence[tuple[Block, ...]], start: int, indent: int
) -> Iterator[Json]:
    """Return a list; one within it is a list of its own, further in, and the outer one goes on."""
    flat: list[Json] = []
    number = start
    for item in items:
        inner = [block for block in item if isinstance(block, BulletList | OrderedList)]
        words = [block for block in item if block not in inner]
        flat.append(section(_quoted(words)))
        if inner:
            yield _list(style, indent, number, flat)
            number += len(flat)
            flat = []
            for block in inner:
                yield from _block(block, indent + 1)
    if flat:
        yield _list(style, indent, number, flat)


def _quoted(blocks: Iterable[Block]) -> Iterator[Json]:
    """Return blocks as inline elements, each on a line of its own."""
    for index, block in enumerate(blocks):
        if index:
            yield text_element("\n")
        match block:
            case Paragraph(children):
                yield from _RUNS.of(children)
            case BulletList(items) | OrderedList(items):
                start = block.start if isinstance(block, OrderedList) else None
                for place, item in enumerate(items):
                    mark = "•" if start is None else f"{start + place}."
                    yield text_element(f"{chr(10) if place else ''}{mark} ")
                    yield from _quoted(item)
            case Quote(inner):
                yield from _quoted(inner)
            case _:
                assert_never(block)
