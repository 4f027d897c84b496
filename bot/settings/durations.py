"""Lengths of time as people write them: ``30m``, ``36h``, ``7d``, ``1d12h``."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator

from bot.errors import quoted

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_WHOLE = re.compile(r"(?:[0-9]{1,7}[smhd]\s*){1,4}")
_PIECE = re.compile(r"([0-9]+)([smhd])")


def parse_duration(text: Any) -> timedelta:
    """Return the length of time of ``36h``, ``30m``, ``7d``, ``90s`` or several together.

    Raises ValueError, with the forms that exist, for anything else.
    """
    if isinstance(text, timedelta):
        return text
    if not isinstance(text, str) or not _WHOLE.fullmatch(text.strip()):
        raise ValueError(f"{quoted(text)} is not a length of time: write 30m, 36h or 7d")
    pieces = _PIECE.findall(text)
    return sum((timedelta(**{_UNITS[unit]: int(n)}) for n, unit in pieces), timedelta())


Duration = Annotated[timedelta, BeforeValidator(parse_duration)]
