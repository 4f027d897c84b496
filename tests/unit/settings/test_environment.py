"""Variables: the environment, ``.env``, and files that ``NAME_FILE`` names."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import ConfigError
from bot.settings.environment import Environment, UnsetVariableError, names_a_variable


def _env(folder: Path, text: str, **process: str) -> Environment:
    (folder / ".env").write_text(text, "utf-8")
    return Environment.of(folder, process)


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    environment = _env(tmp_path, "A=from-file\nB=from-file\n", A="from-process")

    assert environment.expand("${A} ${B}") == "from-process from-file"


def test_nothing_is_interpolated_inside_the_file(tmp_path: Path) -> None:
    assert _env(tmp_path, 'A="${B} $B"\nB=no\n').expand("${A}") == "${B} $B"


def test_a_file_with_a_byte_order_mark_and_windows_line_ends_is_read(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes("\ufeffA=yes\r\nB=too\r\n".encode())

    assert Environment.of(tmp_path, {}).expand("${A} ${B}") == "yes too"


def test_a_missing_file_is_no_fault(tmp_path: Path) -> None:
    assert Environment.of(tmp_path, {"A": "yes"}).expand("${A}") == "yes"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"A=1\nthis is no line\n", "Line 2 is not NAME=value"),
        (b'A="never closed\n', "Line 1 is not NAME=value"),
        (b"A=caf\xe9\n", "not UTF-8"),
    ],
)
def test_a_broken_file_is_refused_by_its_line(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / ".env").write_bytes(content)

    with pytest.raises(ConfigError, match=said) as refused:
        Environment.of(tmp_path, {})
    assert refused.value.problems[0].file == ".env"


def test_a_folder_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()

    with pytest.raises(ConfigError, match="cannot be read"):
        Environment.of(tmp_path, {})


def test_a_file_that_a_variable_names_is_read_from_the_folder_of_the_config(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("  kept apart\n", "utf-8")

    assert Environment({"A_FILE": "secret"}, tmp_path).expand("<${A}>") == "<kept apart>"


def test_a_value_wins_over_a_file(tmp_path: Path) -> None:
    assert Environment({"A": "value", "A_FILE": "nowhere"}, tmp_path).expand("${A}") == "value"


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({}, r"The variable A is not set. Write A=… into the .env file"),
        ({"A": "  "}, r"The variable A is not set"),
        ({"A_FILE": "nowhere"}, r"The file that A_FILE names cannot be read: nowhere"),
        ({"A_FILE": "latin"}, r"The file that A_FILE names cannot be read: latin"),
        ({"A_FILE": "empty"}, r"The file that A_FILE names is empty: empty"),
    ],
)
def test_what_has_no_value_is_named(tmp_path: Path, variables: dict[str, str], said: str) -> None:
    (tmp_path / "empty").write_text(" \n", "utf-8")
    (tmp_path / "latin").write_bytes(b"\xe9")

    with pytest.raises(UnsetVariableError, match=said) as refused:
        Environment(variables, tmp_path).expand("${A}")
    assert refused.value.name == "A"


def test_texts_in_lists_and_tables_are_expanded_and_the_unset_left_out() -> None:
    told: list[tuple[tuple[str, ...], str]] = []
    table = {"a": "${A}", "b": ["x${A}", "${NO}", 3], "c": {"d": "${NO}", "e": True}}

    expanded = Environment({"A": "1"}).expanded(table, lambda *what: told.append(what))

    assert expanded == {"a": "1", "b": ["x1", 3], "c": {"e": True}}
    assert [keys for keys, _ in told] == [("b",), ("c", "d")]


@given(st.text(min_size=6).filter(lambda text: len(text.strip()) >= 6), st.text(), st.text())
def test_no_value_that_was_given_is_read_in_a_text_again(
    value: str, before: str, after: str
) -> None:
    environment = Environment({"A": value})
    text = f"{before}{environment.expand('${A}')}{after}"

    assert value.strip() not in environment.without_values(text).replace("${A}", "\0")


@pytest.mark.parametrize(
    ("text", "names"), [("${A}", True), ("x${A_1}y", True), ("$A", False), ("${1}", False)]
)
def test_a_variable_is_written_in_braces(text: str, names: bool) -> None:
    assert names_a_variable(text) is names
