"""The names in the code: nouns of the field; and docstrings that say what a function does."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import bot

ROOT = Path(bot.__file__).parent

NOT_OURS = frozenset(
    {"said", "found", "told", "untold", "asked", "kept", "left", "known", "given", "alike"}
    | {"one", "each", "these", "those", "tellable", "unsaid"}
)
"""What was done to a thing is no name for it: an answer, rows, a sentence, a match are."""

STILL_TO_COME: frozenset[str] = frozenset()
"""Rooms and files whose names are not looked at yet. Shrinks to nothing."""


def modules() -> Iterator[Path]:
    for path in sorted(ROOT.rglob("*.py")):
        place = path.relative_to(ROOT)
        if place.parts[0] not in STILL_TO_COME and place.as_posix() not in STILL_TO_COME:
            yield path


def names_in(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield every name that the module gives to something, with its line."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()):
                yield node.lineno, name
            case ast.Attribute(attr=name, ctx=ast.Store()):
                yield node.lineno, name
            case ast.arg(arg=name) | ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield node.lineno, name
            case ast.AsyncFunctionDef(name=name) | ast.MatchAs(name=str(name)):
                yield node.lineno, name
            case ast.ExceptHandler(name=str(name)) | ast.alias(asname=str(name)):
                yield node.lineno, name


def faults_of(source: str) -> Iterator[tuple[int, str]]:
    """Yield what a module's names and docstrings do against the rules, with the line."""
    tree = ast.parse(source)
    for line, name in names_in(tree):
        if name.strip("_").casefold() in NOT_OURS:
            yield line, f"'{name}' is no noun of the field"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            doc = ast.get_docstring(node) or ""
            if doc.split(" ")[0] == "Gives":
                yield node.lineno, f"the docstring of {node.name} begins with 'Gives'"


def test_names_are_nouns_of_the_field_and_docstrings_say_return() -> None:
    assert [
        f"{path.relative_to(ROOT.parent)}:{line}: {fault}"
        for path in modules()
        for line, fault in faults_of(path.read_text("utf-8"))
    ] == []


def test_what_is_still_to_come_is_there() -> None:
    assert [place for place in sorted(STILL_TO_COME) if not (ROOT / place).exists()] == []


@pytest.mark.parametrize(
    "source",
    [
        "said = 1",
        "self._known = 1",
        "def f(asked): ...",
        "def _told(): ...",
        "[each for each in rows]",
        "for one in rows: ...",
        "class Found: ...",
        "import rows as left",
        "match row:\n    case kept: ...",
        "if found := row: ...",
        'def f():\n    """Gives a row."""',
    ],
)
def test_a_name_that_is_not_ours_is_seen(source: str) -> None:
    assert len(list(faults_of(source))) >= 1


@pytest.mark.parametrize(
    "source", ["sentence = 1", "row.found", 'def f():\n    """Return a row, as it gives it."""']
)
def test_a_name_that_is_ours_passes(source: str) -> None:
    assert list(faults_of(source)) == []
