"""Every platform that Vigilia does not know itself, through Apprise.

https://appriseit.com/services/ lists what there is and how each address is written (read
2026-11-24, Apprise 2.2.0). Apprise tells no more than that it worked or did not, so a platform that
Vigilia knows itself is refused here. Here an address is only read; bot.transport.apprise sends.

The words go as plain text in which nothing is left that a platform could read as a mention: what
the platform makes of it cannot be known from here.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from pydantic import Field

from bot.channels.addresses import address_problem, digest
from bot.channels.apprise_places import name_of, own_host, place_of
from bot.channels.dialects.dialect import units
from bot.channels.dialects.plain import APPRISED
from bot.channels.layout import text_of
from bot.channels.platform import Envelope, Platform, Rates
from bot.channels.registry import PLATFORMS
from bot.channels.request import ApprisedRequest
from bot.channels.webhook_platform import WebhookOptions
from bot.content.message import Message


class AppriseOptions(WebhookOptions):
    """``url`` is Apprise's address of one place, which is the secret.

    ``longest`` is the most characters that the place takes, where it takes fewer than Apprise
    thinks.
    """

    longest: int | None = Field(default=None, ge=140, le=100_000, strict=True)


class Words(NamedTuple):
    """A title and a text, and the characters that there is room for in all."""

    title: str
    body: str
    room: int


class Apprise(Platform[AppriseOptions, Words]):
    """A title and a text."""

    name = "apprise"
    called = "Apprise"
    actor = "The platform behind Apprise"
    where = "as https://appriseit.com/services/ says"
    options_model = AppriseOptions

    def address_problem(
        self, options: AppriseOptions, trusted_hosts: Collection[str]
    ) -> str | None:
        place = place_of(options.address)
        if place is None:
            return (
                "Apprise knows no such address; see https://appriseit.com/services/ for how the "
                "address of your platform is written."
            )
        if (ours := name_of(place)) in PLATFORMS:
            return (
                f'Vigilia knows this platform itself, and tells more about it: write platform = "'
                f'{ours}" instead.'
            )
        host, scheme = own_host(place), "https" if place.secure else "http"
        url = f"{scheme}://{host}:{place.port}/" if place.port else f"{scheme}://{host}/"
        problem = address_problem(url, trusted_hosts) if host else None
        if problem and "http://" in problem:
            return (
                "This address is reached without encryption; write it with the form of its scheme "
                "that ends in s, or add its host to trusted_hosts in config/vigilia.toml if it is "
                "your own."
            )
        return problem

    def address_digest(self, options: AppriseOptions) -> str:
        return digest(self.name, options.address)

    def rate_keys(self, options: AppriseOptions) -> Rates:
        # A message in two seconds: no platform that is reached so documents less.
        return ((f"{self.name}:{self.address_digest(options)}", 0.5),)

    def payload(self, message: Message, options: AppriseOptions | None) -> Words:
        body = text_of(message, APPRISED, "\n\n\n", titled=False, sources_in_a_row=False)
        return Words(APPRISED.line(message.title), body, _longest(options))

    def too_long(self, payload: Words) -> bool:
        # A place without titles gets the title as the text's first line.
        return units(payload.title) + 2 + units(payload.body) > payload.room

    def assembled(
        self, payload: Words, options: AppriseOptions, envelope: Envelope
    ) -> ApprisedRequest:
        return ApprisedRequest(options.address, payload.title, payload.body)


def _longest(options: AppriseOptions | None) -> int:
    """Return how many characters there is room for; Apprise would cut what is longer, or divide
    it into several posts."""
    place = place_of(options.address) if options else None
    longest = place.body_maxlen if place is not None else 32_768
    return min(longest, options.longest) if options and options.longest else int(longest)


PLATFORM = Apprise()
