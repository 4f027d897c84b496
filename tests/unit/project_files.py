"""The files of the project, for the tests that read them."""

from __future__ import annotations

import subprocess
import sysconfig
import tomllib
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = Path(sysconfig.get_path("scripts"))


def text_of(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def yaml_of(name: str) -> Any:
    return yaml.safe_load(text_of(name))


def pyproject() -> dict[str, Any]:
    return tomllib.loads(text_of("pyproject.toml"))


def project_files() -> list[Path]:
    """Gives the files that git keeps, or would keep."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    names = listed.stdout.decode().split("\0")
    return [ROOT / name for name in names if name and (ROOT / name).is_file()]


def complaints_of(tool: str, *files: Path) -> tuple[str, int]:
    """Gives what a linter of the environment says about files, and its exit code."""
    found = subprocess.run(
        [SCRIPTS / tool, *files], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return found.stdout + found.stderr, found.returncode
