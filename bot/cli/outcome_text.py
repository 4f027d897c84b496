"""What a test message came to, in sentences for a person who has never seen a status code."""

from __future__ import annotations

from bot.channels.channel import Channel
from bot.channels.outcome import Delivered, Outcome, Rejected, Retry, Unknown
from bot.web.labels import reason_text


def outcome_text(channel: Channel, outcome: Outcome) -> str:
    """Return one or two sentences: what the platform answered, and what to do now."""
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
