"""A year of the calendar, to read in the terminal: month by month, one line a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from bot.calendar.observances import Observance, Occurrence
    from bot.project.load import Project

_WIDE = 110
"""From so many letters on, the id and the name of a day stand on one line of the terminal."""


def print_year(project: Project, days: tuple[Occurrence, ...], year: int, language: str) -> None:
    """Print the days of a year, with what ships on, what is approved first, and what is opt-in."""
    from babel.dates import get_day_names, get_month_names
    from rich.text import Text

    from bot.cli.output import console

    out = console()
    locale = project.languages[language].locale
    weekdays: Mapping[int, str] = get_day_names("abbreviated", "format", locale)
    months: Mapping[int, str] = get_month_names("wide", "stand-alone", locale)
    out.print(Text(f"{year}: {len(days)} days", style="bold"))
    out.print(Text("● ships on   ◐ ships on, approved by a person first   ○ a channel asks for it"))
    longest = max((len(occurrence.observance.id) for occurrence in days), default=0)
    for month, occurrences in groupby(days, key=lambda o: o.date.month):
        out.print()
        out.print(Text(months[month].capitalize(), style="bold cyan"))
        _print_days(out, list(occurrences), language, weekdays, longest)
    if project.days.disabled:
        out.print()
        out.print(Text("Recorded as not posted", style="bold"))
        for day in project.days.disabled.values():
            out.print(Text(f"  {day.id}: {day.reason}"))


def _print_days(
    out: Console,
    occurrences: Sequence[Occurrence],
    language: str,
    weekdays: Mapping[int, str],
    longest: int,
) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, min_width=7)
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    for occurrence in occurrences:
        id_, name = occurrence.observance.id, _name_of(occurrence, language)
        on = f"{weekdays[occurrence.date.weekday()].rstrip('.')} {occurrence.date:%d}"
        if not out.is_terminal:
            out.print(Text(f"{_mark(occurrence.observance)} {on} {id_.ljust(longest)} {name}"))
        elif out.width >= _WIDE:
            table.add_row(_mark(occurrence.observance), on, Text(id_.ljust(longest)), Text(name))
        else:
            both = Text(f"{name}\n").append(id_, style="dim")
            table.add_row(_mark(occurrence.observance), on, both)
    if out.is_terminal:
        out.print(table)


def _name_of(occurrence: Occurrence, language: str) -> str:
    day = occurrence.observance
    name = day.names.get(language) or day.names.get("en") or day.id
    number = f" ({occurrence.ordinal})" if occurrence.ordinal is not None else ""
    asked_for = "" if "core" in day.themes else f" [{', '.join(day.themes)}]"
    return f"{name}{number}{asked_for}"


def _mark(day: Observance) -> str:
    if "core" not in day.themes:
        return "○"
    return "◐" if day.approval else "●"
