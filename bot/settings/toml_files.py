"""Reading TOML for people: a broken file is one sentence with its name and line."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from bot.errors import ConfigError, Problem


def read_toml(path: Path, label: str) -> dict[str, Any]:
    """Return the tables of a TOML file; ``label`` is the file's name as a person would write it.
    Raises ConfigError where the file is missing, cannot be read, or is not TOML."""
    try:
        # Some editors of Windows put a mark before UTF-8, which TOML does not know.
        text = path.read_text("utf-8-sig")
    except FileNotFoundError:
        raise refused(label, "file-missing", f"There is no such file: {path}.") from None
    except UnicodeDecodeError as error:
        raise refused(
            label,
            "not-utf8",
            f"The file is not UTF-8 text (byte {error.start + 1}). Save it as UTF-8.",
        ) from None
    except OSError as error:
        raise refused(label, "file-unreadable", f"Cannot be read: {error.strerror}.") from None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        if message.startswith("Cannot declare") or "Cannot overwrite" in message:
            line = _line(message, text)
            raise refused(
                label,
                "declared-twice",
                f"{_declared_on(line, text)} stands there twice (line {line}). "
                "Give each a name of its own.",
            ) from None
        raise refused(label, "not-toml", f"This is not TOML: {message}.") from None


def refused(label: str, code: str, message: str) -> ConfigError:
    """Return the error for a file that cannot be read at all."""
    return ConfigError([Problem("error", code, label, "", message)])


def _line(message: str, text: str) -> int:
    match = re.search(r"at line (\d+)", message)
    return int(match.group(1)) if match else len(text.splitlines())


def _declared_on(line: int, text: str) -> str:
    """Return the name of the table or key that a line declares, as the file writes it."""
    header = text.splitlines()[line - 1].strip()
    return header if header.startswith("[") else f"'{header.split('=', maxsplit=1)[0].strip()}'"
