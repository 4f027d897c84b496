"""The quiet colour of a message, where a platform shows one."""

from __future__ import annotations

# Muted on purpose: none that signals alarm, success or festivity.
_COLOURS = {
    "day": 0x4A6A8F,
    "remembrance": 0x5A5A66,
    "anniversary": 0x6A5670,
    "month": 0x4F7470,
    "notice": 0x7D7560,
    "digest": 0x6C7A80,
    "test": 0x8A9096,
}


def colour(kind: str) -> int:
    """Return the colour of a message's kind as 0xRRGGBB; grey for an unknown kind."""
    return _COLOURS.get(kind, _COLOURS["remembrance"])
