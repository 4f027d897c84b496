"""Apprise's own reading of its addresses. Nothing is opened by it."""

from __future__ import annotations

from typing import Any

OTHER_NAMES = {"workflows": "teams"}
"""Apprise's own names of modules for platforms that Vigilia knows by another."""


def place_of(url: str) -> Any | None:
    """Return the place that an address means, None where it means none.

    The result has ``secure``, ``host``, ``port``, ``templates`` and ``body_maxlen``.
    """
    # Two seconds of importing, which only a group that uses it waits for.
    from apprise import Apprise, AppriseAsset  # noqa: PLC0415

    return Apprise.instantiate(url, asset=AppriseAsset(), suppress_exceptions=True)


def name_of(place: Any) -> str:
    """Return the name of a place's platform, as Vigilia has it where it knows the platform."""
    module = type(place).__module__.removeprefix("apprise.plugins.").partition(".")[0]
    return OTHER_NAMES.get(module, module)


def own_host(place: Any) -> str | None:
    """Return the host that the address names, where it names one: a server of the group's own.

    Many addresses have a token where a web address has its host.
    """
    has_host = any("{host}" in str(template) for template in place.templates)
    return str(place.host) if has_host and place.host else None
