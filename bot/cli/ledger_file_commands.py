"""``ledger backup``, ``restore``, ``check`` and ``copy``: the ledger as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.options import AsJson, ConfigDir, load, open_existing
from bot.cli.output import print_json
from bot.clock import SystemClock
from bot.errors import UsageError

app = typer.Typer(
    no_args_is_help=True, help="The file that remembers what was posted: backup, restore, check."
)

_SHOWN = 20


@app.command("backup")
def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The new file to write.")],
    config: ConfigDir = None,
) -> None:
    """Copy the ledger whole into a new file, also while the service runs."""
    with open_existing(load(config), writing=False) as ledger:
        ledger.backup(file)
    print(f"The ledger is copied to {file}.")


@app.command("restore")
def restore(
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="FILE",
            help="The backup to put in its place. None where PostgreSQL's own tools did that.",
        ),
    ] = None,
    config: ConfigDir = None,
) -> None:
    """Put a backup in the ledger's place. What may have been posted since becomes unknown."""
    from bot.delivery.restoring import doubt_what_followed
    from bot.ledger.replacing import put_back

    project = load(config)
    now = SystemClock().now()
    if file is None:
        with open_existing(project, writing=True) as ledger:
            if not ledger.shared:
                raise UsageError("Name the backup: vigilia ledger restore FILE.")
            _tell_doubted(doubt_what_followed(ledger, project, now).keys)
        return
    result = put_back(
        file,
        project.settings.ledger.url,
        project.places.root,
        now,
        lambda ledger: doubt_what_followed(ledger, project, now),
    )
    print("The backup is in the ledger's place.")
    if result.replaced:
        print(f"The ledger that was there is kept as {result.replaced}.")
    _tell_doubted(result.mended.keys)


def _tell_doubted(keys: Sequence[str]) -> None:
    if not keys:
        print("Nothing can have been posted since it was made.")
        return
    print(
        f"{len(keys)} posting(s) may have been sent since it was made, and are unknown now. Look"
        " into the channels, then `vigilia resolve KEY --delivered` or `--resend`:"
    )
    for key in keys[:_SHOWN]:
        print(f"  {key}")
    if len(keys) > _SHOWN:
        print(f"  and {len(keys) - _SHOWN} more: vigilia history --state unknown")


@app.command("check")
def check(as_json: AsJson = False, config: ConfigDir = None) -> None:
    """Look through the whole ledger for damage."""
    with open_existing(load(config), writing=False) as ledger:
        problems = ledger.check()
    if as_json:
        print_json({"sound": not problems, "problems": list(problems)})
    elif problems:
        for problem in problems:
            print(problem)
        print("Keep the file, and put a backup in its place: vigilia ledger restore FILE")
    else:
        print("The ledger is sound.")
    if problems:
        raise typer.Exit(1)


@app.command("copy")
def copy(
    url: Annotated[
        str,
        typer.Argument(
            metavar="URL",
            help="An empty PostgreSQL database. Write its password as '${NAME}', in quotes: it is"
            " then read from the environment or .env.",
        ),
    ],
    as_json: AsJson = False,
    config: ConfigDir = None,
) -> None:
    """Copy the SQLite ledger into PostgreSQL, each row read back and compared."""
    from bot.cluster.copying import copy_ledger

    project = load(config)
    root = project.places.root
    target = _expanded(root, url)
    counts = copy_ledger(project.settings.ledger.url, target, base=root, now=SystemClock().now())
    if as_json:
        print_json(counts)
        return
    print(f"{sum(counts.values())} rows are copied, and each was read back and is the same.")
    print("Now write the new url under [ledger] in config/vigilia.toml, and start the service.")


def _expanded(root: Path, url: str) -> str:
    import os

    from bot.settings.environment import Environment, UnsetVariableError

    try:
        return Environment.of(root, os.environ).expand(url)
    except UnsetVariableError as error:
        raise UsageError(str(error)) from None
