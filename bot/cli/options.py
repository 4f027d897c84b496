"""The options that commands share, and what they read from them."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.clock import SettableClock, SystemClock
from bot.errors import UsageError

if TYPE_CHECKING:
    from bot.clock import Clock
    from bot.ledger.ledger import Ledger
    from bot.project.load import Project


def _or_as_said_before(context: typer.Context, folder: Path | None) -> Path | None:
    """Return ``--config``, which may stand before the command as well as after it."""
    return folder or context.find_root().params.get("_config")


ConfigDir = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="DIR",
        help="The config folder (default: config/, or the variable VIGILIA_CONFIG).",
        show_default=False,
        callback=_or_as_said_before,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
OnlyChannel = Annotated[
    str | None, typer.Option("--channel", metavar="NAME", help="Only this channel.")
]
DayId = Annotated[str, typer.Argument(help="The day's id, as `vigilia calendar` lists it.")]
OnDate = Annotated[
    str | None, typer.Option("--on", metavar="DATE", help="The date, such as 2026-12-09.")
]


def read_date(text: str, option: str) -> date:
    """Return the date of ``2026-12-09``. Raises UsageError."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{option}: '{text}' is not a date; write it as 2026-12-09.") from None


def read_instant(text: str, option: str) -> datetime:
    """Return the instant of ``2026-12-09T09:00:00-05:00``. Raises UsageError, without a zone
    too."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(
            f"{option}: '{text}' is not an instant; write it as 2026-12-09T09:00:00-05:00."
        ) from None
    if instant.tzinfo is None:
        raise UsageError(
            f"{option}: '{text}' has no time zone; add it, such as {text}-05:00, or Z for UTC."
        )
    return instant


def load(config: Path | None) -> Project:
    """Read the configuration and tell the log's mask its secrets. Raises ConfigError."""
    from bot.project.load import load_project
    from bot.project.secrets import tell_the_logs

    project = load_project(config)
    tell_the_logs(project)
    return project


def ledger_place(config: Path | None) -> tuple[str, Path]:
    """Return the ledger's url and the folder from which it counts, of a configuration that may be
    broken elsewhere: the service may live on with the one before. Raises ConfigError."""
    from bot.project.load import load_ledger_place

    return load_ledger_place(config)


def open_existing(project: Project, *, writing: bool) -> Ledger:
    """Open the ledger that is there, to read it or to write a decision. Raises LedgerError."""
    from bot.opening import open_ledger

    url, base, now = project.settings.ledger.url, project.places.root, SystemClock().now()
    ledger = open_ledger(url, base=base, mode=None, create=False, now=now)
    if not writing:
        return ledger
    # A decision may be written into either kind of ledger, so that a rehearsal can be steered too.
    mode = ledger.mode
    ledger.close()
    return open_ledger(url, base=base, mode=mode, create=False, now=now)


def clock_of(ledger: Ledger) -> Clock:
    """Return the clock that decisions in a ledger go by: the machine's; for a rehearsal one that
    stands at the rehearsal's last sign of life."""
    if ledger.mode == "real":
        return SystemClock()
    return SettableClock(ledger.last_alive() or SystemClock().now())
