"""What is found once for a configuration, and then for all channels or for each of their posts."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from bot.project.load import Project

T = TypeVar("T")


class Remembered(Generic[T]):
    """Things that hold as long as a configuration does. Thread-safe.

    They are forgotten when another configuration is asked about, and when there are ``most``.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._found: tuple[Project | None, dict[Hashable, T]] = (None, {})

    def of(self, project: Project, what: Hashable, find: Callable[[], T]) -> T:
        """Gives what ``find`` gave when this was first asked for. What it raises is not kept."""
        same, found = self._found
        if same is not project or len(found) >= self._most:
            found = {}
            self._found = (project, found)
        if what not in found:
            found[what] = find()
        return found[what]

    def __len__(self) -> int:
        return len(self._found[1])
