"""Answers for people: on a wide terminal, on a narrow one, and through a pipe."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from io import StringIO

import pytest
from rich.console import Console

from bot.cli.output import complain, console, print_indented, print_json, print_table
from bot.schemas import utc_text

KEY = "genocide-prevention-day/2026-12-09/0/ottawa-and-others/en+fr+es"
NAME = "International Day of Commemoration and Dignity of the Victims of the Crime of Genocide"
COLUMNS = ("due", "state", "key", "what")
ROWS = [("Wed 9 Dec", "delivered", KEY, NAME), ("Thu 10 Dec", "held", KEY, "")]


def _terminal(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.delenv("FORCE_COLOR", raising=False)


def _read(capsys: pytest.CaptureFixture[str]) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)


def _printed(capsys: pytest.CaptureFixture[str]) -> str:
    print_table("History", COLUMNS, ROWS, empty="Nothing.", fold="what", whole=("key",))
    return _read(capsys)


def test_a_wide_terminal_gets_a_table_with_each_row_on_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _terminal(monkeypatch, 200)

    lines = _printed(capsys).splitlines()

    assert any(line.split() == list(COLUMNS) for line in lines)
    (row,) = [line for line in lines if "delivered" in line]
    assert KEY in row and NAME in row
    assert all(len(line) <= 200 for line in lines)


def test_a_table_folds_its_last_column_where_that_is_enough(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _terminal(monkeypatch, 140)

    lines = _printed(capsys).splitlines()

    assert any(line.split() == list(COLUMNS) for line in lines)
    assert any(KEY in line for line in lines)
    assert not any(NAME in line for line in lines)
    assert all(len(line) <= 140 for line in lines)


def test_a_narrow_terminal_gets_a_list_in_which_no_key_is_cut(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _terminal(monkeypatch, 80)

    lines = [line.rstrip() for line in _printed(capsys).splitlines()]

    assert lines == [
        "History",
        "",
        "Wed 9 Dec   delivered",
        f"  {KEY}",
        "  International Day of Commemoration and Dignity of the Victims of the Crime of",
        "  Genocide",
        "",
        "Thu 10 Dec  held",
        f"  {KEY}",
    ]


def test_a_pipe_gets_lines_without_colour_that_are_neither_cut_nor_padded(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_table("History", COLUMNS, ROWS, empty="Nothing.", fold="what", whole=("key",))
    out = capsys.readouterr().out

    assert out.splitlines() == [
        f"due         state      {'key'.ljust(len(KEY))}  what",
        f"Wed 9 Dec   delivered  {KEY}  {NAME}",
        f"Thu 10 Dec  held       {KEY}",
    ]
    assert "\x1b" not in out


def test_what_looks_like_markup_is_printed_as_it_stands(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for width in (40, 200):
        _terminal(monkeypatch, width)
        print_table("T", ("a",), [("[bold]x[/bold]",)], empty="", fold="a")
        assert "[bold]x[/bold]" in capsys.readouterr().out


def test_no_row_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    print_table("T", ("a",), [], empty="Nothing yet.", fold="a")

    assert capsys.readouterr().out == "Nothing yet.\n"


def test_paragraphs_are_folded_on_a_terminal_and_whole_in_a_pipe(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    print_indented(console(), f"{NAME} {NAME} {NAME}\nand more")
    assert capsys.readouterr().out == f"  {NAME} {NAME} {NAME}\n  and more\n"

    _terminal(monkeypatch, 60)
    print_indented(console(), NAME)
    lines = _read(capsys).splitlines()
    assert len(lines) == 2
    assert all(line.startswith("  ") and len(line) <= 60 for line in lines)


def test_a_reader_that_has_gone_is_told_to_whoever_runs_the_command() -> None:
    out: Console = console()

    with pytest.raises(BrokenPipeError):
        out.on_broken_pipe()


def test_json_holds_instants_in_utc_and_dates(capsys: pytest.CaptureFixture[str]) -> None:
    moment = datetime.fromisoformat("2026-12-09T09:00:00.123-05:00")

    print_json({"at": moment, "on": date(2026, 12, 9), "é": None})

    assert capsys.readouterr().out == (
        '{\n  "at": "2026-12-09T14:00:00Z",\n  "on": "2026-12-09",\n  "é": null\n}\n'
    )
    assert utc_text(datetime(2026, 12, 9, 14, tzinfo=UTC)) == "2026-12-09T14:00:00Z"


def test_what_has_no_json_form_is_a_defect_and_not_a_guess() -> None:
    with pytest.raises(TypeError, match="StringIO has no JSON form"):
        print_json(StringIO())


def test_a_word_beside_the_answer_goes_to_the_error_stream(
    capsys: pytest.CaptureFixture[str],
) -> None:
    complain("By the way.")

    assert capsys.readouterr() == ("", "By the way.\n")
