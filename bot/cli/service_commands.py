"""``run`` and ``health``: the service, and the question whether it lives."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from typing import Annotated

import typer

from bot.cli.options import AsJson, ConfigDir, ledger_place, load, read_instant
from bot.cli.output import print_json
from bot.errors import UsageError


def run(
    at: Annotated[
        str | None,
        typer.Option(
            metavar="INSTANT", help="A rehearsal, with the clock set: 2026-12-09T08:59:50-05:00"
        ),
    ] = None,
    speed: Annotated[
        float, typer.Option(min=0.01, max=100_000, help="How fast a rehearsal's clock runs.")
    ] = 1.0,
    once: Annotated[
        bool, typer.Option("--once", help="Post what is due and end: for cron or a timer.")
    ] = False,
    since: Annotated[
        str | None,
        typer.Option(metavar="INSTANT", help="With a new ledger: also what was due since then."),
    ] = None,
    ledger: Annotated[
        str | None, typer.Option(metavar="URL", help="Another ledger than vigilia.toml names.")
    ] = None,
    role: Annotated[
        str, typer.Option(metavar="ROLE", help="This machine's part: all, planner, worker or web.")
    ] = "all",
    config: ConfigDir = None,
) -> None:
    """Run the service: it plans, posts and records, until it is told to stop."""
    from bot.stopping import stop_on_signals

    if speed != 1.0 and at is None:
        raise UsageError("--speed goes with --at.")
    begin = read_instant(since, "--since") if since else None
    start = read_instant(at, "--at") if at else None
    with ExitStack() as stack:
        stop = stack.enter_context(stop_on_signals())
        from bot.assembly import Role
        from bot.clock import Clock, RehearsalClock, SystemClock
        from bot.logs import configure_logs
        from bot.oversight.live import hangups
        from bot.running import run_once, run_service
        from bot.web.access import access_of
        from bot.web.page_thread import open_page

        if role not in set(Role):
            raise UsageError(f"There is no role '{role}'. There are: {', '.join(Role)}.")
        part = Role(role)
        signals = stack.enter_context(hangups())
        configure_logs()
        project = load(config)
        if part is not Role.ALL and (once or project.settings.engine.kind != "cluster"):
            raise UsageError(
                '--role goes with kind = "cluster" under [engine] in config/vigilia.toml, and not'
                " with --once."
            )
        access = access_of(project) if part.shows else None
        # Made last, so that a rehearsal's first seconds are not spent on reading files.
        clock: Clock = RehearsalClock(start, speed) if start else SystemClock()
        url = ledger or project.settings.ledger.url
        if not once:
            run_service(
                project,
                clock,
                url,
                since=begin,
                stop=stop,
                open_page=partial(open_page, access=access, clock=clock, speed=speed),
                hangups=signals,
                role=part,
            )
            return
        report = run_once(project, clock, url, since=begin, stop=stop)
    for sentence in report.sentences:
        print(sentence)
    if not report.all_well:
        raise typer.Exit(1)


def health(
    max_age: Annotated[
        float, typer.Option(metavar="SECONDS", help="How long ago the last sign of life may be.")
    ] = 120.0,
    as_json: AsJson = False,
    config: ConfigDir = None,
) -> None:
    """Whether the service lives: for a container's or a supervisor's probe."""
    from bot.liveness import vital_signs
    from bot.schemas import HealthSchema

    signs = vital_signs(*ledger_place(config), timedelta(seconds=max_age))
    if as_json:
        print_json(HealthSchema.model_validate(signs))
    else:
        print(signs.message)
    if not signs.alive:
        raise typer.Exit(1)
