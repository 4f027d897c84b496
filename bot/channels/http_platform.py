"""What the platforms that are reached over HTTP share, so that each holds only what is its own."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Generic

from pydantic import BaseModel, ConfigDict

import bot
from bot.channels.addresses import read_address
from bot.channels.fitting import CannotFitError, fit
from bot.channels.platform import Envelope, OptionsT
from bot.channels.request import HttpRequest
from bot.content.message import Message

USER_AGENT = f"vigilia/{bot.__version__}"

HOST_RATE = 50.0
"""Requests a second to one host: Discord's documented limit for one machine
(https://discord.com/developers/docs/topics/rate-limits, "Global Rate Limit"); no other is lower."""


class ChannelOptions(BaseModel):
    """The keys that a platform adds to ``channels.toml``. A value never appears in an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class HttpPlatform(ABC, Generic[OptionsT]):
    """A platform that takes one HTTP request a message.

    A module adds ``name``, ``options_model``, its address, its limits, its payload and its answers.
    """

    name: str
    local: bool = False
    options_model: type[OptionsT]
    called: str = ""
    where: str = ""
    repeat_safe_for: timedelta | None = None

    @abstractmethod
    def too_long(self, message: Message, options: OptionsT | None) -> bool:
        """Whether the platform would refuse or cut the message as it is."""

    @abstractmethod
    def fitted_request(
        self, message: Message, options: OptionsT, envelope: Envelope
    ) -> HttpRequest:
        """Gives the request for a message that is known not to be too long."""

    def fitting_problems(
        self, message: Message, options: OptionsT | None = None
    ) -> tuple[str, ...]:
        """Gives what is left out of the message here, or why it cannot be posted, as sentences."""
        try:
            return fit(message, lambda shorter: self.too_long(shorter, options))[1]
        except CannotFitError as problem:
            return (str(problem),)

    def request(self, message: Message, options: OptionsT, envelope: Envelope) -> HttpRequest:
        """Gives the request that says ``message``, fitted. Raises :class:`CannotFitError`."""
        fitted, _ = fit(message, lambda shorter: self.too_long(shorter, options))
        return self.fitted_request(fitted, options, envelope)


def json_bytes(payload: Mapping[str, Any]) -> bytes:
    """Gives ``payload`` as compact JSON in UTF-8."""
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()


def webhook_rates(
    platform: str, digest: str, url: str, rate: float
) -> tuple[tuple[str, float], ...]:
    """Gives the buckets of one webhook, named by its digest, and of the host it is on."""
    return (f"{platform}:{digest}", rate), (f"host:{read_address(url).host}", HOST_RATE)
