"""The platforms that are a server with an account on it, which signs in with a secret."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Mapping
from typing import Any

from bot.channels.addresses import address_problem, digest, read_address
from bot.channels.base_platform import (
    USER_AGENT,
    BasePlatform,
    Rates,
    json_bytes,
    webhook_rates,
)
from bot.channels.fitting import PayloadT
from bot.channels.platform import OptionsT
from bot.channels.request import HttpRequest


class ServerPlatform(BasePlatform[OptionsT, PayloadT]):
    """A server, whose address is no secret. A module adds what names an account and a place."""

    hosts: tuple[str, ...] | None = None
    """The only hosts that the platform has; None where it may be on any."""
    too_much: str = ""
    """What is wrong with a server's address that has a path or a query; empty: nothing is."""
    rate: float
    """Requests a second that one account takes."""

    @abstractmethod
    def server(self, options: OptionsT) -> str:
        """Return the server's address, as it was written."""

    @abstractmethod
    def account(self, options: OptionsT) -> tuple[str, ...]:
        """Return what two channels have in common that share a rate."""

    def place(self, options: OptionsT) -> tuple[str, ...]:
        """Return what two channels have in common that post to the same place."""
        return self.account(options)

    def options_problem(self, options: OptionsT) -> str | None:
        """Return what is wrong with the account or the place, without a secret, or None."""
        return None

    def address_problem(self, options: OptionsT, trusted_hosts: Collection[str]) -> str | None:
        """Return what is wrong with the address, as a sentence, or None."""
        problem = address_problem(self.server(options), trusted_hosts, hosts=self.hosts)
        if problem is not None:
            return problem
        address = read_address(self.server(options))
        if self.too_much and (address.path.strip("/") or address.query):
            return self.too_much
        return self.options_problem(options)

    def address_digest(self, options: OptionsT) -> str:
        """Return a digest of where it posts to."""
        return digest(self.name, *self.place(options))

    def rate_keys(self, options: OptionsT) -> Rates:
        """Return the buckets of the account and of its host."""
        account = digest(self.name, *self.account(options))
        return webhook_rates(self.name, account, self.server(options), self.rate)


def json_request(
    method: str,
    url: str,
    payload: Mapping[str, Any],
    secrets: tuple[str, ...],
    *,
    token: str = "",
    headers: Mapping[str, str] | None = None,
) -> HttpRequest:
    """Return a request with a JSON body; ``token`` signs in as its bearer."""
    bearer = {"Authorization": f"Bearer {token}"} if token else {}
    fields = {"Content-Type": "application/json", **bearer, "User-Agent": USER_AGENT}
    return HttpRequest(method, url, {**fields, **(headers or {})}, json_bytes(payload), secrets)
