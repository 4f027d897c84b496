"""What a reader sees of what was written, for comparing with what was meant."""

from __future__ import annotations

import re

_INVISIBLE = re.compile("[\u200b\u200c\u200d\u2060\ufeff\\s]")


def squeezed(text: str) -> str:
    """Gives ``text`` without white space and zero-width characters."""
    return _INVISIBLE.sub("", text)
