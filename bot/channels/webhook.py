"""Any receiver of signed JSON: Standard Webhooks 1.0.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md (read
2026-11-24). What the body holds is told in ``docs/platforms/webhook.md``: fields may be added, none
renamed. ``webhook-id`` is the same for every attempt at one posting.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

from bot.channels import webhook_platform
from bot.channels.dialects.data import data_of
from bot.channels.dialects.dialect import Json
from bot.channels.platform import Envelope
from bot.channels.request import HttpRequest, json_bytes
from bot.channels.signing import SigningSecret, signature_headers
from bot.content.message import Message

LONGEST_BODY = 20_000
"""Bytes: the most that the specification advises ("Payload size")."""

_ROOM = 400  # for the key and the timestamp


class WebhookOptions(webhook_platform.WebhookOptions):
    """``url`` is the receiver's address, ``secret`` signs; while a secret is being replaced,
    ``secret_previous`` is the old one, and each request has both signatures."""

    secret: SigningSecret
    secret_previous: SigningSecret | None = None


class Webhook(webhook_platform.WebhookPlatform[WebhookOptions]):
    """The message as data, for programs."""

    name = "webhook"
    called = "Webhook"
    actor = "The receiver"
    where = "at the receiver"
    options_model = WebhookOptions
    slash_matters = True
    # A receiver has no documented limit; this one is polite.
    rate = 5.0
    gone = (410,)

    def payload(self, message: Message, options: WebhookOptions | None) -> Json:
        """Return the event, its key and timestamp still empty: they are the attempt's."""
        return {
            "type": "observance.message",
            "timestamp": "",
            "data": {"key": "", **data_of(message)},
        }

    def too_long(self, payload: Json) -> bool:
        return len(json_bytes(payload)) > LONGEST_BODY - _ROOM

    def assembled(self, payload: Json, options: WebhookOptions, envelope: Envelope) -> HttpRequest:
        """Return the signed request. Raises :class:`RenderError` for a request id with a ``.``."""
        at = f"{envelope.at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        data = payload["data"] | {"key": envelope.key}
        request = super().assembled(payload | {"timestamp": at, "data": data}, options, envelope)
        signed = signature_headers(
            request.body, envelope, filter(None, (options.secret, options.secret_previous))
        )
        return replace(request, headers={**request.headers, **signed})


PLATFORM = Webhook()
