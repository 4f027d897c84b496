"""``${NAME}`` in the configuration: from the environment, ``.env``, or a file that ``NAME_FILE``
names.

The environment wins over ``.env``; nothing is interpolated inside ``.env``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


class UnsetVariableError(Exception):
    """A variable that the configuration names has no value. Its text is a sentence without
    values."""

    def __init__(self, name: str, why: str) -> None:
        self.name = name
        super().__init__(why)


class Environment:
    """The variables that a configuration may name."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables

    @classmethod
    def of(cls, folder: Path, process: Mapping[str, str]) -> Environment:
        """Gives the variables of ``folder``/.env with the process's own on top."""
        written = dotenv_values(folder / ".env", interpolate=False, encoding="utf-8")
        return cls({**{k: v for k, v in written.items() if v is not None}, **process})

    def expand(self, text: str) -> str:
        """Gives ``text`` with each ``${NAME}`` replaced. Raises UnsetVariableError."""
        return _VARIABLE.sub(lambda found: self._value(found.group(1)), text)

    def _value(self, name: str) -> str:
        value = self._variables.get(name, "").strip()
        if value:
            return value
        file_name = self._variables.get(f"{name}_FILE", "").strip()
        if not file_name:
            raise UnsetVariableError(
                name,
                f"The variable {name} is not set. Write {name}=… into the .env file beside the "
                f"config folder, or set it in the environment.",
            )
        try:
            value = Path(file_name).read_text("utf-8").strip()
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
