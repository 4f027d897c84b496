"""Where channels are written: ``channels.toml``, and ``channels/*.toml`` and ``channels/*.csv``
beside it.

A CSV has a row for each channel; its first row names the keys, ``name`` and ``platform`` among
them. An empty cell is a key left out; several values in one cell are parted by spaces::

    name,platform,url,languages,timezone,post_at
    ottawa,slack,https://hooks.slack.com/services/…,en fr,America/Toronto,09:00
"""

from __future__ import annotations

import csv
import stat
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, get_args

from bot.channels.registry import UnknownPlatformError, platform
from bot.errors import ConfigError, Problem
from bot.project.places import Places
from bot.settings.models import ChannelFields
from bot.settings.toml_files import read_toml, refused

MAIN = "channels.toml"
FOLDER = "channels"


@dataclass(frozen=True)
class ChannelFile:
    """The tables of one file. ``holds_secrets``: it is kept like ``.env``, not like a document."""

    label: str
    tables: Mapping[str, Any]
    holds_secrets: bool = False


def channel_paths(places: Places) -> list[Path]:
    """Return the files that are there, in the order in which they are read."""
    folder = places.main_config / FOLDER
    main = places.main_config / MAIN
    others = sorted([*folder.glob("*.toml"), *folder.glob("*.csv")])
    # missed where nothing else says what is posted where
    return [main, *others] if main.exists() or not others else others


def read_channel_files(places: Places, problems: list[Problem]) -> list[ChannelFile]:
    """Read the files; what cannot be read, or stands in two of them, is added to ``problems``."""
    files = []
    for path in channel_paths(places):
        label = places.label(path)
        try:
            if path.suffix == ".csv":
                files.append(_csv_file(path, label, problems))
            else:
                files.append(ChannelFile(label, read_toml(path, label)))
        except ConfigError as error:
            problems.extend(error.problems)
    first: dict[str, str] = {}
    for file in files:
        entries = file.tables.get("channels", {})
        for name in entries if isinstance(entries, dict) else ():
            there = first.setdefault(name, file.label)
            if there != file.label:
                sentence = f"The channel stands in {there} too. Give each a name of its own."
                problems.append(
                    Problem("error", "declared-twice", file.label, f"channels.{name}", sentence)
                )
    return files


def _csv_file(path: Path, label: str, problems: list[Problem]) -> ChannelFile:
    if path.stat().st_mode & stat.S_IROTH:
        sentence = (
            "It holds secret addresses, and everybody on this machine may read it: chmod 600."
        )
        problems.append(Problem("warning", "readable-secrets", label, "", sentence))
    return ChannelFile(label, {"channels": read_csv(path, label)}, holds_secrets=True)


def read_csv(path: Path, label: str) -> dict[str, dict[str, Any]]:
    """Return the tables of a CSV by the channels' names. Raises ConfigError, with every row that
    cannot be read."""
    problems: list[Problem] = []
    tables: dict[str, dict[str, Any]] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            rows = csv.reader(lines, strict=True)
            header = [cell.strip() for cell in next(rows, [])]
            _refuse_header(header, label)
            name_at = header.index("name")
            for row in rows:
                if not row:
                    continue
                name = row[name_at].strip() if len(row) > name_at else ""
                sentence = _row_problem(header, row, name, name in tables)
                if sentence:
                    where = f"line {rows.line_num}"
                    problems.append(Problem("error", "bad-row", label, where, sentence))
                    continue
                tables[name] = _table(dict(zip(header, row, strict=True)))
    except FileNotFoundError:
        raise refused(label, "file-missing", f"There is no such file: {path}.") from None
    except UnicodeDecodeError:
        raise refused(label, "not-utf8", "The file is not UTF-8 text. Save it as UTF-8.") from None
    except csv.Error as error:
        raise refused(label, "not-csv", f"This is not CSV: {error}.") from None
    except OSError as error:
        raise refused(label, "file-unreadable", f"Cannot be read: {error.strerror}.") from None
    if problems:
        raise ConfigError(problems)
    return tables


def _table(cells: Mapping[str, str]) -> dict[str, Any]:
    """Return what TOML would give for a row."""
    forms = _forms(cells["platform"].strip())
    return {
        key: forms.get(key, str)(cell.strip())
        for key, cell in cells.items()
        if key not in ("name", "") and cell.strip()
    }


def _refuse_header(header: Sequence[str], label: str) -> None:
    for needed in ("name", "platform"):
        if needed not in header:
            raise refused(
                label,
                "bad-header",
                f"The first row has to name the columns, and there is no '{needed}' among them.",
            )
    twice = {key for key in header if header.count(key) > 1}
    if twice:
        raise refused(label, "bad-header", f"The column '{min(twice)}' is there twice.")


def _row_problem(
    header: Sequence[str], row: Sequence[str], name: str, is_there: bool
) -> str | None:
    if len(row) != len(header):
        return f"There are {len(row)} cells for {len(header)} columns: look for a comma too many."
    if not name:
        return "The name is missing."
    if is_there:
        return f"The name '{name}' is there twice. Give each a name of its own."
    return None


@cache
def _forms(kind: str) -> Mapping[str, Callable[[str], Any]]:
    """Return the keys that are not plain texts, with how their cells are read."""
    models: list[type[Any]] = [ChannelFields]
    with suppress(UnknownPlatformError):  # said of each channel when it is read
        models.append(platform(kind).options_model)
    forms = {
        key: _form(field.annotation)
        for model in models
        for key, field in model.model_fields.items()
    }
    return {key: form for key, form in forms.items() if form is not None}


def _form(annotation: Any) -> Callable[[str], Any] | None:
    kinds = kinds_in(annotation)
    if tuple in kinds or list in kinds:
        return _words if int not in kinds else _numbers
    if bool in kinds:
        return _yes_or_no
    return _number if int in kinds and str not in kinds else None


def kinds_in(annotation: Any) -> set[Any]:
    """Return a type with all that it is made of."""
    kinds = {annotation, getattr(annotation, "__origin__", annotation)}
    for inner in get_args(annotation):
        kinds |= kinds_in(inner)
    return kinds


def _words(text: str) -> list[str]:
    return text.replace(";", " ").split()


def _numbers(text: str) -> list[Any]:
    return [_number(word) for word in _words(text)]


def _number(text: str) -> Any:
    # what is none is refused with the channel, in the words that TOML gets
    return int(text) if text.lstrip("-").isdecimal() else text


def _yes_or_no(text: str) -> Any:
    return {"true": True, "yes": True, "false": False, "no": False}.get(text.lower(), text)
