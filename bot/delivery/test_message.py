"""A test message: sent and read like a posting, and no posting."""

from __future__ import annotations

import uuid
from dataclasses import replace

from bot.channels.channel import Channel
from bot.channels.outcome import Outcome
from bot.channels.platform import Envelope
from bot.content.markdown import escape_markdown
from bot.content.message import Message
from bot.delivery.poster import Poster
from bot.project.load import Project


def send_test(project: Project, channel: Channel, poster: Poster) -> Outcome:
    """Send a clearly marked test message; return what it came to. Raises RenderError."""
    today = poster.clock.now().astimezone(channel.timezone).date()
    message = project.writer.test_message(channel.name, channel.languages, today)
    return _send(channel, message, poster)


def send_preview(project: Project, channel: Channel, message: Message, poster: Poster) -> Outcome:
    """Send the words of a posting to a channel that is for trying, each language under a line that
    says it is a test. Raises CannotFitError."""
    return _send(channel, marked_as_test(project, message), poster)


def marked_as_test(project: Project, message: Message) -> Message:
    """Return a message whose every language begins by saying that it is a test."""
    marks = {
        part.language: escape_markdown(project.languages[part.language].labels.test_message)
        for part in message.parts
    }
    return replace(
        message,
        parts=tuple(
            replace(part, body=f"*{marks[part.language]}*\n\n{part.body}") for part in message.parts
        ),
    )


def _send(channel: Channel, message: Message, poster: Poster) -> Outcome:
    key = f"test/{uuid.uuid4()}/{channel.name}"
    envelope = Envelope(key, f"vg_{uuid.uuid4().hex}", poster.clock.now())
    request = channel.platform.request(message, channel.options, envelope)
    outcome, _status = poster.post(request, key, channel)
    return outcome
