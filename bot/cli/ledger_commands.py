"""``send``, ``history``, ``inbox`` and a person's decisions: what goes out by hand, what went out,
and what is done about it.

A decision is written to the ledger; the running service acts on it.
"""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.looking_commands import find_day
from bot.cli.options import (
    AsJson,
    ConfigDir,
    DayId,
    OnDate,
    OnlyChannel,
    clock_of,
    load,
    open_existing,
    read_date,
    read_instant,
)
from bot.cli.output import complain, print_json, print_table
from bot.clock import SystemClock
from bot.errors import UsageError, nearest

if TYPE_CHECKING:
    from bot.delivery.decisions import Decisions
    from bot.ledger.rows import DeliveryRow
    from bot.project.load import Project

Key = Annotated[
    str, typer.Argument(metavar="KEY", help="The posting's key, as `vigilia history` has it.")
]
Why = Annotated[str, typer.Option(help="Why, kept with the decision.")]


def send(
    observance: DayId,
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


def history(
    state: Annotated[
        list[str] | None, typer.Option(metavar="STATE", help="Only this state (may be repeated).")
    ] = None,
    channel: OnlyChannel = None,
    observance: Annotated[str | None, typer.Option(metavar="DAY", help="Only this day.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest first.")] = 100,
    operator: Annotated[
        bool, typer.Option("--operator", help="The messages to the operator instead.")
    ] = False,
    as_json: AsJson = False,
    config: ConfigDir = None,
) -> None:
    """What was posted, what failed, what may have arrived, what waits."""
    from bot.ledger.rows import State

    states = []
    for name in state or []:
        if name not in set(State):
            names = [s.value for s in State]
            raise UsageError(
                f"There is no state '{name}'.{nearest(name, names)} There are: {', '.join(names)}."
            )
        states.append(State(name))
    project = load(config)
    with open_existing(project, writing=False) as ledger:
        rows = ledger.history(
            tuple(states), channel=channel, observance=observance, limit=limit, operator=operator
        )
    if as_json:
        from bot.schemas import DeliverySchema

        print_json([DeliverySchema.model_validate(row) for row in rows])
        return
    print_table(
        f"{'What the operator was told' if operator else 'What was posted'}, the newest first",
        ("due", "state", "channel", "tries", "key", "detail"),
        [
            (
                _local(project, row),
                f"{row.state.value} ({row.held_for})" if row.held_for else row.state.value,
                row.channel,
                str(row.attempts),
                row.key,
                row.detail or "",
            )
            for row in rows
        ],
        empty="Nothing is recorded that fits."
        if states or channel or observance
        else "Nothing is recorded yet.",
        fold="detail",
        whole=("key",),
    )
    if len(rows) == limit:
        complain(f"These are the newest {limit}; --limit shows more.")


def _local(project: Project, row: DeliveryRow) -> str:
    channel = project.channels.get(row.channel)
    zone = channel.timezone if channel else project.settings.timezone
    return f"{row.due_at.astimezone(zone):%Y-%m-%d %H:%M %Z}"


def inbox(
    channel: OnlyChannel = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest first.")] = 10,
    as_json: AsJson = False,
    config: ConfigDir = None,
) -> None:
    """The messages that the local inbox received."""
    project = load(config)
    with open_existing(project, writing=False) as ledger:
        messages = ledger.inbox(channel=channel, limit=limit)
    if as_json:
        print_json(
            [
                {"key": m.key, "channel": m.channel, "at": m.at, "message": m.message}
                for m in messages
            ]
        )
        return
    if not messages:
        print("The inbox is empty.")
    for message in messages:
        print(f"--- {message.channel}, {message.at:%Y-%m-%d %H:%M} UTC, {message.key}")
        print(f"{message.text}\n")


def retry(key: Key, config: ConfigDir = None) -> None:
    """Try a posting again that failed, was missed, skipped or is held back."""
    with deciding(config) as decisions:
        decisions.retry(key)
    print(
        f"{key} is ready again. The running service sends it; `vigilia history` shows how it went."
    )


def resolve(
    key: Key,
    delivered: Annotated[bool, typer.Option("--delivered", help="It did arrive.")] = False,
    resend: Annotated[bool, typer.Option("--resend", help="It did not: send it again.")] = False,
    why: Why = "",
    config: ConfigDir = None,
) -> None:
    """Settle a posting that may have arrived, once you have looked into the channel."""
    if delivered == resend:
        raise UsageError("Say either --delivered or --resend.")
    with deciding(config, why) as decisions:
        decisions.resolve(key, "delivered" if delivered else "resend")
    print(
        f"{key} is recorded as delivered."
        if delivered
        else f"{key} will be sent again by the running service."
    )


def retract(key: Key, why: Why = "", config: ConfigDir = None) -> None:
    """Take a post back from its channel, where the platform lets it be deleted or blanked out."""
    from bot.assembly import poster_for

    with (
        deciding(config, why) as decisions,
        poster_for(decisions.project, decisions.ledger, decisions.clock) as poster,
    ):
        detail = decisions.retract(key, poster)
    print(f"{key} was taken back. {detail}".rstrip())


def approve(key: Key, why: Why = "", config: ConfigDir = None) -> None:
    """Approve the words of a posting that waits for it."""
    from bot.delivery.approval import digest_of

    with deciding(config, why) as decisions:
        # Bound to the words as they are now: when they change, they are asked for again.
        decisions.approve(key, digest_of(decisions.project, decisions.find(key)))
    print(f"{key} is approved.")


def skip(key: Key, why: Why = "", config: ConfigDir = None) -> None:
    """Leave a coming posting out, this once."""
    with deciding(config, why) as decisions:
        decisions.find(key)
        decisions.skip(key)
    print(f"{key} will not be posted.")


def pause(
    until: Annotated[
        str, typer.Option(metavar="INSTANT", help="Until when: 2026-12-10T12:00:00-05:00")
    ],
    config: ConfigDir = None,
) -> None:
    """Hold everything back until an instant: when the news makes a planned post wrong."""
    instant = read_instant(until, "--until")
    with deciding(config) as decisions:
        if instant <= decisions.clock.now():
            raise UsageError("--until has passed already.")
        decisions.pause(instant)
    print(f"Nothing is posted until {instant.isoformat()}. `vigilia resume` ends it earlier.")


def resume(config: ConfigDir = None) -> None:
    """End a pause: what is still useful is posted, the rest is recorded as missed."""
    with deciding(config) as decisions:
        decisions.resume()
    print("Posting goes on.")


@contextmanager
def deciding(config: Path | None, why: str = "") -> Iterator[Decisions]:
    """Open the ledger that is there for the decisions of whoever calls. Raises VigiliaError."""
    from bot.delivery.decisions import Decisions

    project = load(config)
    with open_existing(project, writing=True) as ledger:
        yield Decisions(project, ledger, clock_of(ledger), who(), why)


def who() -> str:
    """Return who decides, as the machine knows it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "operator"
