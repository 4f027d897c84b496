"""``calendar``: all days of a year, to read or as an iCalendar file."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.options import AsJson, ConfigDir, load
from bot.errors import UsageError, VigiliaError

if TYPE_CHECKING:
    from bot.calendar.observances import Occurrence
    from bot.project.load import Project


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
    from bot.clock import SystemClock

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
        from bot.cli.output import print_json
        from bot.schemas import day_schema

        print_json([day_schema(project, occurrence, language) for occurrence in days])
    else:
        from bot.cli.year import print_year

        print_year(project, days, shown_year, language)


def _refuse_unknown(project: Project, language: str) -> None:
    from bot.project.load import known_languages

    there = known_languages(project.places)
    if language not in there:
        raise UsageError(f"There is no language '{language}': there are {', '.join(there)}.")


def _write_ics(project: Project, days: tuple[Occurrence, ...], target: Path, language: str) -> None:
    from bot.clock import SystemClock
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
