"""The platforms that are one secret address to which a JSON body is posted."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TypeVar

from pydantic import SecretStr

from bot.channels.addresses import WebhookUrl, address_problem, digest, read_address, secrets_of
from bot.channels.base_platform import (
    USER_AGENT,
    BasePlatform,
    ChannelOptions,
    Json,
    Rates,
    json_bytes,
    webhook_rates,
)
from bot.channels.platform import Envelope
from bot.channels.request import HttpRequest


class WebhookOptions(ChannelOptions):
    """``url`` is the webhook's address, which is the secret."""

    url: SecretStr


WebhookOptionsT = TypeVar("WebhookOptionsT", bound=WebhookOptions)


class WebhookPlatform(BasePlatform[WebhookOptionsT, Json]):
    """An address and a JSON body. A module adds what its address looks like, and its rate."""

    hosts: tuple[str, ...] | None = None
    """The only hosts that the platform has; None where it may be on any."""
    path: re.Pattern[str] = re.compile("")
    """What a path of its addresses matches."""
    looks: str = ""
    """What an address is that matches, after "The address is not that of "; may hold {host}."""
    slash_matters = False
    """Return whether an address with a slash at its end is another place than without."""
    rate: float
    """Requests a second that one webhook takes."""
    user_agent = USER_AGENT
    content_type = "application/json"

    @property
    def headers(self) -> dict[str, str]:
        """The headers of every request."""
        return {"Content-Type": self.content_type, "User-Agent": self.user_agent}

    def address_problem(
        self, options: WebhookOptionsT, trusted_hosts: Collection[str]
    ) -> str | None:
        """Return what is wrong with the address, as a sentence without it, or None."""
        url = options.url.get_secret_value()
        problem = address_problem(url, trusted_hosts, hosts=self.hosts)
        if problem is not None:
            return problem
        address = read_address(url)
        if self.hosts is not None and address.host not in self.hosts:
            return None
        return self.url_problem(address, trusted_hosts)

    def url_problem(self, url: WebhookUrl, trusted_hosts: Collection[str]) -> str | None:
        """Return what is wrong with an address on a host that may be the platform's, or None."""
        if self.path.search(url.path):
            return None
        return f"The address is not that of {self.looks.format(host=url.host)}"

    def address_digest(self, options: WebhookOptionsT) -> str:
        """Return a digest of where it posts to."""
        return digest(self.name, *self.place(read_address(options.url.get_secret_value()), options))

    def place(self, url: WebhookUrl, options: WebhookOptionsT) -> tuple[str, ...]:
        """Return what two channels have in common that post to the same place."""
        return (url.url if self.slash_matters else url.url.rstrip("/"),)

    def rate_keys(self, options: WebhookOptionsT) -> Rates:
        """Return the buckets of the webhook and of its host."""
        url = options.url.get_secret_value()
        return webhook_rates(self.name, self.address_digest(options), url, self.rate)

    def target(self, url: WebhookUrl, options: WebhookOptionsT, envelope: Envelope) -> str:
        """Return the address that is posted to."""
        return url.url

    def secrets(self, url: WebhookUrl) -> tuple[str, ...]:
        """Return the strings of the address that nobody may see."""
        return secrets_of(url.url)

    def assembled(self, payload: Json, options: WebhookOptionsT, envelope: Envelope) -> HttpRequest:
        url = read_address(options.url.get_secret_value())
        target = self.target(url, options, envelope)
        return HttpRequest("POST", target, self.headers, json_bytes(payload), self.secrets(url))
