"""Every posting of the coming months, written and fitted for its channel as on its day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from bot.channels.fitting import CannotFitError
from bot.channels.platform import Envelope
from bot.delivery.courier import request_id
from bot.delivery.rendering import write_message
from bot.errors import Problem, RenderError
from bot.planning import days_of
from bot.project.load import Project

HORIZON = timedelta(days=400)


def posting_problems(
    project: Project, now: datetime, progress: Callable[[int], None]
) -> Iterator[Problem]:
    """Yield what is wrong with a posting of the next 400 days: unwritable, or too long for its
    platform. ``progress`` is told a percentage."""
    postings = [
        posting for planned in project.plan.due(now, now + HORIZON) for posting in planned.postings
    ]
    shortened: dict[tuple[str, str], list[str]] = defaultdict(list)
    for number, posting in enumerate(postings):
        progress(100 * number // len(postings))
        channel = project.channels[posting.channel]
        entry, name = f"channels.{channel.name}", f"{posting.observance} on {posting.date}"
        try:
            message = write_message(project, posting)
            envelope = Envelope(posting.key, request_id(posting.key, 0), posting.due_at)
            _, losses = channel.platform.fitted_request(message, channel.options, envelope)
        except CannotFitError as error:
            hint = (
                "" if len(posting.languages) == 1 else ' `layout = "separate"` gives each its own.'
            )
            sentence = f"{name}: {error}{hint}"
            yield Problem("error", "too-long", channel.file, entry, sentence)
            continue
        except RenderError as error:
            yield Problem("error", "unwritable", channel.file, entry, f"{posting.key}: {error}")
            continue
        for left_out in losses:
            shortened[(channel.name, left_out)].append(name)
    for (channel_name, left_out), which in shortened.items():
        file = project.channels[channel_name].file
        sentence = f"{left_out} ({', '.join(which[:3])}{' and more' if len(which) > 3 else ''})"
        yield Problem("warning", "shortened", file, f"channels.{channel_name}", sentence)


def silence_problems(project: Project, now: datetime) -> Iterator[Problem]:
    """Yield the channels that post nothing, and the days chosen by a channel that never come."""
    for channel in project.channels.values():
        entry = f"channels.{channel.name}"
        chosen = days_of(channel, project.days.calendar)
        if not chosen:
            sentence = "This channel asks for no day at all: look at `include` and `exclude`."
            yield Problem("warning", "never-posts", channel.file, entry, sentence)
            continue
        day = now.astimezone(channel.timezone).date()
        upcoming = project.plan.occurrences(channel, day, day.replace(day=1) + 2 * HORIZON)
        there = {occurrence.observance.id for occurrence in upcoming}
        for observance in chosen:
            if observance.id not in there and not observance.milestones_only:
                sentence = (
                    f"'{observance.id}' is asked for but not posted in the next two years: it has "
                    "ended, or always gives way to another (`min_gap`, `not_with`, `part_of`)."
                )
                yield Problem("note", "day-never-posts", channel.file, entry, sentence)


def shared_address_problems(project: Project) -> Iterator[Problem]:
    """Yield the channels that post to one and the same address."""
    by_address: dict[str, list[str]] = defaultdict(list)
    for channel in project.channels.values():
        if not channel.platform.local:
            digest = channel.platform.address_digest(channel.options)
            by_address[digest].append(channel.name)
    for names in by_address.values():
        if len(names) > 1:
            who = " and ".join(names)
            sentence = f"{who} post to the same address: each day would arrive there twice."
            file = project.channels[names[0]].file
            yield Problem("warning", "shared-address", file, f"channels.{names[0]}", sentence)
