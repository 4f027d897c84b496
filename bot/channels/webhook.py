"""Any receiver of signed JSON: Standard Webhooks 1.0.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md (read
2026-11-24). What the body holds is told in ``docs/platforms/webhook.md``: fields may be added, none
renamed. ``webhook-id`` is the same for every attempt at one posting.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC
from typing import Annotated

from pydantic import AfterValidator, SecretStr
from standardwebhooks import Webhook as Signer

from bot.channels import webhook_platform
from bot.channels.dialects.dialect import Json, clean
from bot.channels.dialects.plain import PLAIN
from bot.channels.platform import Envelope
from bot.channels.request import HttpRequest, json_bytes
from bot.content.message import Link, Message, Part
from bot.errors import RenderError

LONGEST_BODY = 20_000
"""Bytes: the most that the specification advises ("Payload size")."""

_ROOM = 400  # for the key and the timestamp


def _signing_secret(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    encoded = text.removeprefix("whsec_")
    try:
        key = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except ValueError:
        key = b""
    if not text.startswith("whsec_") or not 24 <= len(key) <= 64:
        raise ValueError(
            "a signing secret is whsec_ and 24 to 64 bytes in base64; copy it from the receiver"
        )
    return secret


SigningSecret = Annotated[SecretStr, AfterValidator(_signing_secret)]


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
            "data": {
                "key": "",
                "kind": message.kind,
                "observances": list(message.observances),
                "date": message.date.isoformat(),
                "lead_days": message.lead_days,
                "languages": list(message.languages),
                "messages": [_part(part) for part in message.parts],
            },
        }

    def too_long(self, payload: Json) -> bool:
        return len(json_bytes(payload)) > LONGEST_BODY - _ROOM

    def assembled(self, payload: Json, options: WebhookOptions, envelope: Envelope) -> HttpRequest:
        """Return the signed request. Raises :class:`RenderError` for a request id with a ``.``."""
        if "." in envelope.request_id:
            raise RenderError(
                "A webhook's request id may not contain '.': it divides what is signed."
            )
        at = envelope.at.astimezone(UTC)
        data = payload["data"] | {"key": envelope.key}
        event = payload | {"timestamp": f"{at:%Y-%m-%dT%H:%M:%SZ}", "data": data}
        request = super().assembled(event, options, envelope)
        signatures = (
            Signer(secret.get_secret_value()).sign(envelope.request_id, at, request.body.decode())
            for secret in filter(None, (options.secret, options.secret_previous))
        )
        signed = {
            "webhook-id": envelope.request_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": " ".join(signatures),
        }
        return replace(request, headers={**request.headers, **signed})


def _part(part: Part) -> Json:
    return {
        "language": part.language,
        "title": clean(part.title),
        "markdown": clean(part.body),
        "text": PLAIN.markdown(part.body),
        "actions": [
            {"id": action.id, "text": clean(action.text), "links": _links(action.links)}
            for action in part.actions
        ],
        "sources": _links(part.sources),
        "actions_label": clean(part.actions_label),
        "sources_label": clean(part.sources_label),
        "footer": clean(part.footer),
    }


def _links(links: Iterable[Link]) -> list[dict[str, str]]:
    return [{"title": clean(link.title), "url": clean(link.url)} for link in links]


PLATFORM = Webhook()
