"""The terminal in which the service runs: for trying things out."""

from __future__ import annotations

from bot.channels.local_platform import LocalPlatform


class Console(LocalPlatform):
    name = "console"
    called = "Terminal"
    actor = "The terminal"


PLATFORM = Console()
