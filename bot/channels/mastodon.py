"""Mastodon, as a status in short.

https://docs.joinmastodon.org/methods/statuses/#create and #delete, and
https://docs.joinmastodon.org/api/rate-limits/ (read 2026-11-24).
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import Field, SecretStr

from bot.channels.answers import wait_until
from bot.channels.dialects.dialect import Json
from bot.channels.dialects.mastodon import short_form
from bot.channels.fitting import Fitted
from bot.channels.platform import Envelope, Retracts
from bot.channels.request import HttpRequest, Response, json_request
from bot.channels.server_platform import ServerOptions, ServerPlatform
from bot.content.message import Message

LONGEST_STATUS = 500
"""Characters: ``configuration.statuses`` of ``/api/v2/instance``, its usual value."""

SHORT_FORM = "Mastodon gets the short form: the title, the first sentences and one source."


class MastodonOptions(ServerOptions):
    """``url`` is the server's address, ``access_token`` the account's.

    ``longest`` is the server's own limit, where it is not 500.
    """

    access_token: SecretStr
    visibility: Literal["public", "unlisted", "private"] = "public"
    longest: Annotated[int, Field(ge=200, le=100_000, strict=True)] = LONGEST_STATUS


class Mastodon(ServerPlatform[MastodonOptions, Json], Retracts[MastodonOptions, Json]):
    """One status: of each language the title, the first sentences, and one source. Its own fitting:
    the whole message never fits."""

    name = "mastodon"
    called = "Mastodon"
    where = "in Mastodon, under Preferences, Development"
    options_model = MastodonOptions
    too_much = (
        "The address is more than the server's: leave out what follows the host, as in "
        "https://mastodon.social."
    )
    # 300 in five minutes an account.
    rate = 1.0
    # The key is kept for an hour; the rest is for the way there.
    repeat_safe_for = timedelta(minutes=55)
    gone = (401,)  # the token was revoked
    post_key = "id"
    word_keys = ("error",)
    post_name = re.compile(r"[A-Za-z0-9]{1,64}")

    def place(self, options: MastodonOptions) -> tuple[str, ...]:
        return options.site.origin, options.access_token.get_secret_value()

    def fitted(self, message: Message, options: MastodonOptions | None) -> Fitted[Json]:
        return Fitted(self.payload(message, options), (SHORT_FORM,))

    def payload(self, message: Message, options: MastodonOptions | None) -> Json:
        """Return the short form. Raises :class:`bot.channels.fitting.CannotFitError`."""
        return {
            "status": short_form(message, options.longest if options else LONGEST_STATUS),
            "visibility": options.visibility if options else "public",
            "language": message.languages[0],
        }

    def assembled(self, payload: Json, options: MastodonOptions, envelope: Envelope) -> HttpRequest:
        headers = {"Idempotency-Key": envelope.request_id}
        return _request("POST", options, "", payload, headers)

    def wait(self, response: Response, at: datetime) -> timedelta | None:
        """Return the wait until the instant in ISO 8601 that a header holds."""
        # It comes with every answer, and asks to wait only with this one.
        instant = response.headers.get("x-ratelimit-reset", "") if response.status == 429 else ""
        try:
            return wait_until(datetime.fromisoformat(instant.strip()), at)
        except ValueError:
            return None

    def deletion(self, post: str, options: MastodonOptions, envelope: Envelope) -> HttpRequest:
        return _request("DELETE", options, f"/{post}", {}, {})

    def was_gone(self, response: Response) -> bool:
        return response.status == 404 and response.json.get("error") == "Record not found"


def _request(
    method: str, options: MastodonOptions, path: str, payload: Json, headers: dict[str, str]
) -> HttpRequest:
    token = options.access_token.get_secret_value()
    url = f"{options.site.origin}/api/v1/statuses{path}"
    return json_request(method, url, payload, (token,), token=token, headers=headers)


PLATFORM = Mastodon()
