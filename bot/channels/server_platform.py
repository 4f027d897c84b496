"""The platforms that are reached at a web address, and those whose address is no secret: a server
with an account on it, which signs in."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection

from bot.channels.addresses import WebhookUrl, address_problem, digest
from bot.channels.fitting import PayloadT
from bot.channels.platform import ChannelOptions, OptionsT, Platform, Rates

HOST_RATE = 50.0
"""Requests a second to one host: Discord's documented limit for one machine
(https://discord.com/developers/docs/topics/rate-limits, "Global Rate Limit"); no other is lower."""


class ServerOptions(ChannelOptions):
    """``url`` is the server's address."""

    url: str

    @property
    def address(self) -> str:
        return self.url


class ServerPlatform(Platform[OptionsT, PayloadT]):
    """A web address. A module adds what an address looks like, what names a place, and its rate."""

    hosts: tuple[str, ...] | None = None
    """The only hosts that the platform has; None where it may be on any."""
    too_much: str = ""
    """What is wrong with a server's address that has a path or a query; empty: nothing is."""
    rate: float
    """Requests a second that one account, or one webhook, takes."""

    @abstractmethod
    def place(self, options: OptionsT) -> tuple[str, ...]:
        """Return what two channels have in common that post to the same place."""

    def account(self, options: OptionsT) -> tuple[str, ...]:
        """Return what two channels have in common that share a rate."""
        return self.place(options)

    def url_problem(self, url: WebhookUrl, trusted_hosts: Collection[str]) -> str | None:
        """Return what is wrong with an address on a host that may be the platform's, or None."""
        return (self.too_much or None) if url.path.strip("/") or url.query else None

    def options_problem(self, options: OptionsT) -> str | None:
        """Return what is wrong with the account or the place, without a secret, or None."""
        return None

    def address_problem(self, options: OptionsT, trusted_hosts: Collection[str]) -> str | None:
        problem = address_problem(options.address, trusted_hosts, hosts=self.hosts)
        if problem is None and (self.hosts is None or options.site.host in self.hosts):
            problem = self.url_problem(options.site, trusted_hosts)
        return problem or self.options_problem(options)

    def address_digest(self, options: OptionsT) -> str:
        return digest(self.name, *self.place(options))

    def rate_keys(self, options: OptionsT) -> Rates:
        account = digest(self.name, *self.account(options))
        return (f"{self.name}:{account}", self.rate), (f"host:{options.site.host}", HOST_RATE)
