"""``upcoming``, ``preview``, ``simulate``: what comes, and what it will say. They change
nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.options import AsJson, ConfigDir, DayId, OnDate, OnlyChannel, load, read_date
from bot.cli.output import advancing, complain, console, print_indented, print_json, print_table
from bot.clock import SystemClock
from bot.errors import ConfigError, Problem, UsageError, nearest

if TYPE_CHECKING:
    from rich.console import Console

    from bot.calendar.observances import Observance
    from bot.channels.channel import Channel
    from bot.content.message import Message
    from bot.planning import Planned
    from bot.project.load import Project


def upcoming(
    days: Annotated[
        int, typer.Option(min=1, max=4000, metavar="N", help="How many days ahead.")
    ] = 30,
    channel: OnlyChannel = None,
    as_json: AsJson = False,
    config: ConfigDir = None,
) -> None:
    """What will be posted, where and when."""

    project = load(config)
    if channel is not None:
        project.channel(channel)
    now = SystemClock().now()
    planned = [
        item
        for item in project.plan.due(now, now + timedelta(days=days))
        if channel in (None, item.postings[0].channel)
    ]
    if as_json:
        from bot.schemas import upcoming_schema

        print_json([upcoming_schema(project, p) for item in planned for p in item.postings])
        return
    _print_upcoming(project, planned, now, days)


def _print_upcoming(project: Project, planned: list[Planned], now: datetime, days: int) -> None:
    from bot.schemas import title_of

    rows = []
    for item in planned:
        for posting in item.postings:
            zone = project.channels[posting.channel].timezone
            local = posting.due_at.astimezone(zone)
            notes = [f"notice, {posting.lead_days} days ahead"] if posting.lead_days else []
            notes += ["a person approves it first"] if posting.approval else []
            title = title_of(project, posting)
            rows.append(
                (
                    f"{local:%a %d %b %Y %H:%M} {local.tzname()}",
                    _in(posting.due_at - now),
                    posting.channel,
                    "+".join(posting.languages),
                    f"{title} ({'; '.join(notes)})" if notes else title,
                )
            )
    print_table(
        f"The next {days} days",
        ("when", "in", "channel", "languages", "what"),
        rows,
        empty=f"Nothing is due in the next {days} days; --days 90 looks further ahead.",
        fold="what",
    )


def _in(wait: timedelta) -> str:
    if wait.days >= 2:
        return f"{wait.days} days"
    hours, minutes = divmod(int(wait.total_seconds()) // 60, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min"


def find_day(project: Project, id_: str) -> Observance:
    """Return the observance of that id. Raises ConfigError with the nearest, or why it is not
    posted."""
    if id_ in project.by_id:
        return project.by_id[id_]
    if id_ in project.days.disabled:
        disabled = project.days.disabled[id_]
        sentence = f"'{id_}' is recorded as not posted: {disabled.reason}"
        raise ConfigError([Problem("error", "disabled-day", disabled.file, id_, sentence)])
    hint = nearest(id_, [*project.by_id, *project.days.disabled])
    sentence = f"There is no day '{id_}'.{hint} `vigilia calendar` lists them all."
    raise ConfigError([Problem("error", "unknown-day", "", "", sentence)])


def preview(
    observance: DayId,
    on: OnDate = None,
    channel: Annotated[
        str | None, typer.Option(metavar="NAME", help="As this channel gets it.")
    ] = None,
    language: Annotated[
        list[str] | None, typer.Option(metavar="LANG", help="Only this language (may be repeated).")
    ] = None,
    payload: Annotated[
        bool, typer.Option("--payload", help="The exact request, its secrets masked.")
    ] = False,
    as_json: AsJson = False,
    config: ConfigDir = None,
) -> None:
    """What a day will say, and with --payload the request as it would be sent."""
    project = load(config)
    day = find_day(project, observance)
    place = _channel_for(project, channel, needed=payload)
    languages = tuple(language or (place.languages if place else _complete(project, observance)))
    _refuse_unknown_languages(project, languages)
    when = _date_for(day, on)
    if payload and place is not None:
        _print_payload(project, place, day, when, languages)
        return
    message = _write(project, day, when, languages)
    if as_json:
        print_json(message.to_json())
    else:
        _print_preview(project, day, place, message)


def _channel_for(project: Project, name: str | None, *, needed: bool) -> Channel | None:
    if name is not None:
        return project.channel(name)
    if not needed:
        return None
    if len(project.channels) == 1:
        return next(iter(project.channels.values()))
    names = ", ".join(project.channels)
    raise UsageError(f"--payload needs --channel NAME; there are: {names}.")


def _complete(project: Project, id_: str) -> tuple[str, ...]:
    from bot.content.texts import languages_of

    there = set(project.languages)
    codes = tuple(sorted(languages_of(project.days.texts[id_]) & there))
    return codes or tuple(sorted(there))


def _refuse_unknown_languages(project: Project, languages: tuple[str, ...]) -> None:
    for language in languages:
        if language not in project.languages:
            there = ", ".join(sorted(project.languages))
            hint = nearest(language, project.languages)
            raise UsageError(f"There is no language '{language}': there are {there}.{hint}")


def _date_for(day: Observance, on: str | None) -> date:
    """Return the date asked for, which must be one of the day's, or the next one."""
    from bot.calendar.occurrences import next_occurrence, occurrences

    if on is not None:
        day_asked = read_date(on, "--on")
        if occurrences(day, day_asked, day_asked):
            return day_asked
        near = [
            o.date
            for o in occurrences(day, date(day_asked.year, 1, 1), date(day_asked.year, 12, 31))
        ]
        fits = f" In {day_asked.year}: {', '.join(map(str, near))}." if near else ""
        raise UsageError(f"'{day.id}' does not fall on {day_asked}.{fits}")
    following = next_occurrence(day, SystemClock().now().date() - timedelta(days=1))
    if following is None:
        raise UsageError(f"'{day.id}' does not come again; give a date with --on.")
    return following.date


def _write(project: Project, day: Observance, on: date, languages: tuple[str, ...]) -> Message:
    from bot.calendar.observances import Occurrence

    return project.writer.write([Occurrence(day, on)], languages)


def _print_payload(
    project: Project, channel: Channel, day: Observance, on: date, languages: tuple[str, ...]
) -> None:
    """Print the request of one posting: a channel with ``layout = "separate"`` gets several."""
    from bot.calendar.localtime import instant
    from bot.channels.platform import Envelope
    from bot.delivery.courier import request_id
    from bot.planning import plan_for

    due_at = instant(on, channel.post_at, channel.timezone)
    first, *others = plan_for(
        replace(channel, languages=languages), (day.id,), on, 0, due_at
    ).postings
    if others:
        rest = " or ".join(f"--language {posting.languages[0]}" for posting in others)
        complain(f"{channel.name} gets each language by itself; {rest} shows another.")
    envelope = Envelope(first.key, request_id(first.key, 0), due_at)
    message = _write(project, day, on, first.languages)
    print_json(channel.platform.request(message, channel.options, envelope).shown())


def _print_preview(
    project: Project, day: Observance, channel: Channel | None, message: Message
) -> None:
    from rich.text import Text

    from bot.channels.local_platform import message_text
    from bot.content.markdown import words

    out = console()
    text = project.days.texts[day.id]
    approval = " · waits for approval each year" if day.approval else ""
    out.print(Text(f"{day.id} · {message.date} · {text.kind}{approval}", style="bold"))
    if text.sensitivity:
        out.print(Text(f"For editors: {text.sensitivity}", style="yellow"))
    for note in text.notes:
        out.print(Text(f"For editors: {note}", style="yellow"))
    for part in message.parts:
        single = type(message)(
            message.kind, message.observances, message.date, (part,), message.lead_days
        )
        name = project.languages[part.language].name
        out.print()
        out.print(Text(f"{name}, {words(part.body)} words", style="bold cyan"))
        print_indented(out, message_text(single))
        if channel is not None and channel.layout == "separate":
            _print_left_out(out, channel, single)
    if channel is not None and channel.layout == "together":
        _print_left_out(out, channel, message)


def _print_left_out(out: Console, channel: Channel, message: Message) -> None:
    from rich.text import Text

    for left_out in channel.platform.fitting_problems(message, channel.options):
        out.print(Text(f"On {channel.platform.name}: {left_out}", style="yellow"))


def simulate(
    start: Annotated[str, typer.Option("--from", metavar="DATE", help="The first date.")],
    end: Annotated[str, typer.Option("--to", metavar="DATE", help="The last date, included.")],
    channel: OnlyChannel = None,
    config: ConfigDir = None,
) -> None:
    """Every post of a period, as JSON Lines: the real planner and ledger under a simulated
    clock."""
    from bot.calendar.rules import FIRST_YEAR, LAST_YEAR
    from bot.simulation import simulated

    first, last = read_date(start, "--from"), read_date(end, "--to")
    if last < first:
        raise UsageError("--to is before --from.")
    if first.year <= FIRST_YEAR or last.year >= LAST_YEAR:
        raise UsageError(f"The calendar reaches from {FIRST_YEAR + 1} to {LAST_YEAR - 1}.")
    project = load(config)
    if channel is not None:
        project.channel(channel)
    # Local dates begin up to 14 hours before those of UTC and end up to 12 hours after them.
    begin = datetime.combine(first, time(), UTC) - timedelta(hours=15)
    finish = datetime.combine(last, time(), UTC) + timedelta(hours=37)
    with advancing("Simulating", total=(last - first).days + 1) as moved_to:
        for post in simulated(project, begin, finish):
            moved_to((post.at.date() - first).days)
            local = post.at.astimezone(project.channels[post.channel].timezone).date()
            if not first <= local <= last or channel not in (None, post.channel):
                continue
            print_json(
                {
                    "at": post.at,
                    "key": post.key,
                    "channel": post.channel,
                    "title": post.title,
                    "body": post.body,
                },
                indent=None,
            )
