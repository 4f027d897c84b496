"""The contract of a platform module: what it takes, how it says a message, how it reads answers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeVar, runtime_checkable

from pydantic import BaseModel

from bot.channels.outcome import Outcome
from bot.channels.request import HttpRequest, Request, Response
from bot.content.message import Message

OptionsT = TypeVar("OptionsT", bound=BaseModel)


@dataclass(frozen=True)
class Envelope:
    """What an attempt carries beside the message.

    ``request_id`` is made from the posting's key and its generation: the same for every attempt
    that may safely be a repeat, new after an operator's resend; it holds no ``.``, which Standard
    Webhooks forbids. ``at`` is the instant of the attempt, UTC.
    """

    key: str
    request_id: str
    at: datetime


class Platform(Protocol[OptionsT]):
    """One chat platform. Pure: it opens no connection and asks no clock."""

    name: str
    local: bool
    """True where nothing leaves the machine (inbox, console): allowed in every rehearsal."""
    options_model: type[OptionsT]
    """The keys of ``channels.toml`` that this platform adds, addresses and tokens as SecretStr."""
    called: str
    """What people call it: "Slack", "E-mail"."""
    actor: str
    """Who took or refused a message, where that is not the platform's name ("The receiver")."""
    where: str
    """Where somebody makes a new address, after "make a new one", or empty: "at https://…"."""
    repeat_safe_for: timedelta | None
    """How long the platform makes a repeat with the same request id harmless; None: never."""

    def address_problem(self, options: OptionsT, trusted_hosts: Collection[str]) -> str | None:
        """Return what is wrong with the channel's address, a sentence without the secret, or None.

        ``trusted_hosts`` holds ``host`` or ``host:port``, exact: these may be private, plain http,
        and any platform's."""
        ...

    def address_digest(self, options: OptionsT) -> str:
        """Return a digest of where it posts to, for telling that two are the same; no secret."""
        ...

    def rate_keys(self, options: OptionsT) -> tuple[tuple[str, float], ...]:
        """Return (bucket name without secret, requests a second) for the webhook and its host."""
        ...

    def fitting_problems(
        self, message: Message, options: OptionsT | None = None
    ) -> tuple[str, ...]:
        """Return what had to be left out, or cannot be fitted, as sentences; empty when all fits.

        ``options`` are the channel's, where its limits depend on them; None: the usual limits."""
        ...

    def fitted_request(
        self, message: Message, options: OptionsT, envelope: Envelope
    ) -> tuple[Request, tuple[str, ...]]:
        """Return :meth:`request` and :meth:`fitting_problems` of one payload, built once.

        Raises :class:`bot.channels.fitting.CannotFitError`."""
        ...

    def request(self, message: Message, options: OptionsT, envelope: Envelope) -> Request:
        """Return the request that says ``message``, fitted to the platform's limits.

        Raises :class:`bot.channels.fitting.CannotFitError` where it is too long for them."""
        ...

    def outcome(self, response: Response, at: datetime) -> Outcome:
        """Return what an answer, read at ``at`` (UTC), means."""
        ...


_Theirs_contra = TypeVar("_Theirs_contra", bound=BaseModel, contravariant=True)


@runtime_checkable
class Retracts(Protocol[_Theirs_contra]):
    """What a platform has besides where it can take a post back: delete it, or blank it out."""

    def retraction(
        self, remote_id: str, options: _Theirs_contra, envelope: Envelope
    ) -> HttpRequest | None:
        """Return the request that takes back the post that the platform called ``remote_id``.

        None where ``remote_id`` is no name of a post there. ``envelope.request_id`` is the same for
        every try at this retraction, and no other request's."""
        ...

    def retracted(self, response: Response, at: datetime) -> Outcome:
        """Return what the answer to it, read at ``at`` (UTC), means: ``Delivered`` is "the post is
        gone", by this request or before it."""
        ...
