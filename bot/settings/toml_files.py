"""Reading TOML for people: a broken file is one sentence with its name and line."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from bot.errors import ConfigError, Problem


def read_toml(path: Path, label: str) -> dict[str, Any]:
    """Gives the tables of a TOML file; ``label`` is the file's name as a person would write it.

    Raises ConfigError where the file is missing, cannot be read, or is not TOML.
    """
    try:
        # Some editors of Windows put a mark before UTF-8, which TOML does not know.
        text = path.read_text("utf-8-sig")
    except FileNotFoundError:
        raise _refused(label, "file-missing", f"There is no such file: {path}.") from None
    except UnicodeDecodeError as error:
        raise _refused(
            label,
            "not-utf8",
            f"The file is not UTF-8 text (byte {error.start + 1}). Save it as UTF-8.",
        ) from None
    except OSError as error:
        raise _refused(label, "file-unreadable", f"Cannot be read: {error.strerror}.") from None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        said = str(error)
        if said.startswith("Cannot declare") or "Cannot overwrite" in said:
            name = _twice(said, text)
            raise _refused(
                label,
                "declared-twice",
                f"{name} stands there twice ({_position(said)}). Give each a name of its own.",
            ) from None
        raise _refused(label, "not-toml", f"This is not TOML: {said}.") from None


def _refused(label: str, code: str, message: str) -> ConfigError:
    return ConfigError([Problem("error", code, label, "", message)])


def _position(said: str) -> str:
    found = re.search(r"at (line \d+)", said)
    return found.group(1) if found else "at the end"


def _twice(said: str, text: str) -> str:
    """Gives the name of the table or key that stands twice, as the file writes it."""
    found = re.search(r"at line (\d+)", said)
    if not found:
        return "A table"
    line = text.splitlines()[int(found.group(1)) - 1].strip()
    return line if line.startswith("[") else f"'{line.split('=', maxsplit=1)[0].strip()}'"
