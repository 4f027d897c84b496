"""The body of an Adaptive Card (https://adaptivecards.io/explorer/RichTextBlock.html, read
2026-11-24): the tree as JSON.

All text stands in TextRuns, which are shown letter for letter: a TextBlock would read some Markdown
in it, differently on each client.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, assert_never

from bot.channels.dialects.dialect import WORD_JOINER, clean, one_line, web_url
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
    plain,
)

Element = dict[str, Any]

_NO_BREAK_INDENT = "\u2003"
_TEMPLATE = re.compile(r"\{(?=\{)|(?<=\$)(?=\{)")
_MENTION = re.compile(r"<(?=/?at\b)", re.IGNORECASE)


def disarmed(text: str) -> str:
    """Return foreign text clean, with nothing in it that the card language ({{DATE(…)}}, ${…}) or
    Teams (<at>) could take for its own."""
    text = _TEMPLATE.sub(lambda match: match.group() + WORD_JOINER, clean(text))
    return _MENTION.sub(f"<{WORD_JOINER}", text)


def card_body(blocks: Iterable[Block]) -> Iterator[Element]:
    """Return the elements of a text, one a line."""
    for block in blocks:
        yield from _block(block, "", "Medium")


def line(runs: Iterable[Element], spacing: str = "Medium", **more: Any) -> Element:
    """Return one line, or paragraph, of text runs."""
    filled = [run for run in runs if run["text"]] or [run_of(" ")]
    return {"type": "RichTextBlock", "spacing": spacing, **more, "inlines": filled}


def item(runs: Iterable[Element], mark: str = "•", spacing: str = "Small") -> Element:
    """Return an item of a list, its second line under its first."""
    return {
        "type": "ColumnSet",
        "spacing": spacing,
        "columns": [
            {"type": "Column", "width": "auto", "items": [line([run_of(mark)])]},
            {
                "type": "Column",
                "width": "stretch",
                "spacing": "Small",
                "items": [line(runs)],
            },
        ],
    }


def run_of(text: str, **style: Any) -> Element:
    """Return foreign text as a run; ``style`` is any of a TextRun's properties."""
    return {"type": "TextRun", "text": disarmed(text), **style}


def link_run(title: str, url: str, **style: Any) -> Element:
    """Return a link, its address where it has no title; text where the address is none."""
    title, safe = one_line(title), web_url(url)
    if safe is None:
        return run_of(f"{title} ({one_line(url)})", **style)
    return run_of(title or safe, selectAction=open_url(safe), **style)


def open_url(url: str, **more: Any) -> Element:
    """Return what opens ``url``, a :func:`web_url`."""
    return {"type": "Action.OpenUrl", "url": url, **more}


def _block(block: Block, indent: str, spacing: str) -> Iterator[Element]:
    match block:
        case Paragraph(children):
            for index, runs in enumerate(_lines(children)):
                yield line(runs, "None" if index else spacing)
        case BulletList(items):
            yield from _items(items, ["•"] * len(items), indent)
        case OrderedList(items, start):
            yield from _items(items, [f"{start + n}." for n in range(len(items))], indent)
        case Quote(blocks):
            inner = [element for block in blocks for element in _block(block, "", "Small")]
            yield {
                "type": "Container",
                "style": "emphasis",
                "spacing": spacing,
                "items": inner or [line([])],
            }
        case _:
            assert_never(block)


def _items(
    items: Sequence[tuple[Block, ...]], marks: Sequence[str], indent: str
) -> Iterator[Element]:
    for mark, blocks in zip(marks, items, strict=True):
        first, *rest = blocks or (Paragraph(()),)
        if not isinstance(first, Paragraph):
            first, rest = Paragraph(()), list(blocks)
        runs = [
            run for index, runs in enumerate(_lines(first.children)) for run in _after(index, runs)
        ]
        yield item(runs, indent + mark)
        for block in rest:
            yield from _block(block, indent + _NO_BREAK_INDENT, "Small")


def _after(index: int, runs: Iterable[Element]) -> Iterator[Element]:
    if index:
        yield run_of(" ")
    yield from runs


def _lines(inlines: Iterable[Inline]) -> Iterator[list[Element]]:
    """Return the runs of each line: a run cannot hold a line break."""
    runs: list[Element] = []
    for run in _inlines(inlines):
        first, *more = run["text"].split("\n")
        runs.append({**run, "text": first})
        for text in more:
            yield runs
            runs = [{**run, "text": text}]
    yield runs


def _inlines(inlines: Iterable[Inline], **style: Any) -> Iterator[Element]:
    for inline in inlines:
        match inline:
            case Text(text):
                yield run_of(text, **style)
            case Code(text):
                yield run_of(text, **style, fontType="Monospace")
            case Strong(children):
                yield from _inlines(children, **{**style, "weight": "Bolder"})
            case Emphasis(children):
                yield from _inlines(children, **{**style, "italic": True})
            case LinkNode(url, children):
                yield link_run(plain([Paragraph(children)]), url, **style)
            case LineBreak():
                yield run_of("\n")
            case _:
                assert_never(inline)
