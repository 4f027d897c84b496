"""What every platform module starts from, so that each holds only what is its own."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Generic

from pydantic import BaseModel, BeforeValidator, ConfigDict

import bot
from bot.channels.addresses import read_address
from bot.channels.answers import read_answer
from bot.channels.fitting import CannotFitError, Fitted, PayloadT, fit
from bot.channels.outcome import Outcome
from bot.channels.platform import Envelope, OptionsT
from bot.channels.request import Request, Response
from bot.content.message import Message

USER_AGENT = f"vigilia/{bot.__version__}"

HOST_RATE = 50.0
"""Requests a second to one host: Discord's documented limit for one machine
(https://discord.com/developers/docs/topics/rate-limits, "Global Rate Limit"); no other is lower."""

Json = dict[str, Any]
Rates = tuple[tuple[str, float], ...]


def _as_text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Text = Annotated[str, BeforeValidator(_as_text)]
"""A text that may be written as a number, as the ids of chats and threads are."""


class ChannelOptions(BaseModel):
    """The keys that a platform adds to ``channels.toml``. A value never appears in an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class BasePlatform(ABC, Generic[OptionsT, PayloadT]):
    """A platform that makes one payload of a message, and one request of the payload.

    A module adds its names, its options and address, its payload and limits, and its answers.
    """

    name: str
    called: str
    actor: str = ""
    where: str = ""
    local: bool = False
    options_model: type[OptionsT]
    repeat_safe_for: timedelta | None = None

    @abstractmethod
    def payload(self, message: Message, options: OptionsT | None) -> PayloadT:
        """Return what the message is on the platform, whole; ``options`` None: the usual ones."""

    def too_long(self, payload: PayloadT) -> bool:
        """Return whether the platform would refuse or cut the payload."""
        return False

    @abstractmethod
    def assembled(self, payload: PayloadT, options: OptionsT, envelope: Envelope) -> Request:
        """Return the request that carries a payload that is not too long."""

    def fitted(self, message: Message, options: OptionsT | None) -> Fitted[PayloadT]:
        """Return the payload that fits. Raises :class:`CannotFitError`."""
        return fit(message, lambda shorter: self.payload(shorter, options), self.too_long)

    def fitting_problems(
        self, message: Message, options: OptionsT | None = None
    ) -> tuple[str, ...]:
        """Return what is left out of the message, or why it cannot be posted, as sentences."""
        try:
            return self.fitted(message, options).losses
        except CannotFitError as problem:
            return (str(problem),)

    def fitted_request(
        self, message: Message, options: OptionsT, envelope: Envelope
    ) -> tuple[Request, tuple[str, ...]]:
        """Return the request and what it leaves out. Raises :class:`CannotFitError`."""
        payload, losses = self.fitted(message, options)
        return self.assembled(payload, options, envelope), losses

    def request(self, message: Message, options: OptionsT, envelope: Envelope) -> Request:
        """Return the request that says ``message``, fitted. Raises :class:`CannotFitError`."""
        return self.fitted_request(message, options, envelope)[0]

    def outcome(self, response: Response, at: datetime) -> Outcome:
        """Return what an answer means: by its status alone, where nothing more is documented."""
        return read_answer(response, at)


def json_bytes(payload: Mapping[str, Any]) -> bytes:
    """Return ``payload`` as compact JSON in UTF-8."""
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()


def webhook_rates(platform: str, digest: str, url: str, rate: float) -> Rates:
    """Return the buckets of one webhook, named by its digest, and of the host it is on."""
    return (f"{platform}:{digest}", rate), (f"host:{read_address(url).host}", HOST_RATE)
