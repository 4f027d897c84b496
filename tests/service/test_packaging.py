"""The wheel, as somebody installs it who has no checkout: all that ships is in it, and it works."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from uv import find_uv_bin

from bot import __version__
from tests.unit.project_files import ROOT, project_files

SHIPPED = ("config/", "templates/", ".env.example")


@dataclass(frozen=True)
class Installation:
    """A fresh environment with the wheel, and an empty folder to work in, outside the checkout."""

    wheel: Path
    bin: Path
    folder: Path

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        kept = {
            k: v for k, v in os.environ.items() if not k.startswith(("VIGILIA", "PYTHON", "COV"))
        }
        return subprocess.run(
            [self.bin / "vigilia", *words],
            cwd=self.folder,
            env=kept,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )


def _uv(*words: str | Path) -> None:
    done = subprocess.run(
        [find_uv_bin(), *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    place = tmp_path_factory.mktemp("wheel")
    python = place / "env" / "bin" / "python"
    _uv(
        "build", "--wheel", "--no-build-isolation", "--python", sys.executable, "-o", place / "dist"
    )
    (wheel,) = (place / "dist").glob("*.whl")
    _uv("venv", "--python", sys.executable, place / "env")
    _uv("pip", "install", "--python", python, "--require-hashes", "-r", "requirements.lock")
    _uv("pip", "install", "--python", python, "--no-deps", wheel)
    folder = place / "group"
    folder.mkdir()
    yield Installation(wheel, python.parent, folder)


def test_the_wheel_holds_every_file_of_the_program_the_calendar_and_the_templates(
    installed: Installation,
) -> None:
    inside = set(zipfile.ZipFile(installed.wheel).namelist())
    kept = [path.relative_to(ROOT).as_posix() for path in project_files()]
    program = {name for name in kept if name.startswith("bot/")}
    shipped = {f"bot/_shipped/{name}" for name in kept if name.startswith(SHIPPED)}
    assert len(program) > 100
    assert len(shipped) > 20
    assert inside >= program | shipped
    others = {name for name in inside - program - shipped if ".dist-info/" not in name}
    assert others == set()


def test_a_group_can_start_from_the_wheel_alone(installed: Installation) -> None:
    assert installed.run("--version").stdout.strip() == f"vigilia {__version__}"

    started = installed.run("init", ".")
    assert started.returncode == 0, started.stderr
    assert (installed.folder / "config" / "channels.toml").is_file()

    checked = installed.run("check", "--json")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert [p for p in json.loads(checked.stdout) if p["level"] == "error"] == []

    coming = installed.run("upcoming", "--days", "400", "--json")
    assert coming.returncode == 0, coming.stderr
    assert "genocide-prevention-day" in {entry["observance"] for entry in json.loads(coming.stdout)}


def test_the_starter_is_the_groups_own_and_not_the_checkouts(installed: Installation) -> None:
    where = subprocess.run(
        [installed.bin / "python", "-I", "-c", "import bot; print(bot.__file__)"],
        cwd=installed.folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert not Path(where.stdout.strip()).is_relative_to(ROOT)
