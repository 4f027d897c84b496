"""The ``language.toml`` of each language: read, checked, and laid over what ships. No Python for a
new language."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import parse_pattern

from bot.content.languages import QUOTED, Labels, Language
from bot.errors import ConfigError, Problem, nearest

_PLURAL_CATEGORIES = ("zero", "one", "two", "few", "many", "other")
_PATTERN_LETTERS = {"date": "dMy", "day": "dM", "month": "My"}
"""The CLDR letters that each date pattern has, all of them (``L`` may stand for ``M``)."""
_TEXT_KEYS = ("locale", "name", "date", "day", "month", "first_of_month")
_LABEL_KEYS = tuple(label.name for label in fields(Labels))
_TABLES: Mapping[str, tuple[str, ...]] = {
    "ordinal": _PLURAL_CATEGORIES,
    "ordinal_feminine": _PLURAL_CATEGORIES,
    "labels": _LABEL_KEYS,
}


def load_languages(roots: Sequence[Path]) -> Mapping[str, Language]:
    """Return the languages by code: each folder ``<root>/<code>/`` that holds a ``language.toml``.

    A later root's file (the group's own) adds to an earlier one's, and replaces it key by key.
    Raises ConfigError with every problem of every file.
    """
    merged: dict[str, dict[str, Any]] = {}
    files: dict[str, str] = {}
    problems: list[Problem] = []
    for root in roots:
        for path in sorted(root.glob("*/language.toml")):
            code = path.parent.name
            files[code] = f"{root.name}/{code}/language.toml"
            table = _read(path, files[code], problems)
            problems.extend(_key_problems(table, files[code]))
            _overlay(merged.setdefault(code, {}), table)
    if problems:
        raise ConfigError(problems)
    for code, table in merged.items():
        problems.extend(_value_problems(table, files[code]))
    if problems:
        raise ConfigError(problems)
    return {code: _language(code, table, files[code]) for code, table in sorted(merged.items())}


def _read(path: Path, file: str, problems: list[Problem]) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        sentence = f"The file is not TOML in UTF-8: {error}."
        problems.append(Problem("error", "not-toml", file, "", sentence))
    except OSError as error:
        sentence = f"The file cannot be read: {error.strerror}."
        problems.append(Problem("error", "file-unreadable", file, "", sentence))
    return {}


def _overlay(under: dict[str, Any], over: Mapping[str, Any]) -> None:
    for key, value in over.items():
        if isinstance(value, dict):
            under[key] = {**under.get(key, {}), **value}
        else:
            under[key] = value


def _key_problems(table: Mapping[str, Any], file: str) -> Iterator[Problem]:
    """Yield what can be said of one file alone: unknown keys, and values of the wrong kind."""
    keys = (*_TEXT_KEYS, *_TABLES)
    for key, value in table.items():
        if key not in keys:
            sentence = f"There is no key '{key}' in a language.{nearest(key, keys)}"
            yield Problem("error", "unknown-key", file, key, sentence)
        elif key not in _TABLES:
            yield from _text_problem(value, file, key)
        elif not isinstance(value, dict):
            sentence = f"'{key}' must be a table: [{key}] on a line of its own, its keys below."
            yield Problem("error", "not-a-table", file, key, sentence)
        else:
            for inner, text in value.items():
                entry, near = f"{key}.{inner}", nearest(inner, _TABLES[key])
                if inner not in _TABLES[key]:
                    sentence = f"There is no key '{inner}' in [{key}].{near}"
                    yield Problem("error", "unknown-key", file, entry, sentence)
                yield from _text_problem(text, file, entry)


def _text_problem(value: object, file: str, entry: str) -> Iterator[Problem]:
    if not isinstance(value, str) or not value.strip():
        yield Problem("error", "not-text", file, entry, "This must be text in quotes, not empty.")


def _value_problems(table: Mapping[str, Any], file: str) -> Iterator[Problem]:
    """Yield what is wrong with a language once all its files are laid over each other."""
    for key in (*_TEXT_KEYS, *_TABLES):
        if key not in table and key != "first_of_month":
            yield Problem("error", "missing-key", file, key, f"The key '{key}' is missing.")
    locale = _locale(table.get("locale", ""))
    if locale is None and "locale" in table:
        sentence = f"'{table['locale']}' is no locale that Babel knows, such as en_CA or es_MX."
        yield Problem("error", "unknown-locale", file, "locale", sentence)
    for key, letters in _PATTERN_LETTERS.items():
        sentence = _pattern_fault(table.get(key), letters)
        if sentence:
            yield Problem("error", "bad-date-pattern", file, key, sentence)
    categories = {"other", *locale.ordinal_form.tags} if locale else None
    for key in ("ordinal", "ordinal_feminine"):
        if key in table and categories:
            yield from _ordinal_problems(table[key], categories, file, key)
    if "labels" in table:
        yield from _label_problems(table["labels"], file)


def _label_problems(labels: Mapping[str, str], file: str) -> Iterator[Problem]:
    for key in _LABEL_KEYS:
        if key not in labels:
            sentence = f"The key '{key}' is missing."
            yield Problem("error", "missing-key", file, f"labels.{key}", sentence)
    if "{month}" not in labels.get("digest_title", "{month}"):
        sentence = "The title of a digest must hold {month}, which becomes the month and its year."
        yield Problem("error", "no-placeholder", file, "labels.digest_title", sentence)


def _ordinal_problems(
    forms: Mapping[str, str], categories: Collection[str], file: str, key: str
) -> Iterator[Problem]:
    for category in sorted(set(categories) - set(forms)):
        sentence = f"[{key}] lacks '{category}', which this locale's ordinals have."
        yield Problem("error", "missing-key", file, f"{key}.{category}", sentence)
    for category, text in forms.items():
        entry = f"{key}.{category}"
        if category not in categories:
            there = ", ".join(sorted(categories))
            sentence = f"This locale's ordinals have no '{category}', only: {there}."
            yield Problem("error", "unknown-key", file, entry, sentence)
        if "{n}" not in text:
            sentence = 'An ordinal must hold {n}, which becomes the number, such as "{n}th".'
            yield Problem("error", "no-placeholder", file, entry, sentence)


def _locale(text: str) -> Locale | None:
    try:
        return Locale.parse(text) if text else None
    except (UnknownLocaleError, ValueError):
        return None


def _pattern_fault(pattern: str | None, letters: str) -> str:
    """Return what is wrong with a date pattern, or ""."""
    if pattern is None:
        return ""
    letters_used = set("".join(QUOTED.sub("", pattern).split()).replace("L", "M"))
    used = {letter for letter in letters_used if letter.isascii() and letter.isalpha()}
    example = {"dMy": "d MMMM y", "dM": "d MMMM", "My": "MMMM y"}[letters]
    wrong = (
        f'"{pattern}" is not this kind of date pattern: it has {" and ".join(letters)} and nothing '
        f'else, as in "{example}"; words stand in single quotes, as in "d \'de\' MMMM".'
    )
    try:
        parse_pattern(pattern)
    except ValueError:
        return wrong
    return "" if used == set(letters) else wrong


def _language(code: str, table: Mapping[str, Any], file: str) -> Language:
    return Language(
        code=code,
        locale=table["locale"],
        name=table["name"],
        date_pattern=table["date"],
        day_pattern=table["day"],
        month_pattern=table["month"],
        ordinals=table["ordinal"],
        ordinals_feminine=table["ordinal_feminine"],
        labels=Labels(**table["labels"]),
        first_of_month=table.get("first_of_month"),
        file=file,
    )
