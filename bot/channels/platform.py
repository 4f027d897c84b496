"""The contract of a platform module, and what every one starts from, so that each holds only what
is its own: what it takes, how it says a message, how it reads answers."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict

from bot.channels.addresses import WebhookUrl, read_address
from bot.channels.answers import detail_of, field_of, read_answer, wait_of_seconds, words_at
from bot.channels.fitting import CannotFitError, Fitted, PayloadT, fit
from bot.channels.outcome import Delivered, Outcome, Reason, Rejected
from bot.channels.request import HttpRequest, Request, Response
from bot.content.message import Message

Rates = tuple[tuple[str, float], ...]


def _as_text(value: object) -> object:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Text = Annotated[str, BeforeValidator(_as_text)]
"""A text that may be written as a number, as the ids of chats and threads are."""


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


class ChannelOptions(BaseModel):
    """The keys that a platform adds to ``channels.toml``. A value never appears in an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @property
    def address(self) -> str:
        """The web address that is posted to, as it was written; empty where there is none."""
        return ""

    @property
    def site(self) -> WebhookUrl:
        """The address, taken apart. Raises :class:`bot.channels.addresses.AddressError`."""
        return read_address(self.address)


OptionsT = TypeVar("OptionsT", bound=ChannelOptions)


class Platform(ABC, Generic[OptionsT, PayloadT]):
    """One chat platform, which makes one payload of a message, and one request of the payload.

    Pure: it opens no connection and asks no clock.
    """

    name: str
    called: str
    """What people call it: "Slack", "E-mail"."""
    actor: str = ""
    """Who took or refused a message, where that is not the platform's name ("The receiver")."""
    where: str = ""
    """Where somebody makes a new address, after "make a new one", or empty: "at https://…"."""
    local: bool = False
    """True where nothing leaves the machine (inbox, console): allowed in every rehearsal."""
    options_model: type[OptionsT]
    """The keys of ``channels.toml`` that it adds, addresses and tokens as SecretStr."""
    repeat_safe_for: timedelta | None = None
    """How long the platform makes a repeat with the same request id harmless; None: never."""
    gone: Collection[int] = ()
    """The statuses by which it says that an address is dead for good."""
    post_key: str = ""
    """Where a JSON answer has the platform's name of the post, if it has one."""
    word_keys: tuple[str, ...] = ()
    """Where a JSON answer has the platform's words, for people: a path with dots each."""
    wait_key: str = ""
    """Where a JSON answer has the wait, if it asks for one: a path with dots."""
    wait_unit_s = 1.0
    """What a wait of 1 in it is, in seconds."""

    @abstractmethod
    def address_problem(self, options: OptionsT, trusted_hosts: Collection[str]) -> str | None:
        """Return what is wrong with the channel's address, a sentence without the secret, or None.

        ``trusted_hosts`` holds ``host`` or ``host:port``, exact: these may be private, plain http,
        and any platform's."""

    @abstractmethod
    def address_digest(self, options: OptionsT) -> str:
        """Return a digest of where it posts to, for telling that two are the same; no secret."""

    @abstractmethod
    def rate_keys(self, options: OptionsT) -> Rates:
        """Return (bucket name without secret, requests a second) for the webhook and its host."""

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
        """Return the payload that fits. Raises :class:`bot.channels.fitting.CannotFitError`."""
        return fit(message, lambda shorter: self.payload(shorter, options), self.too_long)

    def fitting_problems(
        self, message: Message, options: OptionsT | None = None
    ) -> tuple[str, ...]:
        """Return what is left out of the message, or why it cannot be posted, as sentences.

        ``options`` are the channel's, where its limits depend on them; None: the usual limits."""
        try:
            return self.fitted(message, options).losses
        except CannotFitError as problem:
            return (str(problem),)

    def fitted_request(
        self, message: Message, options: OptionsT, envelope: Envelope
    ) -> tuple[Request, tuple[str, ...]]:
        """Return the request that says ``message``, and what it leaves out, as sentences.

        Raises :class:`bot.channels.fitting.CannotFitError` where it is too long all the same."""
        payload, losses = self.fitted(message, options)
        return self.assembled(payload, options, envelope), losses

    def request(self, message: Message, options: OptionsT, envelope: Envelope) -> Request:
        """Return the request that says ``message``, fitted. Raises CannotFitError."""
        return self.fitted_request(message, options, envelope)[0]

    def outcome(self, response: Response, at: datetime) -> Outcome:
        """Return what an answer, read at ``at`` (UTC), means: as documented, or by its status."""
        documented = self.documented(response, at)
        post = response.json.get(self.post_key)
        if documented is None and response.is_success and isinstance(post, str):
            return Delivered(post)
        return documented or self.by_status(response, at)

    def documented(self, response: Response, at: datetime) -> Outcome | None:
        """Return what this platform alone means by an answer, None where its status says it."""
        return None

    def by_status(self, response: Response, at: datetime) -> Outcome:
        """Return what an answer means by its status alone, with the platform's words and wait."""
        wait, words = self.wait(response, at), self.words(response)
        return read_answer(response, at, gone=self.gone, words=words, wait=wait)

    def words(self, response: Response) -> str | None:
        """Return what the platform's answer says, for people; None: the body itself."""
        return words_at(response.json, self.word_keys)

    def wait(self, response: Response, at: datetime) -> timedelta | None:
        """Return the wait that an answer asks for, but in the header that all have."""
        return wait_of_seconds(field_of(response.json, self.wait_key), self.wait_unit_s)

    def detail(self, response: Response) -> str:
        """Return one harmless line for people: the status, and the platform's words."""
        return detail_of(response, self.words(response))

    def refusal(self, reason: Reason, response: Response, *, gone: bool = False) -> Rejected:
        """Return that the platform refused for a reason that it documents."""
        return Rejected(reason, self.detail(response), gone=gone)


class Retracts(Platform[OptionsT, PayloadT]):
    """A platform that can take a post back: delete it, or blank it out."""

    post_name: re.Pattern[str]
    """What a name of a post there is like."""

    def retraction(
        self, remote_id: str, options: OptionsT, envelope: Envelope
    ) -> HttpRequest | None:
        """Return the request that takes back the post that the platform called ``remote_id``.

        None where ``remote_id`` is no name of a post there. ``envelope.request_id`` is the same for
        every try at this retraction, and no other request's."""
        is_post = self.post_name.fullmatch(remote_id)
        return self.deletion(remote_id, options, envelope) if is_post else None

    @abstractmethod
    def deletion(self, post: str, options: OptionsT, envelope: Envelope) -> HttpRequest:
        """Return the same, for what is a name of a post."""

    def retracted(self, response: Response, at: datetime) -> Outcome:
        """Return what the answer to it, read at ``at`` (UTC), means: ``Delivered`` is "the post is
        gone", by this request or before it."""
        if self.was_gone(response):
            return Delivered(detail="It was gone already.")
        return self.by_status(response, at)

    def was_gone(self, response: Response) -> bool:
        """Return whether an answer says that there was no such post any more."""
        return False
