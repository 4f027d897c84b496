"""TOML that cannot be read is one sentence, with the file and the line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.errors import ConfigError
from bot.settings.toml_files import read_toml


def _said(tmp_path: Path, content: bytes) -> str:
    file = tmp_path / "channels.toml"
    file.write_bytes(content)
    with pytest.raises(ConfigError) as refused:
        read_toml(file, "config/channels.toml")
    (problem,) = refused.value.problems
    return str(problem)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'a = 1\nb = "no end\n', "config/channels.toml: This is not TOML: .*line 2"),
        (b"[a\n", "This is not TOML: .*line 1"),
        (b"a = caf\xe9", r"not UTF-8 text \(byte 8\). Save it as UTF-8."),
        (b"[a]\nx=1\n[b]\n[a]\n", r"\[a\] stands there twice \(line 4\). Give each a name"),
        (b"[a]\nx=1\nx=2\n", r"'x' stands there twice \(line 3\)"),
        (b"a = 1\na.b = 2", "'a.b' stands there twice"),
        (b"x = 1\nx = 2", r"'x' stands there twice \(line 2\)"),
    ],
)
def test_a_broken_file_is_named_with_its_line(tmp_path: Path, content: bytes, said: str) -> None:
    assert re.search(said, _said(tmp_path, content))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="There is no such file"):
        read_toml(tmp_path / "channels.toml", "config/channels.toml")


def test_a_folder_in_place_of_a_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Cannot be read: Is a directory"):
        read_toml(tmp_path, "config/channels.toml")


def test_a_byte_order_mark_does_not_matter(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_bytes("\ufeffa = 1".encode())

    assert read_toml(tmp_path / "a.toml", "a.toml") == {"a": 1}
