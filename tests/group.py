"""A group's own folder, with a config and days of its own beside all that ships."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bot.errors import ConfigError, Problem
from bot.project.load import Project, load_project

DAY = """
[our-day]
kind = "day"
on = "5 March"
themes = ["own"]
name.en = "Our day"
name.fr = "Notre jour"
sources = [{ title = "Our page", url = "https://example.org/day" }]
opening.en = "On {{ date }} we meet."
opening.fr = "Nous nous retrouvons le {{ date }}."
[[our-day.story]]
en = "It matters to us."
fr = "Cela compte pour nous."
"""

CHANNEL = """
[channels.team]
platform = "inbox"
include = ["own"]
"""


class Group:
    """Writes the files of a group and loads them. ``root`` holds ``config/``."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.config = root / "config"
        (self.config / "observances").mkdir(parents=True)
        self.settings("")
        self.channels(CHANNEL)
        self.days(DAY)

    def settings(self, text: str) -> None:
        """Writes ``vigilia.toml``."""
        (self.config / "vigilia.toml").write_text(text, "utf-8")

    def channels(self, text: str) -> None:
        """Writes ``channels.toml``."""
        (self.config / "channels.toml").write_text(text, "utf-8")

    def days(self, text: str, name: str = "own") -> None:
        """Writes a file of days."""
        (self.config / "observances" / f"{name}.toml").write_text(text, "utf-8")

    def variables(self, text: str) -> None:
        """Writes ``.env``."""
        (self.root / ".env").write_text(text, "utf-8")

    def load(self, environ: Mapping[str, str] | None = None) -> Project:
        """Reads everything, with no variables but those given and those of ``.env``."""
        return load_project(self.config, environ=environ or {}, cwd=self.root)

    def problems(self, environ: Mapping[str, str] | None = None) -> tuple[Problem, ...]:
        """Gives why it is refused; fails where it is not."""
        try:
            self.load(environ)
        except ConfigError as error:
            return error.problems
        raise AssertionError("it was accepted")

    def problem(self, environ: Mapping[str, str] | None = None) -> str:
        """Gives the one sentence for which it is refused; fails where there are more."""
        (problem,) = self.problems(environ)
        return str(problem)
