"""A year of the calendar, to read in the terminal: month by month, one line a day."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.calendar.observances import Observance, Occurrence
    from bot.project.load import Project


def print_year(project: Project, found: tuple[Occurrence, ...], year: int, language: str) -> None:
    """Prints the days of a year, with what ships on, what is approved first, and what is opt-in."""
    from rich.table import Table
    from rich.text import Text

    from bot.cli.output import console

    out = console()
    out.print(Text(f"{year}: {len(found)} days", style="bold"))
    out.print(Text("● ships on   ◐ ships on, approved by a person first   ○ a channel asks for it"))
    for month, occurrences in groupby(found, key=lambda o: o.date.month):
        out.print()
        first, *others = list(occurrences)
        table = Table.grid(padding=(0, 1))
        for _ in range(3):
            table.add_column(no_wrap=True)
        table.add_column(overflow="fold", ratio=1)
        for occurrence in (first, *others):
            table.add_row(*(Text(cell) for cell in _line(occurrence, language)))
        out.print(Text(_month_name(project, first, month, language), style="bold cyan"))
        out.print(table)
    disabled = project.days.disabled
    if disabled:
        out.print()
        out.print(Text("Recorded as not posted", style="bold"))
        for day in disabled.values():
            out.print(Text(f"  {day.id}: {day.reason}"))


def _line(occurrence: Occurrence, language: str) -> tuple[str, str, str, str]:
    day = occurrence.observance
    name = day.names.get(language) or day.names.get("en") or day.id
    number = f" ({occurrence.ordinal})" if occurrence.ordinal is not None else ""
    asked_for = "" if "core" in day.themes else f" [{', '.join(day.themes)}]"
    return (_mark(day), f"{occurrence.date:%a %d}", day.id, f"{name}{number}{asked_for}")


def _mark(day: Observance) -> str:
    if "core" not in day.themes:
        return "○"
    return "◐" if day.approval else "●"


def _month_name(project: Project, occurrence: Occurrence, month: int, language: str) -> str:
    from babel.dates import get_month_names

    names = get_month_names("wide", "stand-alone", project.languages[language].locale)
    return str(names[month]).capitalize()
