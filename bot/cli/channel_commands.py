"""``channels`` and ``channels test``: where Vigilia posts, and whether it can."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.channels.outcome import Delivered, Outcome, Rejected, Retry, Unknown
from bot.cli.options import AsJson, ConfigDir, load, open_existing
from bot.cli.output import print_json, print_table
from bot.clock import SystemClock
from bot.errors import LedgerMissingError

if TYPE_CHECKING:
    from bot.channels.channel import Channel
    from bot.ledger.rows import PausedChannel
    from bot.project.load import Project

app = typer.Typer(
    invoke_without_command=True,
    help="Where Vigilia posts: what each channel is, its next posting, whether it is paused.",
)


@app.callback()
def channels(context: typer.Context, as_json: AsJson = False, config: ConfigDir = None) -> None:
    """Where Vigilia posts: what each channel is, its next posting, whether it is paused."""
    context.obj = config
    if context.invoked_subcommand is not None:
        return
    from bot.schemas import channel_schema

    project = load(config)
    paused, now = _paused(project), SystemClock().now()
    rows = [
        channel_schema(project, channel, paused.get(channel.name), now)
        for channel in project.channels.values()
    ]
    if as_json:
        print_json(rows)
        return
    print_table(
        "Channels",
        ("name", "platform", "languages", "at", "time zone", "next posting", "state"),
        [
            (
                row.name,
                row.platform,
                "+".join(row.languages),
                row.post_at,
                row.timezone,
                row.next_key or "none within a year",
                row.state,
            )
            for row in rows
        ],
        empty="There is no channel yet.",
        fold="state",
        whole=("next posting",),
    )


def _paused(project: Project) -> Mapping[str, PausedChannel]:
    try:
        with open_existing(project, writing=False) as ledger:
            return ledger.paused_channels()
    except LedgerMissingError:
        return {}


@app.command("import")
def import_(
    context: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE.csv",
            help="A row for each channel; the first row names the keys, name and platform among"
            " them.",
        ),
    ],
    as_json: AsJson = False,
    config: ConfigDir = None,
) -> None:
    """Check a CSV of channels and take it into config/channels/, where it replaces its namesake."""
    from bot.project.importing import import_channels

    project = load(config or context.obj)
    result = import_channels(project, file)
    if as_json:
        print_json({"file": result.label, "channels": result.number, "new": result.new})
        return
    print(f"{result.number} channel(s) are in {result.label} now, {result.new} of them new.")
    print("A running service takes them up by itself.")


@app.command("test")
def test(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The channel, as in channels.toml.")],
    as_json: AsJson = False,
    config: ConfigDir = None,
) -> None:
    """Send a clearly marked test message, and say what the answer means."""

    project = load(config or context.obj)
    channel = project.channel(name)
    outcome = _send_test(project, channel)
    sentence = outcome_text(channel, outcome)
    if isinstance(outcome, Delivered):
        sentence += _resumed(project, channel)
    if as_json:
        print_json(
            {
                "channel": name,
                "platform": channel.platform.name,
                "outcome": type(outcome).__name__.lower(),
                "reason": outcome.reason.value,
                "detail": outcome.detail,
                "message": sentence,
            }
        )
    else:
        print(sentence)
    if not isinstance(outcome, Delivered):
        raise typer.Exit(1)


def _send_test(project: Project, channel: Channel) -> Outcome:
    from contextlib import nullcontext

    from bot.assembly import poster_for
    from bot.delivery.test_message import send_test

    inbox = open_existing(project, writing=True) if channel.platform.name == "inbox" else None
    with inbox or nullcontext(), poster_for(project, inbox, SystemClock()) as poster:
        return send_test(project, channel, poster)


def _resumed(project: Project, channel: Channel) -> str:
    """End the channel's pause, which the test has shown to be over, and return a sentence about
    it."""

    if channel.name not in _paused(project):
        return ""
    with open_existing(project, writing=True) as ledger:
        freed = ledger.resume_channel(channel.name, SystemClock().now())
    return f" It was paused and is not any more; {len(freed)} held posting(s) go on."


def outcome_text(channel: Channel, outcome: Outcome) -> str:
    """Return one or two sentences: what the platform answered, and what to do now, for a person
    who has never seen a status code."""
    from bot.web.labels import reason_text

    platform = channel.platform
    name = platform.actor or platform.called
    detail = f" ({outcome.detail})" if outcome.detail else ""
    why = reason_text(outcome.reason, platform.where)
    match outcome:
        case Delivered():
            return f"{name} took the test message for channel '{channel.name}'.{detail}"
        case Retry():
            return f"{name} did not take the test message. {why} Try again later.{detail}"
        case Rejected():
            return f"{name} refused the test message. {why}{detail}"
        case Unknown():
            return f"It is not known whether {name} has the test message. {why}{detail}"
