"""What the places on this machine share: a message as plain text, which nothing can refuse."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from bot.channels.dialects.plain import PLAIN
from bot.channels.platform import ChannelOptions, Envelope, Platform, Rates
from bot.channels.request import LocalRequest
from bot.content.message import Message, Part


class LocalOptions(ChannelOptions):
    """A place on this machine adds no keys."""


class LocalPlatform(Platform[LocalOptions, LocalRequest]):
    """A place that takes every message, of any length, and has no address."""

    local = True
    options_model = LocalOptions

    def address_problem(self, options: LocalOptions, trusted_hosts: Collection[str]) -> str | None:
        return None

    def address_digest(self, options: LocalOptions) -> str:
        return self.name

    def rate_keys(self, options: LocalOptions) -> Rates:
        return ()

    def payload(self, message: Message, options: LocalOptions | None) -> LocalRequest:
        return LocalRequest(place=self.name, message=message, text=message_text(message))

    def assembled(
        self, payload: LocalRequest, options: LocalOptions, envelope: Envelope
    ) -> LocalRequest:
        return payload


def message_text(message: Message) -> str:
    """Return the whole message as plain text, each language under its title."""
    return "\n\n\n".join("\n\n".join(_part(part)) for part in message.parts)


def _part(part: Part) -> Iterator[str]:
    title = PLAIN.line(part.title)
    yield f"{title}\n{'=' * min(len(title), 72)}"
    yield PLAIN.markdown(part.body)
    if part.actions:
        lines = [
            "\n  ".join([f"- {PLAIN.line(action.text)}", *PLAIN.links(action.links)])
            for action in part.actions
        ]
        yield "\n".join([PLAIN.line(part.actions_label), *lines])
    if part.sources:
        lines = [f"- {link}" for link in PLAIN.links(part.sources)]
        yield "\n".join([PLAIN.line(part.sources_label), *lines])
    if part.footer:
        yield PLAIN.line(part.footer)
