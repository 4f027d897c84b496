"""Keeps addresses out of the ledger.

Who posts masks the secrets it knows. The words of a library or a platform may repeat an address all
the same, and an address of a webhook is a password; so nothing that looks like one is kept.
"""

from __future__ import annotations

import re

_MOST_CHARACTERS = 2000

_ADDRESS = re.compile(
    r"""
    (?P<url>[a-z][a-z0-9+.-]*://[^\s"'<>]+)
    | (?P<before>\burl:\s*)/[^\s"'<>)]+   # urllib3: "… exceeded with url: /services/…"
    | (?P<mail>[^\s"'<>@:,;()]+@[^\s"'<>@:,;()]+\.[a-z]{2,})
    """,
    re.IGNORECASE | re.VERBOSE,
)


def without_addresses(text: str) -> str:
    """Return ``text`` with its URLs and mail addresses as ``***``, 2,000 characters at most."""
    return _ADDRESS.sub(lambda match: f"{match['before'] or ''}***", text)[:_MOST_CHARACTERS]
