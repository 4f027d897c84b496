"""``init``, ``demo`` and ``password``: a starter of one's own, a first look at the page, and the
secret that keeps others out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.errors import UsageError

_BEFORE_S = 8.0
"""So many real seconds pass before the first message arrives: time to see the page empty."""


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


def demo(
    speed: Annotated[
        float, typer.Option(min=0.1, max=100_000, help="How fast the clock runs.")
    ] = 300.0,
    listen: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="Where the page is (port 0: any free one).")
    ] = "127.0.0.1:0",
    browser: Annotated[bool, typer.Option(help="Open the page in a browser.")] = True,
) -> None:
    """Watch the next 9 December happen, with no account anywhere: nothing leaves this machine.

    Three inboxes in three time zones get the day's messages on a page that opens in your browser.
    What you have configured yourself is neither used nor touched.
    """
    import tempfile
    import threading
    import webbrowser
    from datetime import timedelta
    from functools import partial

    from bot.clock import RehearsalClock, SystemClock
    from bot.logs import configure_logs
    from bot.project.demonstration import first_post, write_demonstration
    from bot.running import run_service
    from bot.stopping import stop_on_signals
    from bot.web.access import access_of
    from bot.web.page_thread import open_page

    with tempfile.TemporaryDirectory(prefix="vigilia-demo-") as folder, stop_on_signals() as stop:
        configure_logs()
        project = write_demonstration(Path(folder), listen)
        access = access_of(project)
        if access is None or not access.listen.is_loopback:
            raise UsageError("--listen: the demonstration is for this machine only: 127.0.0.1:0.")
        post = first_post(project, SystemClock().now().date())
        clock = RehearsalClock(post - timedelta(seconds=_BEFORE_S * speed), speed)

        def announce(address: str) -> None:
            print(f"The page is at {address} (Ctrl+C ends the demonstration)", flush=True)
            if browser:
                # without waiting for it, and without its noise
                threading.Thread(
                    target=webbrowser.open, args=(f"{address}inbox",), daemon=True
                ).start()

        run_service(
            project,
            clock,
            project.settings.ledger.url,
            since=post - timedelta(hours=1),
            stop=stop,
            open_page=partial(
                open_page, access=access, clock=clock, speed=speed, announce=announce
            ),
        )


def password() -> None:
    """Make the hash of a password for the page, to be written into .env.

    The password itself is kept nowhere.
    """
    from bot.web.access import password_hash

    entry = typer.prompt("Password (12 characters or more)", hide_input=True, err=True)
    if len(entry) < 12:
        raise UsageError("A password has 12 characters or more; four words are a good one.")
    if typer.prompt("Once more", hide_input=True, err=True) != entry:
        raise UsageError("The two were not the same.")
    typer.echo(f"VIGILIA_WEB_PASSWORD_HASH={password_hash(entry)}")
    typer.echo('Then, under [web]: password_hash = "${VIGILIA_WEB_PASSWORD_HASH}"', err=True)
