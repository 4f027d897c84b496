"""Where the page listens: ``127.0.0.1:8099``, ``[::1]:8099``, or ``off``."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Any

_FORM = re.compile(r"(?:\[(?P<v6>[0-9A-Fa-f:.]+)\]|(?P<host>[A-Za-z0-9.-]+)):(?P<port>\d{1,5})")


@dataclass(frozen=True)
class Listen:
    """A host or literal address, and a port (0: any that is free)."""

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def text(self) -> str:
        """The address for this machine's own browser."""
        everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - read, not bound
        host = everywhere.get(self.host, self.host)
        return f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def read_listen(text: Any) -> Listen | None:
    """Return where to listen, None for ``off``. Raises ValueError with the forms there are."""
    if text is None or isinstance(text, Listen):
        return text
    if text == "off":
        return None
    match = _FORM.fullmatch(text) if isinstance(text, str) else None
    if match is None or int(match["port"]) > 65535:
        raise ValueError(f"{text!r} is not a place to listen: write 127.0.0.1:8099, or off")
    return Listen((match["v6"] or match["host"]).lower(), int(match["port"]))
