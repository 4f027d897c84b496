"""Prometheus' own judge of metrics and rules; ``make setup`` sees that it is there."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def promtool(*arguments: str | Path, given: bytes = b"") -> str:
    """Gives what promtool says, and fails where it has a complaint."""
    program = shutil.which("promtool") or ROOT / ".cache" / "promtool" / "promtool"
    ended = subprocess.run([program, *arguments], input=given, capture_output=True, check=False)
    said = (ended.stdout + ended.stderr).decode()
    assert ended.returncode == 0, said
    return said
