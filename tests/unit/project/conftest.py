"""A small calendar in the place of all that ships, so that each test reads little."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.project.places import shipped_folder

_DAYS = """
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

_DISABLED = """
[genocide-convention-adopted]
disabled = true
reason = "Told on 9 December."
"""

_FACTS = """
[{id}]
value = 3
as_of = 2026-01-02
review = 2030-01-01
text.en = "on {{date}} there were {{value}}"
source = {{ title = "Page", url = "https://example.org/fact" }}
"""

_ACTIONS = """
[{id}]
who = ["individuals"]
text.en = "Consider it."
links = [{{ title = "Page", url = "https://example.org/act" }}]
"""


@pytest.fixture(autouse=True)
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What ships, with two days, facts and actions; its templates are the real ones."""
    package = tmp_path_factory.mktemp("package")
    folder = package / "_shipped"
    (folder / "config" / "observances").mkdir(parents=True)
    real = shipped_folder()
    (folder / "templates").symlink_to(real / "templates")
    (folder / ".env.example").write_text((real / ".env.example").read_text("utf-8"), "utf-8")
    for name in ("vigilia.toml", "channels.toml"):
        text = (real / "config" / name).read_text("utf-8")
        (folder / "config" / name).write_text(text, "utf-8")
    days = _DAYS.format(id="genocide-prevention-day", on="9 December")
    days += _DAYS.format(id="human-rights-day", on="10 December")
    (folder / "config" / "observances" / "days.toml").write_text(days + _DISABLED, "utf-8")
    pairs = (("facts.toml", _FACTS), ("actions.toml", _ACTIONS))
    for name, text in pairs:
        both = text.format(id="one") + text.format(id="two")
        (folder / "config" / name).write_text(both, "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bot.project.places._PACKAGE", package)
        yield folder
