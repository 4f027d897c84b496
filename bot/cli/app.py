"""The commands by name. Each module's imports happen in its functions, so that a command pays only
for what it uses."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from bot import __version__
from bot.cli import (
    calendar_commands,
    channel_commands,
    checking_commands,
    ledger_commands,
    ledger_file_commands,
    looking_commands,
    service_commands,
    starting_commands,
)
from bot.cli.options import ConfigDir
from bot.errors import UsageError, VigiliaError

_ABOUT = """
Vigilia keeps watch over a calendar of remembrance and prevention. On each day it writes a short,
sourced message and posts it to the channels that asked for it: at the right local hour, in their
language, once.

Start with `vigilia init .`, then `vigilia check`, `vigilia upcoming` and
`vigilia preview genocide-prevention-day`. `vigilia run` is the service.
"""


class Root(TyperGroup):
    """Ends every command as the exit codes say: 1 where the answer is no, 2 for wrong usage."""

    def invoke(self, ctx: Any) -> Any:
        code = 0
        try:
            try:
                super().invoke(ctx)
            except typer.Exit as ended:
                code = ended.exit_code
            except UsageError as error:
                code = 2
                print(error, file=sys.stderr)
            except VigiliaError as error:
                code = 1
                print(error, file=sys.stderr)
            sys.stdout.flush()
        except BrokenPipeError:
            # The reader of our output has gone (`vigilia history | head`): nothing is wrong. What
            # is still to be flushed at the end goes nowhere.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(code)


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

_PANELS: Mapping[str, Sequence[Callable[..., None]]] = {
    "The service": (
        starting_commands.init,
        service_commands.run,
        service_commands.health,
        starting_commands.demo,
    ),
    "What comes, and what it says": (
        looking_commands.upcoming,
        looking_commands.preview,
        looking_commands.simulate,
        calendar_commands.calendar,
    ),
    "Posting by hand, and deciding": (
        ledger_commands.send,
        ledger_commands.history,
        ledger_commands.inbox,
        ledger_commands.retry,
        ledger_commands.resolve,
        ledger_commands.retract,
        ledger_commands.approve,
        ledger_commands.skip,
        ledger_commands.pause,
        ledger_commands.resume,
    ),
    "Keeping it well": (checking_commands.check, starting_commands.password),
}
for _panel, _commands in _PANELS.items():
    for _command in _commands:
        app.command(rich_help_panel=_panel)(_command)
app.add_typer(channel_commands.app, name="channels", rich_help_panel=_panel)
app.add_typer(ledger_file_commands.app, name="ledger", rich_help_panel=_panel)
