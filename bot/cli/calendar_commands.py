"""``calendar``: all days of a year, to read or as an iCalendar file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.options import AsJson, ConfigDir, load
from bot.cli.output import console, print_json
from bot.clock import SystemClock
from bot.errors import UsageError, VigiliaError

if TYPE_CHECKING:
    from rich.console import Console

    from bot.calendar.observances import Observance, Occurrence
    from bot.project.load import Project

_WIDE = 110
"""From so many letters on, the id and the name of a day stand on one line of the terminal."""


def calendar(
    year: Annotated[
        int | None, typer.Option(min=1900, max=2200, help="This year unless set.")
    ] = None,
    ics: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write an iCalendar file (- for the screen)."),
    ] = None,
    markdown: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write a page with every day, its rule, authority and sources (- for the screen): "
            "the dates of three years from --year on, or from a fixed one.",
        ),
    ] = None,
    language: Annotated[
        str, typer.Option(metavar="LANG", help="The language of the names.")
    ] = "en",
    as_json: AsJson = False,
    config: ConfigDir = None,
) -> None:
    """All days of a year: which ship on, which a channel must ask for."""
    from bot.calendar.occurrences import calendar_between

    project = load(config)
    _refuse_unknown(project, language)
    if markdown is not None:
        _write_page(project, markdown, year)
        return
    shown_year = year or SystemClock().now().year
    days = calendar_between(project.days.calendar, date(shown_year, 1, 1), date(shown_year, 12, 31))
    if ics is not None:
        _write_ics(project, days, ics, language)
    elif as_json:
        from bot.schemas import day_schema

        print_json([day_schema(project, occurrence, language) for occurrence in days])
    else:
        _print_year(project, days, shown_year, language)


def _refuse_unknown(project: Project, language: str) -> None:
    from bot.project.load import known_languages

    there = known_languages(project.places)
    if language not in there:
        raise UsageError(f"There is no language '{language}': there are {', '.join(there)}.")


def _write_ics(project: Project, days: tuple[Occurrence, ...], target: Path, language: str) -> None:
    from bot.feeds.ics import calendar_file

    content = calendar_file(days, project.days.texts, language, stamped=SystemClock().now())
    _write(content, target, f"{len(days)} days")


def _write_page(project: Project, target: Path, year: int | None) -> None:
    from bot.feeds.page import FIRST_YEAR, calendar_page

    page = calendar_page(project.days, project.languages, year or FIRST_YEAR)
    _write(page.encode(), target, f"{len(project.days.calendar)} days")


def _write(content: bytes, target: Path, what: str) -> None:
    if str(target) == "-":
        typer.echo(content.decode(), nl=False)
        return
    try:
        target.write_bytes(content)
    except OSError as error:
        raise VigiliaError(f"{target} cannot be written: {error.strerror}.") from None
    typer.echo(f"wrote {target}: {what}")


def _print_year(project: Project, days: tuple[Occurrence, ...], year: int, language: str) -> None:
    """Print the days of a year, with what ships on, what is approved first, and what is opt-in."""
    from babel.dates import get_day_names, get_month_names
    from rich.text import Text

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
