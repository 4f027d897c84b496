"""Signatures by Standard Webhooks 1.0.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md (read
2026-11-24).
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from datetime import UTC
from typing import Annotated

from pydantic import AfterValidator, SecretStr
from standardwebhooks import Webhook as Signer

from bot.channels.platform import Envelope
from bot.errors import RenderError


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


def signature_headers(
    body: bytes, envelope: Envelope, secrets: Iterable[SecretStr]
) -> dict[str, str]:
    """Return the headers that sign ``body`` with each of ``secrets``; ``webhook-id`` is the same
    for every attempt at one posting. Raises :class:`RenderError` for a request id with a ``.``."""
    id_, at = envelope.request_id, envelope.at.astimezone(UTC)
    if "." in id_:
        raise RenderError("A webhook's request id may not contain '.': it divides what is signed.")
    signatures = (Signer(s.get_secret_value()).sign(id_, at, body.decode()) for s in secrets)
    return {
        "webhook-id": id_,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
