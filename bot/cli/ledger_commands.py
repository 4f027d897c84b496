"""``history``, ``inbox`` and a person's decisions: what went out, and what is done about it.

A decision is written to the ledger; the running service acts on it.
"""

from __future__ import annotations

import getpass
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bot.cli.options import AsJson, ConfigDir, clock_of, load, open_existing, read_instant
from bot.errors import UsageError

if TYPE_CHECKING:
    from bot.ledger.ledger import Ledger
    from bot.ledger.rows import DeliveryRow
    from bot.project.load import Project

Key = Annotated[
    str, typer.Argument(metavar="KEY", help="The posting's key, as `vigilia history` has it.")
]
Why = Annotated[str, typer.Option(help="Why, kept with the decision.")]


def history(
    state: Annotated[
        list[str] | None, typer.Option(metavar="STATE", help="Only this state (may be repeated).")
    ] = None,
    channel: Annotated[str | None, typer.Option(metavar="NAME", help="Only this channel.")] = None,
    observance: Annotated[str | None, typer.Option(metavar="DAY", help="Only this day.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest first.")] = 100,
    operator: Annotated[
        bool, typer.Option("--operator", help="The messages to the operator instead.")
    ] = False,
    as_json: AsJson = False,
    config: ConfigDir = None,
) -> None:
    """What was posted, what failed, what may have arrived, what waits."""
    from bot.cli.output import complain
    from bot.errors import nearest
    from bot.ledger.rows import State

    states = []
    for name in state or []:
        if name not in set(State):
            known = [s.value for s in State]
            raise UsageError(
                f"There is no state '{name}'.{nearest(name, known)} There are: {', '.join(known)}."
            )
        states.append(State(name))
    project = load(config)
    with open_existing(project, writing=False) as ledger:
        rows = ledger.history(
            tuple(states), channel=channel, observance=observance, limit=limit, operator=operator
        )
    if as_json:
        from bot.cli.output import print_json
        from bot.schemas import delivery_schema

        print_json([delivery_schema(row) for row in rows])
        return
    title = "What the operator was told" if operator else "What was posted"
    _print_history(project, rows, title, asked=bool(states or channel or observance))
    if len(rows) == limit:
        complain(f"These are the newest {limit}; --limit shows more.")


def _print_history(
    project: Project, rows: Sequence[DeliveryRow], title: str, *, asked: bool
) -> None:
    from bot.cli.output import print_table

    print_table(
        f"{title}, the newest first",
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
        empty="Nothing is recorded that fits." if asked else "Nothing is recorded yet.",
        fold="detail",
        whole=("key",),
    )


def _local(project: Project, row: DeliveryRow) -> str:
    channel = project.channels.get(row.channel)
    zone = channel.timezone if channel else project.settings.timezone
    return f"{row.due_at.astimezone(zone):%Y-%m-%d %H:%M %Z}"


def inbox(
    channel: Annotated[str | None, typer.Option(metavar="NAME", help="Only this channel.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest first.")] = 10,
    as_json: AsJson = False,
    config: ConfigDir = None,
) -> None:
    """The messages that the local inbox received."""
    project = load(config)
    with open_existing(project, writing=False) as ledger:
        kept = ledger.inbox(channel=channel, limit=limit)
    if as_json:
        from bot.cli.output import print_json
        from bot.schemas import utc_text

        print_json(
            [
                {"key": m.key, "channel": m.channel, "at": utc_text(m.at), "message": m.message}
                for m in kept
            ]
        )
        return
    if not kept:
        print("The inbox is empty.")
    for message in kept:
        print(f"--- {message.channel}, {message.at:%Y-%m-%d %H:%M} UTC, {message.key}")
        print(f"{message.text}\n")


def retry(key: Key, config: ConfigDir = None) -> None:
    """Try a posting again that failed, was missed, skipped or is held back."""
    project = load(config)
    now = _now()
    with open_existing(project, writing=True) as ledger:
        ledger.retry(key, now, now + _useful_for(project, ledger, key), who())
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
    project = load(config)
    now = _now()
    with open_existing(project, writing=True) as ledger:
        ledger.resolve(
            key,
            "delivered" if delivered else "resend",
            now,
            who(),
            why,
            useful_until=now + _useful_for(project, ledger, key),
        )
    print(
        f"{key} is recorded as delivered."
        if delivered
        else f"{key} will be sent again by the running service."
    )


def retract(key: Key, why: Why = "", config: ConfigDir = None) -> None:
    """Take a post back from its channel, where the platform lets it be deleted or blanked out."""
    from bot.assembly import poster_for
    from bot.channels.outcome import Delivered, Unknown
    from bot.delivery.retracting import retract as retracted

    project = load(config)
    with (
        open_existing(project, writing=True) as ledger,
        poster_for(project, ledger, clock_of(ledger)) as poster,
    ):
        outcome = retracted(project, ledger, key, poster, who=who(), why=why)
    match outcome:
        case Delivered():
            print(f"{key} was taken back. {outcome.detail}".rstrip())
            return
        case Unknown():
            print(f"It is not known whether {key} was taken back. Look. ({outcome.detail})")
        case _:
            print(f"{key} was not taken back: {outcome.detail or outcome.reason.value}")
    raise typer.Exit(1)


def approve(key: Key, why: Why = "", config: ConfigDir = None) -> None:
    """Approve the words of a posting that waits for it."""
    _decide(key, "approve", why, config)
    print(f"{key} is approved.")


def skip(key: Key, why: Why = "", config: ConfigDir = None) -> None:
    """Leave a coming posting out, this once."""
    _decide(key, "skip", why, config)
    print(f"{key} will not be posted.")


def _useful_for(project: Project, ledger: Ledger, key: str) -> timedelta:
    """Gives for how long a posting sent again is worth sending: as long as its channel says."""
    row = ledger.delivery(key)
    channel = project.channels.get(row.channel) if row else None
    return channel.useful_for if channel else project.settings.useful_for


def _decide(key: str, verdict: Literal["approve", "skip"], why: str, config: Path | None) -> None:
    from bot.delivery.approval import digest_of
    from bot.errors import LedgerError, nearest

    project = load(config)
    now = _now()
    with open_existing(project, writing=True) as ledger:
        coming = project.plan.due(now - timedelta(days=40), now + timedelta(days=400))
        known = {posting.key: posting for planned in coming for posting in planned.postings}
        concerned = ledger.delivery(key) or known.get(key)
        if concerned is None:
            hint = nearest(key, known) or " `vigilia upcoming --json` lists the keys."
            raise LedgerError(f"No posting has the key {key}.{hint}")
        # Bound to the words as they are now: when they change, they are asked for again.
        digest = digest_of(project, concerned) if verdict == "approve" else None
        ledger.decide(key, verdict, who(), why, now, digest=digest)


def pause(
    until: Annotated[
        str, typer.Option(metavar="INSTANT", help="Until when: 2026-12-10T12:00:00-05:00")
    ],
    config: ConfigDir = None,
) -> None:
    """Hold everything back until an instant: when the news makes a planned post wrong."""
    instant = read_instant(until, "--until")
    now = _now()
    if instant <= now:
        raise UsageError("--until has passed already.")
    project = load(config)
    with open_existing(project, writing=True) as ledger:
        ledger.set_pause(instant, now)
    print(f"Nothing is posted until {instant.isoformat()}. `vigilia resume` ends it earlier.")


def resume(config: ConfigDir = None) -> None:
    """End a pause: what is still useful is posted, the rest is recorded as missed."""
    project = load(config)
    with open_existing(project, writing=True) as ledger:
        ledger.set_pause(None, _now())
    print("Posting goes on.")


def who() -> str:
    """Gives who decides, as the machine knows it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "operator"


def _now() -> datetime:
    from bot.clock import SystemClock

    return SystemClock().now()
