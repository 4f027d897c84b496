"""The commands by name. Each module's imports happen in its functions, so that a command pays only
for what it uses."""

from __future__ import annotations

from typing import Annotated

import typer

from bot import __version__
from bot.cli import (
    calendar_commands,
    channel_commands,
    checking_commands,
    demo_commands,
    ledger_commands,
    ledger_file_commands,
    looking_commands,
    posting_commands,
    service_commands,
    starting_commands,
)
from bot.cli.options import ConfigDir
from bot.cli.root import Root

_ABOUT = """
Vigilia keeps watch over a calendar of remembrance and prevention. On each day it writes a short,
sourced message and posts it to the channels that asked for it: at the right local hour, in their
language, once.

Start with `vigilia init .`, then `vigilia check`, `vigilia upcoming` and
`vigilia preview genocide-prevention-day`. `vigilia run` is the service.
"""

app = typer.Typer(
    name="vigilia",
    cls=Root,
    help=_ABOUT,
    invoke_without_command=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"vigilia {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    context: typer.Context,
    _shown: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    _config: ConfigDir = None,
) -> None:
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


_root.__doc__ = _ABOUT

_SERVICE = "The service"
_LOOK = "What comes, and what it says"
_POST = "Posting by hand, and deciding"
_KEEP = "Keeping it well"

app.command("init", rich_help_panel=_SERVICE)(starting_commands.init)
app.command("run", rich_help_panel=_SERVICE)(service_commands.run)
app.command("health", rich_help_panel=_SERVICE)(service_commands.health)
app.command("demo", rich_help_panel=_SERVICE)(demo_commands.demo)

app.command("upcoming", rich_help_panel=_LOOK)(looking_commands.upcoming)
app.command("preview", rich_help_panel=_LOOK)(looking_commands.preview)
app.command("simulate", rich_help_panel=_LOOK)(looking_commands.simulate)
app.command("calendar", rich_help_panel=_LOOK)(calendar_commands.calendar)

app.command("send", rich_help_panel=_POST)(posting_commands.send)
app.command("history", rich_help_panel=_POST)(ledger_commands.history)
app.command("inbox", rich_help_panel=_POST)(ledger_commands.inbox)
app.command("retry", rich_help_panel=_POST)(ledger_commands.retry)
app.command("resolve", rich_help_panel=_POST)(ledger_commands.resolve)
app.command("retract", rich_help_panel=_POST)(ledger_commands.retract)
app.command("approve", rich_help_panel=_POST)(ledger_commands.approve)
app.command("skip", rich_help_panel=_POST)(ledger_commands.skip)
app.command("pause", rich_help_panel=_POST)(ledger_commands.pause)
app.command("resume", rich_help_panel=_POST)(ledger_commands.resume)

app.command("check", rich_help_panel=_KEEP)(checking_commands.check)
app.command("password", rich_help_panel=_KEEP)(demo_commands.password)
app.add_typer(channel_commands.app, name="channels", rich_help_panel=_KEEP)
app.add_typer(ledger_file_commands.app, name="ledger", rich_help_panel=_KEEP)
