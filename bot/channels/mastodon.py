"""Mastodon, as a status in short.

https://docs.joinmastodon.org/methods/statuses/#create and #delete, and
https://docs.joinmastodon.org/api/rate-limits/ (read 2026-11-24).

Of each language: the title, the first sentences, and one source. A status has 500 characters unless
the server says otherwise; an address counts 23 whatever its length.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field, SecretStr

from bot.channels.addresses import digest, read_address
from bot.channels.answers import json_object, read_answer, strings_of, wait_of_seconds
from bot.channels.base_platform import (
    BasePlatform,
    ChannelOptions,
    Json,
    Rates,
    json_request,
    server_problem,
    webhook_rates,
)
from bot.channels.dialects.dialect import one_line, web_url
from bot.channels.dialects.mastodon import MASTODON
from bot.channels.fitting import CannotFitError, Fitted
from bot.channels.outcome import Delivered, Outcome
from bot.channels.platform import Envelope, Platform
from bot.channels.request import HttpRequest, Response
from bot.content.markdown import parse, plain
from bot.content.message import Message, Part
from bot.content.sentences import sentences

LONGEST_STATUS = 500
LENGTH_OF_AN_ADDRESS = 23
"""Characters: ``configuration.statuses`` of ``/api/v2/instance``, its usual values."""

SHORT_FORM = "Mastodon gets the short form: the title, the first sentences and one source."


class MastodonOptions(ChannelOptions):
    """``url`` is the server's address, ``access_token`` the account's.

    ``longest`` is the server's own limit, where it is not 500.
    """

    url: str
    access_token: SecretStr
    visibility: Literal["public", "unlisted", "private"] = "public"
    longest: Annotated[int, Field(ge=200, le=100_000, strict=True)] = LONGEST_STATUS


class Mastodon(BasePlatform[MastodonOptions, Json]):
    """One status. Its own fitting: the whole message never fits."""

    name = "mastodon"
    called = "Mastodon"
    where = "in Mastodon, under Preferences, Development"
    options_model = MastodonOptions
    # The key is kept for an hour; the rest is for the way there.
    repeat_safe_for: timedelta | None = timedelta(minutes=55)

    def address_problem(
        self, options: MastodonOptions, trusted_hosts: Collection[str]
    ) -> str | None:
        return server_problem(
            options.url,
            trusted_hosts,
            "The address is more than the server's: leave out what follows the host, as in "
            "https://mastodon.social.",
        )

    def address_digest(self, options: MastodonOptions) -> str:
        origin = read_address(options.url).origin
        return digest(self.name, origin, options.access_token.get_secret_value())

    def rate_keys(self, options: MastodonOptions) -> Rates:
        # 300 in five minutes an account.
        return webhook_rates(self.name, self.address_digest(options), options.url, 1.0)

    def fitted(self, message: Message, options: MastodonOptions | None) -> Fitted[Json]:
        return Fitted(self.payload(message, options), (SHORT_FORM,))

    def payload(self, message: Message, options: MastodonOptions | None) -> Json:
        """Return the short form. Raises :class:`CannotFitError`."""
        return {
            "status": _status(message, options.longest if options else LONGEST_STATUS),
            "visibility": options.visibility if options else "public",
            "language": message.languages[0],
        }

    def assembled(self, payload: Json, options: MastodonOptions, envelope: Envelope) -> HttpRequest:
        headers = {"Idempotency-Key": envelope.request_id}
        return _request("POST", options, "", payload, headers)

    def outcome(self, response: Response, at: datetime) -> Outcome:
        remote_id = json_object(response).get("id")
        if response.is_success and isinstance(remote_id, str):
            return Delivered(remote_id)
        return _read(response, at)

    def retraction(
        self, remote_id: str, options: MastodonOptions, envelope: Envelope
    ) -> HttpRequest | None:
        if not re.fullmatch(r"[A-Za-z0-9]{1,64}", remote_id):
            return None
        return _request("DELETE", options, f"/{remote_id}", {}, {})

    def retracted(self, response: Response, at: datetime) -> Outcome:
        if response.status == 404 and json_object(response).get("error") == "Record not found":
            return Delivered(detail="It was gone already.")
        return _read(response, at)


def _request(
    method: str, options: MastodonOptions, path: str, payload: Json, headers: dict[str, str]
) -> HttpRequest:
    token = options.access_token.get_secret_value()
    url = f"{read_address(options.url).origin}/api/v1/statuses{path}"
    return json_request(method, url, payload, (token,), token=token, headers=headers)


def _read(response: Response, at: datetime) -> Outcome:
    # The header comes with every answer, and asks to wait only with this one.
    limited = response.status == 429
    wait = _until(response.headers.get("x-ratelimit-reset", ""), at) if limited else None
    words = strings_of(json_object(response), "error")
    # 401: the token was revoked.
    return read_answer(response, at, gone=(401,), words=words, wait=wait)


def _until(instant: str, at: datetime) -> timedelta | None:
    """Return the wait until an instant in ISO 8601, which is what the header holds."""
    try:
        then = datetime.fromisoformat(instant.strip())
    except ValueError:
        return None
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    return wait_of_seconds((then - at).total_seconds())


def length(pieces: Sequence[str], addresses: int) -> int:
    """Return the length of a status as Mastodon counts it, in characters; code points are never
    fewer. ``addresses`` are counted apart."""
    return sum(map(len, pieces)) + LENGTH_OF_AN_ADDRESS * addresses


def _status(message: Message, longest: int) -> str:
    """Return the short form with as many first sentences as there is room for, as evenly as can be.

    Raises :class:`CannotFitError` where even one sentence of each language is too much.
    """
    choices = [_sentences(part) for part in message.parts]
    counts = [min(1, len(choice)) for choice in choices]
    if _length(message.parts, choices, counts) > longest:
        raise CannotFitError(
            f"The message '{message.title[:60]}' is too long for {longest} characters even with "
            "its title, one sentence and one source alone; shorten its title or first sentence."
        )
    grew = True
    while grew:
        grew = False
        for index, choice in enumerate(choices):
            more = [*counts[:index], counts[index] + 1, *counts[index + 1 :]]
            if more[index] <= len(choice) and _length(message.parts, choices, more) <= longest:
                counts, grew = more, True
    return _SEPARATOR.join(
        "\n\n".join(filter(None, [*_words(part, choice, count), *_source(part)]))
        for part, choice, count in zip(message.parts, choices, counts, strict=True)
    )


_SEPARATOR = "\n\n⸻\n\n"


def _length(parts: Sequence[Part], choices: Sequence[Sequence[str]], counts: Sequence[int]) -> int:
    total = len(_SEPARATOR) * (len(parts) - 1)
    for part, choice, count in zip(parts, choices, counts, strict=True):
        pieces = ["\n\n".join(_words(part, choice, count))]
        addresses = len(list(_source(part)))
        total += length([*pieces, "\n\n" * addresses], addresses)
    return total


def _words(part: Part, choice: Sequence[str], count: int) -> list[str]:
    title = MASTODON.text(one_line(part.title))
    return [piece for piece in (title, " ".join(choice[:count])) if piece]


def _sentences(part: Part) -> list[str]:
    """Return the sentences of the first paragraph, disarmed."""
    first = parse(part.body)[:1]
    return [MASTODON.text(sentence) for sentence in sentences(one_line(plain(first)))]


def _source(part: Part) -> Iterator[str]:
    """Return the address of the first source that has one."""
    addresses = (web_url(link.url) for link in part.sources)
    yield from [address for address in addresses if address is not None][:1]


PLATFORM: Platform[MastodonOptions] = Mastodon()
