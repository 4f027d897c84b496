"""The platforms there are. A new one is a module in this package and one line here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

from bot.channels.platform import Platform
from bot.errors import VigiliaError, nearest

_MODULES = {
    "apprise": "apprise",
    "console": "console",
    "discord": "discord",
    "email": "email",
    "google_chat": "google_chat",
    "inbox": "inbox",
    "mastodon": "mastodon",
    "matrix": "matrix",
    "mattermost": "mattermost",
    "ntfy": "ntfy",
    "rocketchat": "rocketchat",
    "slack": "slack",
    "teams": "teams",
    "telegram": "telegram",
    "webhook": "webhook",
    "zulip": "zulip",
}


class UnknownPlatformError(VigiliaError):
    """A name that is no platform's."""


class _Platforms(Mapping[str, Platform[Any]]):
    """Imports a platform's module when it is first asked for: a command pays for what it uses."""

    def __getitem__(self, name: str) -> Platform[Any]:
        found: Platform[Any] = import_module(f"bot.channels.{_MODULES[name]}").PLATFORM
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(_MODULES)

    def __len__(self) -> int:
        return len(_MODULES)

    def __contains__(self, name: object) -> bool:
        return name in _MODULES


PLATFORMS: Mapping[str, Platform[Any]] = _Platforms()


def platform(name: str) -> Platform[Any]:
    """Gives the platform called ``name``. Raises :class:`UnknownPlatformError`."""
    if name not in _MODULES:
        raise UnknownPlatformError(
            f"There is no platform '{name}'.{nearest(name, _MODULES)} "
            f"The platforms are {', '.join(_MODULES)}."
        )
    return PLATFORMS[name]
