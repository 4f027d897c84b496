"""Judges that are written in JavaScript: one process of Node, asked one payload a line.

The packages are in ``tests/node``, Node itself in the environment; ``make test`` installs them.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

from tests.unit.project_files import ROOT, SCRIPTS

FOLDER = ROOT / "tests" / "node"
NODE = SCRIPTS / "node"


class NoJudgesError(Exception):
    """Node or its packages are not there."""


@dataclass(frozen=True)
class Judges:
    """``asked`` and ``answered`` are the two ends of the process."""

    asked: IO[str]
    answered: IO[str]

    def __call__(self, judge: str, payload: Any) -> dict[str, Any]:
        """Gives the judge's verdict: ``problems``, and what else it tells."""
        print(json.dumps({"judge": judge, "payload": payload}), file=self.asked, flush=True)
        verdict: dict[str, Any] = json.loads(self.answered.readline())
        return verdict


@contextmanager
def judges_of_node() -> Iterator[Judges]:
    """Starts the process, and ends it. Raises :class:`NoJudgesError`."""
    if not NODE.exists() or not (FOLDER / "node_modules").is_dir():
        raise NoJudgesError("The judges of payloads are not installed: `make setup` does it.")
    with subprocess.Popen(
        [NODE, "judges.mjs"], cwd=FOLDER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        assert process.stdout
        yield Judges(process.stdin, process.stdout)
        process.stdin.close()
        process.wait(30)
