"""A progress bar where one waits: on the terminal's error stream, so that an answer stays clean."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def advancing(label: str, *, total: int) -> Iterator[Callable[[int], None]]:
    """Show a bar while the block runs, where a person looks on. Gives what moves it to a place."""
    from bot.cli.output import console

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
