"""``check``: everything that can be known to be wrong before the day."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.options import AsJson, ConfigDir, load
from bot.cli.output import advancing, console, print_json
from bot.clock import SystemClock
from bot.errors import ConfigError, Problem

if TYPE_CHECKING:
    from bot.project.load import Project


def check(
    strict: Annotated[bool, typer.Option("--strict", help="Warnings count as errors.")] = False,
    online: Annotated[
        bool,
        typer.Option(
            "--online", help="Also visit every source and link (about a request a second a server)."
        ),
    ] = False,
    as_json: AsJson = False,
    config: ConfigDir = None,
) -> None:
    """Check the configuration, the texts, and every posting of the next 400 days."""
    from bot.checking import check_project

    try:
        project = load(config)
    except ConfigError as error:
        problems = list(error.problems)
    else:
        with advancing("Checking", total=100) as moved_to:
            problems = check_project(project, SystemClock().now(), progress=moved_to)
        problems = _with_page(project, problems)
        if online:
            problems = _with_online(project, problems)
    if as_json:
        print_json([asdict(problem) for problem in problems])
    else:
        _print(problems)
    wrong = {"error", "warning"} if strict else {"error"}
    if any(problem.level in wrong for problem in problems):
        raise typer.Exit(1)


def _with_page(project: Project, problems: list[Problem]) -> list[Problem]:
    """Add what `run` would refuse of [web]."""
    from bot.checking import in_order
    from bot.web.access import access_of

    try:
        access_of(project)
    except ConfigError as error:
        return in_order([*error.problems, *problems])
    return problems


def _with_online(project: Project, problems: list[Problem]) -> list[Problem]:
    from bot.checking import in_order
    from bot.checking.online import online_problems

    with advancing("Visiting sources and links", total=100) as moved_to:
        return in_order([*problems, *online_problems(project, progress=moved_to)])


def _print(problems: list[Problem]) -> None:
    from rich.text import Text

    out = console()
    colours = {"error": "bold red", "warning": "yellow", "note": "cyan"}
    for problem in problems:
        line = Text(f"{problem.level}: ", style=colours[problem.level])
        line.append(str(problem), style="")
        line.append(f"  [{problem.code}]", style="dim")
        out.print(line)
    if not problems:
        out.print(Text("All is well.", style="bold green"))
    else:
        counts = Counter[str](problem.level for problem in problems)
        out.print(Text(", ".join(f"{counts[level]} {level}(s)" for level in colours)))
