"""A test message: through the same request and reading of answers as a posting, but no posting."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace

from bot.channels.channel import Channel
from bot.channels.outcome import Delivered, Outcome
from bot.channels.platform import Envelope
from bot.channels.request import (
    ApprisedRequest,
    HttpRequest,
    LocalRequest,
    MimeRequest,
    Response,
)
from bot.clock import Clock
from bot.content.markdown import escape_markdown
from bot.content.message import Message
from bot.delivery.courier import LocalPlaces
from bot.project.load import Project
from bot.transport.dispatch import Transport


def send_test(
    project: Project,
    channel: Channel,
    clock: Clock,
    *,
    transport: Callable[[], Transport],
    places: Callable[[], LocalPlaces],
) -> Outcome:
    """Sends a clearly marked test message and gives what it came to. Raises RenderError.

    ``transport`` and ``places`` are asked for only when the channel needs one.
    """
    today = clock.now().astimezone(channel.timezone).date()
    message = project.writer.test_message(channel.name, channel.languages, today)
    return _sent(channel, message, clock, transport=transport, places=places)


def send_preview(
    project: Project,
    channel: Channel,
    message: Message,
    clock: Clock,
    *,
    transport: Callable[[], Transport],
    places: Callable[[], LocalPlaces],
) -> Outcome:
    """Sends the words of a posting to a channel that is for trying, each language under a line that
    says it is a test. Raises CannotFitError."""
    marked = marked_as_test(project, message)
    return _sent(channel, marked, clock, transport=transport, places=places)


def marked_as_test(project: Project, message: Message) -> Message:
    """Gives a message whose every language begins by saying that it is a test."""
    return replace(
        message,
        parts=tuple(
            replace(part, body=f"*{escape_markdown(said)}*\n\n{part.body}")
            for part in message.parts
            for said in (project.languages[part.language].labels.test_message,)
        ),
    )


def _sent(
    channel: Channel,
    message: Message,
    clock: Clock,
    *,
    transport: Callable[[], Transport],
    places: Callable[[], LocalPlaces],
) -> Outcome:
    now = clock.now()
    key = f"test/{uuid.uuid4()}/{channel.name}"
    envelope = Envelope(key, f"vg_{uuid.uuid4().hex}", now)
    request = channel.platform.request(message, channel.options, envelope)
    match request:
        case LocalRequest():
            outcome: Outcome = places().put(request, key, channel.name, now)
        case HttpRequest() | MimeRequest() | ApprisedRequest():
            answer = transport().send(request)
            if isinstance(answer, Response):
                outcome = channel.platform.outcome(answer, clock.now())
            else:
                outcome = answer
    return outcome


def is_delivered(outcome: Outcome) -> bool:
    """Whether a test message arrived."""
    return isinstance(outcome, Delivered)
