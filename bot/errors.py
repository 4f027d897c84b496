"""The errors of Vigilia: one root, a shallow tree, each a sentence that says what to do.

No error text ever holds a secret: addresses and tokens are left out or masked by whoever raises.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal


class VigiliaError(Exception):
    """Something a person can put right. Its text is one clear sentence or more, for an editor."""


class UsageError(VigiliaError):
    """The command was called in a way that cannot be meant (exit code 2)."""


@dataclass(frozen=True)
class Problem:
    """One thing that ``vigilia check`` has to say, and where.

    ``file`` is as a person would write it (``config/channels.toml``), ``entry`` the table or
    entry concerned ("" where none is), ``code`` a stable short name for programs.
    """

    level: Literal["error", "warning", "note"]
    code: str
    file: str
    entry: str
    message: str

    def __str__(self) -> str:
        where = f"{self.file}, {self.entry}" if self.entry else self.file
        return f"{where}: {self.message}" if where else self.message


class ConfigError(VigiliaError):
    """The configuration, calendar or texts cannot be used; holds every problem found."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class RenderError(VigiliaError):
    """A message could not be written from its template and texts."""


class LedgerError(VigiliaError):
    """The ledger cannot be used: missing, unreadable, newer, busy, or of the other mode."""


class LedgerMissingError(LedgerError):
    """There is no ledger yet: nothing was ever recorded."""


class LedgerInUseError(LedgerError):
    """Another service runs on the ledger."""


class PausedError(LedgerError):
    """Everything is paused, or, where one is named, the ``channel``."""

    def __init__(self, sentence: str, channel: str | None = None) -> None:
        super().__init__(sentence)
        self.channel = channel


def quoted(value: object) -> str:
    """Return a value of a file in quotes, for a sentence; never an address, which may be a secret,
    nor what would not be readable there."""
    text = str(value)
    if "://" in text:
        return "an address"
    if len(text) > 60 or not text.isprintable():
        return f"a text of {len(text)} characters"
    return f"'{text}'"


def nearest(word: str, words: Iterable[str]) -> str:
    """Return " Did you mean 'x'?" for the known word nearest to ``word``, or "" where none is."""
    close = get_close_matches(word, list(words), n=1, cutoff=0.6)
    return f" Did you mean '{close[0]}'?" if close else ""
