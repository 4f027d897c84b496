"""The glossary names a module for each word, and the word lives there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ENTRIES = re.findall(
    r"^- \*\*(.+?)\*\* \(`(.+?)`\): \S", (ROOT / "docs/glossary.md").read_text("utf-8"), re.M
)


def test_each_line_of_the_glossary_is_an_entry_and_each_word_stands_once() -> None:
    lines = [
        line
        for line in (ROOT / "docs/glossary.md").read_text("utf-8").splitlines()
        if line.startswith("- ")
    ]
    assert len(ENTRIES) == len(lines) > 20
    assert len({word for word, _module in ENTRIES}) == len(ENTRIES)


@pytest.mark.parametrize(("word", "module"), ENTRIES)
def test_the_module_is_there_and_has_the_word(word: str, module: str) -> None:
    text = (ROOT / module).read_text("utf-8").casefold().replace("_", " ")
    name = Path(module).with_suffix("").as_posix().replace("_", " ")
    assert word.casefold() in f"{name} {text}"


@pytest.mark.parametrize("page", ["docs/index.md", "docs/architecture.md", "CONTRIBUTING.md"])
def test_the_glossary_is_found_from_where_one_begins(page: str) -> None:
    assert "glossary.md)" in (ROOT / page).read_text("utf-8")


def test_a_post_is_followed_through_twelve_files_that_are_there() -> None:
    text = (ROOT / "docs/architecture.md").read_text("utf-8")
    files = re.findall(r"^\d+\. `(bot/\S+\.py)`", text, re.M)
    assert len(files) == 12
    assert [file for file in files if not (ROOT / file).is_file()] == []
