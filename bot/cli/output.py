"""How answers are printed: JSON for programs, tables for people. Times are local, and say so."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console


def utc_text(instant: datetime | None) -> str | None:
    """Gives an instant as programs get it: UTC, ISO 8601, whole seconds, ending in ``Z``."""
    if instant is None:
        return None
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def print_json(answer: Any) -> None:
    """Prints one JSON value."""
    print(json.dumps(answer, ensure_ascii=False, indent=2, default=_plain))


def print_json_line(answer: Any) -> None:
    """Prints one JSON value on a line of its own."""
    print(json.dumps(answer, ensure_ascii=False, default=_plain), flush=True)


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return utc_text(value) or ""
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form here")


def console(*, stderr: bool = False) -> Console:
    """Gives the terminal. What is piped gets no colours and is not cut to a width."""
    from rich.console import Console

    found = Console(stderr=stderr, highlight=False, soft_wrap=False)
    if not found.is_terminal:
        found = Console(stderr=stderr, highlight=False, width=200, no_color=True)
    return found


def print_table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    empty: str,
    fold: str | None = None,
) -> None:
    """Prints rows for people, or the sentence ``empty`` where there is none.

    ``fold`` names the column that may break over lines; the others are kept whole.
    """
    from rich import box
    from rich.table import Table

    rows = list(rows)
    if not rows:
        print(empty)
        return
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        if column == fold:
            table.add_column(column, overflow="fold", ratio=1)
        else:
            table.add_column(column, no_wrap=True)
    for row in rows:
        table.add_row(*(_literal(cell) for cell in row))
    console().print(table)


def _literal(text: str) -> Any:
    """Keeps Rich from reading markup in a text; what it is told in ``[state]`` form is never
    ours."""
    from rich.text import Text

    return Text(text)


def complain(sentence: str) -> None:
    """Says something to the person at the terminal, beside the answer."""
    print(sentence, file=sys.stderr)
