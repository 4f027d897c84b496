"""The secrets of a configuration, for the mask of the log."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from pydantic import BaseModel, SecretStr

from bot.logs import SECRETS
from bot.project.load import Project


def secrets_of(options: BaseModel) -> Iterator[str]:
    """Yield every secret of a channel's options, and of an address the part after the host too."""
    for name in type(options).model_fields:
        value = getattr(options, name)
        for secret in value if isinstance(value, list | tuple) else (value,):
            if isinstance(secret, SecretStr):
                yield from _forms(secret.get_secret_value())


def _forms(secret: str) -> Iterator[str]:
    yield secret
    if "://" in secret:
        # Libraries name a request by its path alone, or by its query.
        address = urlsplit(secret)
        path = f"{address.path}?{address.query}" if address.query else address.path
        yield from (piece for piece in (path, address.path, address.query) if len(piece) > 1)
        yield from (unquote(word) for word in (address.password, address.username) if word)
        yield from (word for word in _WORDS.split(path) if _is_a_token(word))


_WORDS = re.compile(r"[/?&=]")


def _is_a_token(word: str) -> bool:
    """Whether a piece of an address looks like what lets in: long, and with a digit."""
    return len(word) >= 12 and any(letter.isdigit() for letter in word)


def tell_the_logs(project: Project) -> None:
    """Make the log mask every secret of this configuration."""
    for channel in project.channels.values():
        SECRETS.know(secrets_of(channel.options))
    web = project.settings.web
    SECRETS.know(s.get_secret_value() for s in (web.token, web.password_hash) if s)
    for secret in (project.settings.operator.ping_url, project.settings.network.proxy):
        if secret:
            SECRETS.know(_forms(secret.get_secret_value()))
