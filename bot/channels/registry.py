"""The platforms there are. A new one is a module in this package and one line here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

from bot.channels.platform import Platform
from bot.errors import VigiliaError, nearest

_NAMES = (
    "apprise",
    "console",
    "discord",
    "email",
    "google_chat",
    "inbox",
    "mastodon",
    "matrix",
    "mattermost",
    "ntfy",
    "rocketchat",
    "slack",
    "teams",
    "telegram",
    "webhook",
    "zulip",
)


class UnknownPlatformError(VigiliaError):
    """A name that is no platform's."""


class _Platforms(Mapping[str, Platform[Any, Any]]):
    """Imports a platform's module when it is first asked for: a command pays for what it uses."""

    def __getitem__(self, name: str) -> Platform[Any, Any]:
        if name not in _NAMES:
            raise KeyError(name)
        module: Platform[Any, Any] = import_module(f"bot.channels.{name}").PLATFORM
        return module

    def __iter__(self) -> Iterator[str]:
        return iter(_NAMES)

    def __len__(self) -> int:
        return len(_NAMES)

    def __contains__(self, name: object) -> bool:
        return name in _NAMES


PLATFORMS: Mapping[str, Platform[Any, Any]] = _Platforms()


def platform(name: str) -> Platform[Any, Any]:
    """Return the platform called ``name``. Raises :class:`UnknownPlatformError`."""
    if name not in _NAMES:
        raise UnknownPlatformError(
            f"There is no platform '{name}'.{nearest(name, _NAMES)} "
            f"The platforms are {', '.join(_NAMES)}."
        )
    return PLATFORMS[name]
