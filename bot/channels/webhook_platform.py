"""The platforms that are one secret address to which a JSON body is posted."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import TypeVar

from pydantic import SecretStr

from bot.channels.addresses import WebhookUrl, secrets_of
from bot.channels.dialects.dialect import Json
from bot.channels.platform import ChannelOptions, Envelope
from bot.channels.request import HttpRequest, json_request
from bot.channels.server_platform import ServerPlatform


class WebhookOptions(ChannelOptions):
    """``url`` is the webhook's address, which is the secret."""

    url: SecretStr

    @property
    def address(self) -> str:
        return self.url.get_secret_value()


WebhookOptionsT = TypeVar("WebhookOptionsT", bound=WebhookOptions)


class WebhookPlatform(ServerPlatform[WebhookOptionsT, Json]):
    """An address and a JSON body. A module adds what its address looks like, and its rate."""

    path: re.Pattern[str] = re.compile("")
    """What a path of its addresses matches."""
    looks: str = ""
    """What an address is that matches, after "The address is not that of "; may hold {host}."""
    slash_matters = False
    """True where an address with a slash at its end is another place than without."""
    headers: Mapping[str, str] = {}
    """The headers that differ from those of every request."""

    def url_problem(self, url: WebhookUrl, trusted_hosts: Collection[str]) -> str | None:
        if self.path.search(url.path):
            return None
        return f"The address is not that of {self.looks.format(host=url.host)}"

    def place(self, options: WebhookOptionsT) -> tuple[str, ...]:
        url = options.site.url
        return (url if self.slash_matters else url.rstrip("/"),)

    def target(self, options: WebhookOptionsT, envelope: Envelope) -> str:
        """Return the address that is posted to."""
        return options.site.url

    def secrets(self, url: WebhookUrl) -> tuple[str, ...]:
        """Return the strings of the address that nobody may see."""
        return secrets_of(url.url)

    def assembled(self, payload: Json, options: WebhookOptionsT, envelope: Envelope) -> HttpRequest:
        target, secrets = self.target(options, envelope), self.secrets(options.site)
        return json_request("POST", target, payload, secrets, headers=self.headers)
