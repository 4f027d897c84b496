"""A channel on every platform there is, each with a secret that must not be seen.

A platform's test file, ``test_<platform>.py``, states its keys as ``CHANNEL``; they hold
:data:`SECRET` wherever a secret stands.
"""

from __future__ import annotations

from importlib import import_module

from bot.channels.registry import PLATFORMS as REGISTERED

SECRET = "CANARYplatformSECRET0009"

_DAY = 'languages = ["en", "fr"]\ninclude = ["genocide-prevention-day"]\n'

PLATFORMS = tuple(REGISTERED)


def channel_on(platform: str) -> str:
    """Return the name of the channel on a platform."""
    return f"on-{platform.replace('_', '-')}"


def keys_on(platform: str) -> str:
    """Return the platform's own keys of that channel, as TOML."""
    keys: str = import_module(f"tests.unit.channels.test_{platform}").CHANNEL
    return keys


PLATFORM_CHANNELS = "\n".join(
    f'[channels.{channel_on(name)}]\nplatform = "{name}"\n{keys_on(name)}\n{_DAY}'
    for name in PLATFORMS
)


def path_on(platform: str) -> str:
    """Return the page of the next 9 December's posting on a platform."""
    return f"/posting/genocide-prevention-day/2027-12-09/0/{channel_on(platform)}/en+fr"
