"""A test message: through the same request and reading of answers as a posting, but no posting."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from bot.channels.channel import Channel
from bot.channels.outcome import Delivered, Outcome
from bot.channels.platform import Envelope
from bot.channels.request import HttpRequest, LocalRequest, Response
from bot.clock import Clock
from bot.delivery.courier import LocalPlaces, Transport
from bot.project.load import Project


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
    now = clock.now()
    today = now.astimezone(channel.timezone).date()
    message = project.writer.test_message(channel.name, channel.languages, today)
    key = f"test/{uuid.uuid4()}/{channel.name}"
    envelope = Envelope(key, f"vg_{uuid.uuid4().hex}", now)
    request = channel.platform.request(message, channel.options, envelope)
    match request:
        case LocalRequest():
            outcome: Outcome = places().put(request, key, channel.name, now)
        case HttpRequest():
            answer = transport().send(request)
            if isinstance(answer, Response):
                outcome = channel.platform.outcome(answer, clock.now())
            else:
                outcome = answer
    return outcome


def is_delivered(outcome: Outcome) -> bool:
    """Whether a test message arrived."""
    return isinstance(outcome, Delivered)
