"""A group's own folder, with a config and days of its own beside all that ships."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bot.errors import ConfigError, Problem
from bot.project.load import Project, load_project
from bot.project.places import shipped_folder

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


_SHIPPED_DAYS = """
[{id}]
kind = "day"
on = "{on}"
themes = ["core"]
name = {{ en = "A day", fr = "Un jour", es = "Un día" }}
sources = [{{ title = "Page", url = "https://example.org/day" }}]
opening = {{ en = "It is {{{{ date }}}}.", fr = "Le {{{{ date }}}}.", es = "El {{{{ date }}}}." }}
[[{id}.story]]
en = "It matters."
fr = "Cela compte."
es = "Importa."
"""

_SHIPPED_DISABLED = """
[genocide-convention-adopted]
disabled = true
reason = "Told on 9 December."
"""

_SHIPPED_FACTS = """
[{id}]
value = 3
as_of = 2026-01-02
review = 2030-01-01
text.en = "on {{date}} there were {{value}}"
text.fr = "le {{date}}, il y en avait {{value}}"
text.es = "el {{date}} había {{value}}"
source = {{ title = "Page", url = "https://example.org/fact" }}
"""

_SHIPPED_ACTIONS = """
[{id}]
who = ["individuals"]
text.en = "Consider it."
text.fr = "Y penser."
text.es = "Pensarlo."
links = [{{ title = "Page", url = "https://example.org/act" }}]
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


def ship_little(package: Path) -> None:
    """Writes into ``package`` what ships, with two days, facts and actions instead of all; its
    settings and templates are the real ones."""
    folder, real = package / "_shipped", shipped_folder()
    (folder / "config" / "observances").mkdir(parents=True)
    (folder / "templates").symlink_to(real / "templates")
    for name in (".env.example", "config/vigilia.toml", "config/channels.toml"):
        (folder / name).write_text((real / name).read_text("utf-8"), "utf-8")
    days = _SHIPPED_DAYS.format(id="genocide-prevention-day", on="9 December")
    days += _SHIPPED_DAYS.format(id="human-rights-day", on="10 December")
    file = folder / "config" / "observances" / "days.toml"
    file.write_text(days + _SHIPPED_DISABLED, "utf-8")
    for name, text in (("facts.toml", _SHIPPED_FACTS), ("actions.toml", _SHIPPED_ACTIONS)):
        both = text.format(id="one") + text.format(id="two")
        (folder / "config" / name).write_text(both, "utf-8")
