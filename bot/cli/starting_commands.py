"""``init``: a small starter of one's own, beside what ships."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Where to write the starter.")],
) -> None:
    """Write a starter: config, templates and .env.example.

    The calendar, its texts, facts and actions ship with Vigilia and always load; the starter holds
    only what is yours.
    """
    from bot.project.starter import write_starter

    for path in write_starter(folder):
        typer.echo(f"wrote {path}")
    typer.echo(
        f"\nNext: put your addresses into {folder / '.env'} (see .env.example), name them in "
        f"{folder / 'config' / 'channels.toml'},\nthen: cd {folder} && vigilia check && vigilia run"
    )
