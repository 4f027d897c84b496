"""``${NAME}`` in the configuration: from the environment, ``.env``, or a file that ``NAME_FILE``
names.

The environment wins over ``.env``; nothing is interpolated inside ``.env``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

from bot.errors import ConfigError, Problem

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_SHORTEST_SECRET = 6


class UnsetVariableError(Exception):
    """A variable that the configuration names has no value. Its text is a sentence without
    values."""

    def __init__(self, name: str, why: str) -> None:
        self.name = name
        super().__init__(why)


class Environment:
    """The variables that a configuration may name. Relative files of ``NAME_FILE`` count from
    ``folder``."""

    def __init__(self, variables: Mapping[str, str], folder: Path = Path()) -> None:
        self._variables = variables
        self._folder = folder
        self._names: dict[str, str] = {}

    @classmethod
    def of(cls, folder: Path, process: Mapping[str, str]) -> Environment:
        """Return the variables of ``folder``/.env with the process's own on top. Raises ConfigError
        where there is a ``.env`` that cannot be read."""
        return cls({**_read_file(folder / ".env"), **process}, folder)

    def expand(self, text: str) -> str:
        """Return ``text`` with each ``${NAME}`` replaced. Raises UnsetVariableError."""
        return _VARIABLE.sub(lambda match: self._value(match.group(1)), text)

    def expanded(
        self, value: Any, say: Callable[[tuple[str, ...], str], None], keys: tuple[str, ...] = ()
    ) -> Any:
        """Return a table, or a ``value`` below ``keys`` of it, with each ``${NAME}`` in its texts,
        lists and tables replaced. What names an unset variable is left out, after ``say`` was told
        its keys and a sentence."""
        if isinstance(value, dict):
            items = {key: self.expanded(inner, say, (*keys, key)) for key, inner in value.items()}
            return {key: inner for key, inner in items.items() if inner is not None}
        if isinstance(value, list):
            expanded = (self.expanded(inner, say, keys) for inner in value)
            return [inner for inner in expanded if inner is not None]
        if not isinstance(value, str):
            return value
        try:
            return self.expand(value)
        except UnsetVariableError as error:
            say(keys, str(error))
            return None

    def get(self, name: str) -> str | None:
        """Return the value of a variable that need not be named anywhere, None where it has none.
        Raises UnsetVariableError where the file that ``NAME_FILE`` names cannot be read."""
        if not self._variables.get(name, "").strip() and not self._variables.get(f"{name}_FILE"):
            return None
        return self._value(name)

    def masked(self, problems: Iterable[Problem]) -> list[Problem]:
        """Return the problems without values: one put under the wrong key must not be read."""
        return [replace(p, message=self.without_values(p.message)) for p in problems]

    def without_values(self, text: str) -> str:
        """Return ``text`` with each value that came from a variable replaced by its ``${NAME}``."""
        for value in sorted(self._names, key=len, reverse=True):
            text = text.replace(value, f"${{{self._names[value]}}}")
        return text

    def _value(self, name: str) -> str:
        value = self._variables.get(name, "").strip() or self._from_file(name)
        if len(value) >= _SHORTEST_SECRET:
            self._names[value] = name
        return value

    def _from_file(self, name: str) -> str:
        file_name = self._variables.get(f"{name}_FILE", "").strip()
        if not file_name:
            raise UnsetVariableError(
                name,
                f"The variable {name} is not set. Write {name}=… into the .env file beside the "
                f"config folder, or set it in the environment.",
            )
        try:
            value = (self._folder / file_name).read_text("utf-8-sig").strip()
        except (OSError, UnicodeDecodeError):
            raise UnsetVariableError(
                name, f"The file that {name}_FILE names cannot be read: {file_name}."
            ) from None
        if not value:
            raise UnsetVariableError(
                name, f"The file that {name}_FILE names is empty: {file_name}."
            )
        return value


def names_a_variable(text: str) -> bool:
    """Whether ``text`` takes at least a part of itself from a variable."""
    return _VARIABLE.search(text) is not None


def _read_file(file: Path) -> dict[str, str]:
    """Return the variables of a ``.env``, none where it is not there."""
    try:
        text = file.read_text("utf-8-sig")
    except FileNotFoundError:
        return {}
    except UnicodeDecodeError:
        raise _refused(["It is not UTF-8 text. Save it as UTF-8."]) from None
    except OSError as error:
        raise _refused([f"It cannot be read: {error.strerror}."]) from None
    from dotenv.parser import parse_stream  # noqa: PLC0415 - many have no .env

    bindings = list(parse_stream(StringIO(text)))
    broken = [binding.original.line for binding in bindings if binding.error]
    if broken:
        raise _refused(
            f"Line {line} is not NAME=value: look for a quotation mark or a name too few."
            for line in broken
        )
    return {
        binding.key: binding.value
        for binding in bindings
        if binding.key is not None and binding.value is not None
    }


def _refused(sentences: Iterable[str]) -> ConfigError:
    return ConfigError(Problem("error", "bad-env", ".env", "", sentence) for sentence in sentences)
