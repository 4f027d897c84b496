"""The command ``vigilia`` in this process: what it printed, and how it ended."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from typer.testing import CliRunner

from bot.cli.app import app


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """What JSON Lines hold."""
        return [json.loads(line) for line in self.out.splitlines()]


def vigilia(*words: object) -> Ended:
    """Runs a command; whatever it raises but the end of the process, the test raises."""
    result = CliRunner().invoke(app, [str(word) for word in words], catch_exceptions=False)
    return Ended(result.exit_code, result.stdout, result.stderr)
