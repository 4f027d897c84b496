"""The command ``vigilia``: parses, calls, prints. Nothing is decided here."""

from __future__ import annotations

from typing import NoReturn


def main() -> NoReturn:
    """Run the command and end the process: 0 fine, 1 the answer is no, 2 wrong usage."""
    from bot.cli.app import app

    app()
    raise SystemExit(0)
