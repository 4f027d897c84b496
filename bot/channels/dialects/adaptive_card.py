"""The body of an Adaptive Card (https://adaptivecards.io/explorer/RichTextBlock.html, read
2026-11-24): the tree as JSON.

All text stands in TextRuns, which are shown letter for letter: a TextBlock would read some Markdown
in it, differently on each client.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, assert_never

from bot.channels.dialects.dialect import WORD_JOINER, Json, Runs, clean, one_line, web_url
from bot.content.markdown import Block, BulletList, Inline, OrderedList, Paragraph, Quote

_NO_BREAK_INDENT = "\u2003"
_TEMPLATE = re.compile(r"(?<=\$)(?=\{)|\{(?=\{)")
_MENTION = re.compile(r"<(?=/?at\b)", re.IGNORECASE)


def disarmed(text: str) -> str:
    """Return foreign text clean, with nothing in it that the card language ({{DATE(…)}}, ${…}) or
    Teams (<at>) could take for its own."""
    text = _TEMPLATE.sub(lambda match: match.group() + WORD_JOINER, clean(text))
    return _MENTION.sub(f"<{WORD_JOINER}", text)


def card_body(blocks: Iterable[Block]) -> Iterator[Json]:
    """Return the elements of a text, one a line."""
    for block in blocks:
        yield from _block(block, "", "Medium")


def line(runs: Iterable[Json], spacing: str = "Medium", **more: Any) -> Json:
    """Return one line, or paragraph, of text runs."""
    filled = [run for run in runs if run["text"]] or [run_of(" ")]
    return {"type": "RichTextBlock", "spacing": spacing, **more, "inlines": filled}


def item(runs: Iterable[Json], mark: str = "•", spacing: str = "Small") -> Json:
    """Return an item of a list, its second line under its first."""
    return {
        "type": "ColumnSet",
        "spacing": spacing,
        "columns": [
            {"type": "Column", "width": "auto", "items": [line([run_of(mark)])]},
            {"type": "Column", "width": "stretch", "spacing": "Small", "items": [line(runs)]},
        ],
    }


def run_of(text: str, **style: Any) -> Json:
    """Return foreign text as a run; ``style`` is any of a TextRun's properties."""
    return {"type": "TextRun", "text": disarmed(text), **style}


def link_run(title: str, url: str, **style: Any) -> Json:
    """Return a link, its address where it has no title; text where the address is none."""
    title, safe = one_line(title), web_url(url)
    if safe is None:
        return run_of(f"{title} ({one_line(url)})", **style)
    return run_of(title or safe, selectAction=open_url(safe), **style)


def open_url(url: str, **more: Any) -> Json:
    """Return what opens ``url``, a :func:`web_url`."""
    return {"type": "Action.OpenUrl", "url": url, **more}


_RUNS = Runs(run_of, link_run, {"weight": "Bolder"}, {"italic": True}, {"fontType": "Monospace"})


def _block(block: Block, indent: str, spacing: str) -> Iterator[Json]:
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
            container = {"type": "Container", "style": "emphasis", "spacing": spacing}
            yield {**container, "items": inner or [line([])]}
        case _:
            assert_never(block)


def _items(items: Sequence[tuple[Block, ...]], marks: Sequence[str], indent: str) -> Iterator[Json]:
    for mark, blocks in zip(marks, items, strict=True):
        first, *rest = blocks or (Paragraph(()),)
        if not isinstance(first, Paragraph):
            first, rest = Paragraph(()), list(blocks)
        space = run_of(" ")
        runs = [run for line_runs in _lines(first.children) for run in (space, *line_runs)][1:]
        yield item(runs, indent + mark)
        for block in rest:
            yield from _block(block, indent + _NO_BREAK_INDENT, "Small")


def _lines(inlines: Iterable[Inline]) -> Iterator[list[Json]]:
    """Return the runs of each line: a run cannot hold a line break."""
    runs: list[Json] = []
    for run in _RUNS.of(inlines):
        first, *more = run["text"].split("\n")
        runs.append({**run, "text": first})
        for text in more:
            yield runs
            runs = [{**run, "text": text}]
    yield runs
