"""Golden files: what is sent for one real message, readable by a person.

After a change that is meant, delete the file and run the test once: it writes the file and fails.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import bot

_FOLDER = Path(__file__).parent / "golden"


def matches_golden(name: str, shown: dict[str, Any]) -> None:
    """Asserts that ``shown`` is what the golden file holds."""
    file = _FOLDER / f"{name}.json"
    written = json.dumps(shown, ensure_ascii=False, indent=2) + "\n"
    for agent in ("vigilia/{}", "vigilia, {}"):  # a new version changes no golden file
        written = written.replace(agent.format(bot.__version__), agent.format("VERSION"))
    if not file.exists():
        file.write_text(written, encoding="utf-8")
        raise AssertionError(f"{file.name} was missing and has been written: read it")
    assert written == file.read_text(encoding="utf-8")
