"""``send``: a posting by hand, now, recorded like any other."""

from __future__ import annotations

from typing import Annotated

import typer

from bot.cli.looking_commands import find_day
from bot.cli.options import AsJson, ConfigDir, OnDate, load, read_date
from bot.errors import UsageError


def send(
    observance: Annotated[
        str, typer.Argument(help="The day's id, as `vigilia calendar` lists it.")
    ],
    channel: Annotated[str, typer.Option(metavar="NAME", help="Where to.")],
    on: OnDate = None,
    again: Annotated[
        bool, typer.Option("--again", help="Although it was posted there already.")
    ] = False,
    as_json: AsJson = False,
    config: ConfigDir = None,
) -> None:
    """Post a day to a channel now, by hand: of its date today, or of --on DATE."""
    from bot.calendar.occurrences import occurrences
    from bot.cli.output import print_json
    from bot.clock import SystemClock
    from bot.logs import configure_logs
    from bot.sending import send_by_hand

    configure_logs()
    project = load(config)
    day = find_day(project, observance)
    place = project.channel(channel)
    clock = SystemClock()
    today = clock.now().astimezone(place.timezone).date()
    date = read_date(on, "--on") if on else today
    if not occurrences(day, date, date):
        raise UsageError(
            f"'{observance}' does not fall on {date}. Give its date with --on, such as the one "
            f"that `vigilia preview {observance}` shows."
        )
    sent = send_by_hand(project, place, day, date, clock, again=again)
    if as_json:
        print_json(
            [{"key": row.key, "state": row.state.value, "detail": row.detail} for row in sent]
        )
    else:
        for row in sent:
            print(f"{row.key}: {row.state.value}{f' ({row.detail})' if row.detail else ''}")
    if any(row.state.value != "delivered" for row in sent):
        raise typer.Exit(1)
