"""How answers are printed: JSON for programs, tables for people. Times are local, and say so."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

_LEAST_FOLDED = 40
"""So many letters a column that folds must have, or the rows are printed as a list instead."""

_GAP = 3
"""The letters between two columns of a table."""


def print_json(answer: Any, *, indent: int | None = 2) -> None:
    """Print one JSON value; with ``indent`` None on a line of its own."""
    print(json.dumps(answer, ensure_ascii=False, indent=indent, default=_plain), flush=True)


def _plain(value: Any) -> Any:
    from bot.schemas import Schema, utc_text

    match value:
        case Schema():
            return value.model_dump(mode="json")
        case datetime():
            return utc_text(value)
        case date():
            return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form here")


def console(*, stderr: bool = False) -> Console:
    """Return the terminal. What is piped gets no colours and is neither cut nor folded."""
    from rich.console import Console

    class Screen(Console):
        def on_broken_pipe(self) -> None:
            """Leave the end to whoever runs the command; Rich would end it with 1."""
            raise BrokenPipeError

    screen = Screen(stderr=stderr, highlight=False)
    if not screen.is_terminal:
        screen = Screen(stderr=stderr, highlight=False, no_color=True, soft_wrap=True)
    return screen


@contextmanager
def advancing(label: str, *, total: int) -> Iterator[Callable[[int], None]]:
    """Show a progress bar while the block runs, where a person looks on. Yield what moves it to a
    place. It is on the error stream, so that an answer stays clean."""
    out = console(stderr=True)
    if not out.is_terminal:
        yield lambda _done: None
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(label), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    # Rich would send what is printed meanwhile to the bar's own stream, past a file or pipe.
    with Progress(
        *columns, TimeRemainingColumn(), console=out, transient=True, redirect_stdout=False
    ) as progress:
        task = progress.add_task(label, total=total)
        yield lambda count: progress.update(task, completed=count)


def print_indented(out: Console, text: str) -> None:
    """Print paragraphs a little to the right, folded where a person reads them on a terminal."""
    from textwrap import indent

    from rich.padding import Padding
    from rich.text import Text

    if out.is_terminal:
        out.print(Padding(Text(text), (0, 0, 0, 2)))
    else:
        out.print(Text(indent(text, "  ")))


def print_table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    empty: str,
    fold: str,
    whole: Collection[str] = (),
) -> None:
    """Print rows for people, or the sentence ``empty`` where there is none.

    The column ``fold`` may break over lines, the others are kept whole. Where the terminal is too
    narrow for that, each row is a line with its ``whole`` and folding cells below it.
    """
    rows = list(rows)
    if not rows:
        print(empty)
        return
    out = console()
    widths = [max(map(_width, cells)) for cells in zip(columns, *rows, strict=True)]
    if not out.is_terminal:
        for row in (columns, *rows):
            print("  ".join(_padded(row, widths)).rstrip())
        return
    least = sum(
        (min(width, _LEAST_FOLDED) if column == fold else width) + _GAP
        for column, width in zip(columns, widths, strict=True)
    )
    if least <= out.width:
        _print_as_table(out, title, columns, rows, fold)
    else:
        below = {index for index, column in enumerate(columns) if column in {fold, *whole}}
        _print_as_list(out, title, rows, widths, below)


def _print_as_table(
    out: Console, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], fold: str
) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        folds = column == fold
        table.add_column(column, overflow="fold" if folds else "ellipsis", no_wrap=not folds)
    for row in rows:
        # Text, so that Rich reads no markup in what is not ours.
        table.add_row(*map(Text, row))
    out.print(table)


def _print_as_list(
    out: Console,
    title: str,
    rows: Sequence[Sequence[str]],
    widths: Sequence[int],
    below: Collection[int],
) -> None:
    from rich.padding import Padding
    from rich.text import Text

    out.print(Text(title, style="italic"))
    for row in rows:
        cells = _padded(row, widths)
        head = "  ".join(cell for index, cell in enumerate(cells) if index not in below)
        out.print()
        out.print(Text(head.rstrip(), style="bold"))
        for index in sorted(below):
            if row[index]:
                out.print(Padding(Text(row[index], overflow="fold"), (0, 0, 0, 2)))


def _padded(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    return [cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)]


def _width(cell: str) -> int:
    from rich.cells import cell_len

    return cell_len(cell)


def complain(sentence: str) -> None:
    """Say something to the person at the terminal, beside the answer."""
    print(sentence, file=sys.stderr)
