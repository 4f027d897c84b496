"""What the papers say is so: their links lead somewhere, and they leave no key or command out."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from pydantic import BaseModel

from bot.channels.outcome import Reason
from bot.channels.registry import PLATFORMS
from bot.checking.rules import RULES
from bot.cli.app import app
from bot.ledger.rows import State
from bot.settings.entries import ActionEntry, FactEntry, ObservanceEntry
from bot.settings.models import ChannelFields, Settings
from tests.unit.project_files import ROOT, project_files, pyproject, text_of

PAPERS = [path for path in project_files() if path.suffix == ".md"]


def commands(group: Any, before: str) -> Iterator[tuple[str, Any]]:
    """Gives every command of a group by its whole name, and a group where it is one itself."""
    for name, command in group.commands.items():
        whole = f"{before} {name}"
        if getattr(command, "invoke_without_command", True):
            yield whole, command
        if hasattr(command, "commands"):
            yield from commands(command, whole)


COMMANDS = dict(commands(typer.main.get_command(app), "vigilia"))


def options_of(command: Any) -> set[str]:
    return {word for parameter in command.params for word in parameter.opts if word[:2] == "--"}


def sections(paper: str, level: int) -> dict[str, str]:
    """Gives the text below each heading of a level, up to the next of that level or above."""
    mark = "#" * level
    pieces = re.split(rf"^{mark} (.+)$", text_of(paper), flags=re.MULTILINE)
    higher = re.compile(rf"^#{{1,{level}}} ", re.MULTILINE)
    texts = (higher.split(text)[0] for text in pieces[2::2])
    return dict(zip(pieces[1::2], texts, strict=True))


class TestReadme:
    def test_it_opens_with_the_two_commands(self) -> None:
        opening = [line.strip() for line in text_of("README.md").splitlines()[:10]]
        assert [line for line in opening if line.startswith("make run")]
        assert [line for line in opening if line.startswith("make test")]

    def test_it_promises_exactly_what_can_be_kept(self) -> None:
        promise = (
            "Nothing due is lost while the ledger's disk lives; nothing is sent again by us "
            "unless the platform answered that it failed; what cannot be known is shown as unknown."
        )
        assert promise in " ".join(text_of("README.md").replace("\n> ", " ").split())

    def test_the_licence_that_it_names_is_the_one_that_lies_there(self) -> None:
        assert "[MIT licence](LICENSE)" in text_of("README.md")
        opening = "MIT License\n\nCopyright (c) 2026 The Vigilia authors\n"
        assert text_of("LICENSE").startswith(opening)
        assert pyproject()["project"]["license"] == "MIT"

    def test_its_table_has_every_command(self) -> None:
        table = sections("README.md", 2)["Commands"]
        for name in COMMANDS:
            assert re.search(rf"`(vigilia )?{name.removeprefix('vigilia ')}\b", table), name


class TestCommands:
    @pytest.mark.parametrize("name", COMMANDS)
    def test_a_command_is_described_with_all_its_options(self, name: str) -> None:
        described = {
            heading: text
            for heading, text in sections("docs/commands.md", 3).items()
            if re.fullmatch(rf"{name}( DAY| KEY| NAME| DIR| FILE| URL| --.*)*", heading)
        }
        assert len(described) == 1
        ((heading, text),) = described.items()
        named = set(re.findall(r"--[a-z-]+", f"{heading} {text}"))
        assert named >= options_of(COMMANDS[name]) - {"--config", "--help"}

    def test_nothing_is_described_that_is_not_there(self) -> None:
        for heading in sections("docs/commands.md", 3):
            words = [word for word in heading.split() if word.islower() and word[0] != "-"]
            assert " ".join(words) in COMMANDS, heading

    def test_every_command_line_in_the_papers_can_be_given(self) -> None:
        checked = 0
        for paper, line in command_lines():
            words = shlex.split(line, comments=True)
            programs = (i for i, word in enumerate(words) if Path(word).name == "vigilia")
            rest = words[max(programs) + 1 :]
            name = "vigilia"
            while rest and any(f"{known} ".startswith(f"{name} {rest[0]} ") for known in COMMANDS):
                name = f"{name} {rest.pop(0)}"
            assert name in COMMANDS, (paper, line)
            given = {word for word in rest if word.startswith("--")}
            assert given <= options_of(COMMANDS[name]), (paper, line)
            checked += 1
        assert checked > 20


def command_lines() -> Iterator[tuple[str, str]]:
    """Gives the lines of the papers' blocks in which `vigilia` is called."""
    called = re.compile(r"(\.venv/bin/|sudo -u vigilia \S*/|docker compose .*)?vigilia [a-z]")
    for paper in PAPERS:
        for line in paper.read_text("utf-8").splitlines():
            if line.startswith("    ") and called.match(line.strip()):
                yield paper.name, line.strip()


class TestConfiguration:
    def test_every_key_of_vigilia_toml_is_described_and_no_other(self) -> None:
        tables = sections("docs/configuration.md", 3)
        described = keys_of(sections("docs/configuration.md", 2)["vigilia.toml"])
        own = set(Settings.model_fields)
        for name, value in Settings():
            if isinstance(value, BaseModel):
                own -= {name}
                own |= set(type(value).model_fields)
                assert keys_of(tables[name]) == set(type(value).model_fields)
        assert described == own

    def test_every_key_of_channels_toml_is_described_and_no_other(self) -> None:
        text = sections("docs/configuration.md", 2)["channels.toml"]
        assert keys_of(text) == set(ChannelFields.model_fields)

    def test_every_key_of_every_platform_is_described_and_no_other(self) -> None:
        described = sections("docs/platforms.md", 2)
        for name, platform in PLATFORMS.items():
            (text,) = (described[title] for title in described if f"`{name}`" in title)
            assert keys_of(text) == set(platform.options_model.model_fields), name

    def test_every_key_of_a_day_is_described_and_no_other(self) -> None:
        text = sections("docs/editing.md", 2)["A day"].split("\n### ")[0]
        assert keys_of(text) == set(ObservanceEntry.model_fields)

    @pytest.mark.parametrize(
        ("title", "entry"),
        [("A figure that ages", FactEntry), ("Something a reader can do", ActionEntry)],
    )
    def test_every_key_of_a_figure_and_an_action_is_shown(
        self, title: str, entry: type[BaseModel]
    ) -> None:
        text = sections("docs/editing.md", 2)[title]
        shown = set(re.findall(r"^    ([a-z_]+)(?:\.en)? = ", text, re.MULTILINE))
        assert shown == set(entry.model_fields)


def keys_of(text: str) -> set[str]:
    """Gives the keys in the first column of a section's tables."""
    firsts = re.findall(r"^\| (`[^|]+) \|", text, re.MULTILINE)
    return {key for first in firsts for key in re.findall(r"`([a-z_]+)`", first)}


class TestArchitecture:
    def test_the_order_of_the_rooms_is_the_one_that_is_held(self) -> None:
        told = re.findall(
            r"^    ([a-z_, ]+)$", sections("docs/architecture.md", 2)["The rooms"], re.MULTILINE
        )
        (held,) = (
            contract["layers"]
            for contract in pyproject()["tool"]["importlinter"]["contracts"]
            if contract["type"] == "layers"
        )
        assert told == [layer.replace(" |", ",") for layer in held]

    def test_every_room_is_told_of(self) -> None:
        rooms = {path.name for path in (ROOT / "bot").iterdir() if path.is_dir()}
        table = sections("docs/architecture.md", 2)["The rooms"]
        told = set(re.findall(r"`bot/([a-z]+)/`", table))
        assert told == rooms - {"__pycache__"}


class TestRules:
    def test_every_rule_of_the_words_is_told_with_how_grave_it_is(self) -> None:
        text = sections("docs/editing.md", 2)["The rules of the words"]
        told = re.findall(r"^\| `([a-z-]+)` \| (error|warning) \|", text, re.MULTILINE)
        assert dict(told) == RULES


class TestOperating:
    def test_every_state_is_explained(self) -> None:
        text = sections("docs/operating.md", 2)["What each state means, and what to do"]
        assert keys_of(text.split("\n### ")[0]) == {state.value for state in State}

    def test_every_reason_is_explained(self) -> None:
        title = "Why an attempt came to what it came to"
        told = re.findall(r"`([a-z-]+)`", sections("docs/operating.md", 3)[title])
        assert set(told) >= {reason.value for reason in Reason}


class TestLinks:
    def test_every_link_between_the_papers_leads_somewhere(self) -> None:
        links = [(paper, link) for paper in PAPERS for link in links_of(paper)]
        assert len(links) > 20
        assert [(p.name, link) for p, link in links if not leads_somewhere(p, link)] == []

    def test_every_file_that_is_named_in_the_papers_is_there(self) -> None:
        named = re.compile(r"`((?:bot|deploy|config|docs)/[\w./-]*[\w/])`")
        missing = [
            (paper.name, name)
            for paper in PAPERS
            for name in named.findall(paper.read_text("utf-8"))
            if not (ROOT / name).exists()
        ]
        assert missing == []


def links_of(paper: Path) -> Iterator[str]:
    for link in re.findall(r"\]\(([^)\s]+)\)", paper.read_text("utf-8")):
        if not re.match(r"[a-z]+:", link):
            yield link


def leads_somewhere(paper: Path, link: str) -> bool:
    name, _, anchor = link.partition("#")
    target = (paper.parent / name) if name else paper
    if not target.exists() or not anchor:
        return target.exists()
    headings = re.findall(r"^#+ (.+)$", target.read_text("utf-8"), re.MULTILINE)
    return anchor in {anchor_of(heading) for heading in headings}


def anchor_of(heading: str) -> str:
    """Gives the anchor that a heading has where the papers are shown."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
