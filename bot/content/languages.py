"""Languages as the messages write them: one ``language.toml`` each, no Python for a new one.

Numbers, dates and the plural category of an ordinal come from the CLDR through Babel; how an
ordinal is written ("78th", "78e", "78.º") Babel does not know, so that it stands in the file.
"""

from __future__ import annotations

import datetime
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from babel import Locale, UnknownLocaleError, localedata
from babel.core import get_global
from babel.dates import format_date, parse_pattern
from babel.numbers import format_decimal

from bot.errors import ConfigError, Problem, nearest

NO_BREAK_SPACE = "\u00a0"
_NARROW_NO_BREAK_SPACE = "\u202f"
_PLURAL_CATEGORIES = ("zero", "one", "two", "few", "many", "other")
_PATTERN_LETTERS = {"date": "dMy", "day": "dM", "month": "My"}
"""The CLDR letters that each date pattern has, all of them (``L`` may stand for ``M``)."""
_UNSAID = (
    *("languages", "scripts", "territories", "variants"),
    *("currency_names", "currency_names_plural", "currency_symbols", "compact_currency_formats"),
    *("unit_display_names", "unit_patterns", "compound_unit_patterns", "compact_decimal_formats"),
    *("meta_zones", "time_zones", "date_fields", "datetime_skeletons", "interval_formats"),
)
"""What the CLDR knows of a language and no message says."""

_QUOTED = re.compile(r"('(?:[^']|'')*')")


@dataclass(frozen=True)
class Labels:
    """The language's own words around a message; ``digest_title`` holds ``{month}``."""

    actions: str
    action_one: str
    sources: str
    footer: str
    notice: str
    digest_title: str
    test_message: str


@dataclass(frozen=True)
class Language:
    """A language. ``locale`` is the CLDR's ("en_CA"); the patterns are the CLDR's date patterns."""

    code: str
    locale: str
    name: str
    date_pattern: str
    day_pattern: str
    month_pattern: str
    ordinals: Mapping[str, str]
    ordinals_feminine: Mapping[str, str]
    labels: Labels
    first_of_month: str | None = None
    file: str = ""
    _babel: Locale = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        babel = Locale.parse(self.locale)
        _forget_what_is_unsaid(str(babel))
        object.__setattr__(self, "_babel", babel)

    def number(self, number: int | str) -> str:
        """Return a number with the language's grouping ("1 234" in French); text as it is."""
        if isinstance(number, str):
            return number
        return _one_kind_of_space(format_decimal(number, locale=self._babel))

    def date(self, on: datetime.date) -> str:
        """Return the date with its year, such as "9 December 2026"."""
        return self._formatted(on, self.date_pattern)

    def day(self, on: datetime.date) -> str:
        """Return the date without its year, such as "9 December"."""
        return self._formatted(on, self.day_pattern)

    def month(self, on: datetime.date) -> str:
        """Return the month with its year, such as "December 2026"."""
        return self._formatted(on, self.month_pattern)

    def ordinal(self, n: int, *, feminine: bool = False) -> str:
        """Return "78th", "78e", "78.º", or the feminine "1re", "78.ª"."""
        forms = self.ordinals_feminine if feminine else self.ordinals
        return forms[self._babel.ordinal_form(n)].replace("{n}", self.number(n))

    def _formatted(self, on: datetime.date, pattern: str) -> str:
        if on.day == 1 and self.first_of_month:
            pattern = _with_first_of_month(pattern, self.first_of_month)
        return _one_kind_of_space(format_date(on, format=pattern, locale=self._babel))


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


_TEXT_KEYS = ("locale", "name", "date", "day", "month", "first_of_month")
_LABEL_KEYS = tuple(label.name for label in fields(Labels))
_TABLES: Mapping[str, tuple[str, ...]] = {
    "ordinal": _PLURAL_CATEGORIES,
    "ordinal_feminine": _PLURAL_CATEGORIES,
    "labels": _LABEL_KEYS,
}


def _read(path: Path, file: str, problems: list[Problem]) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        said = f"The file is not TOML in UTF-8: {error}."
        problems.append(Problem("error", "not-toml", file, "", said))
    except OSError as error:
        said = f"The file cannot be read: {error.strerror}."
        problems.append(Problem("error", "file-unreadable", file, "", said))
    return {}


def _overlay(under: dict[str, Any], over: Mapping[str, Any]) -> None:
    for key, value in over.items():
        if isinstance(value, dict):
            under[key] = {**under.get(key, {}), **value}
        else:
            under[key] = value


def _key_problems(table: Mapping[str, Any], file: str) -> list[Problem]:
    """Return what can be said of one file alone: unknown keys, and values of the wrong kind."""
    known = (*_TEXT_KEYS, *_TABLES)
    problems = []
    for key, value in table.items():
        if key not in known:
            said = f"There is no key '{key}' in a language.{nearest(key, known)}"
            problems.append(Problem("error", "unknown-key", file, key, said))
        elif key not in _TABLES:
            problems.extend(_text_problem(value, file, key))
        elif not isinstance(value, dict):
            said = f"'{key}' must be a table: [{key}] on a line of its own, its keys below."
            problems.append(Problem("error", "not-a-table", file, key, said))
        else:
            for inner, text in value.items():
                entry = f"{key}.{inner}"
                if inner not in _TABLES[key]:
                    said = f"There is no key '{inner}' in [{key}].{nearest(inner, _TABLES[key])}"
                    problems.append(Problem("error", "unknown-key", file, entry, said))
                problems.extend(_text_problem(text, file, entry))
    return problems


def _text_problem(value: object, file: str, entry: str) -> list[Problem]:
    if isinstance(value, str) and value.strip():
        return []
    return [Problem("error", "not-text", file, entry, "This must be text in quotes, not empty.")]


def _value_problems(table: Mapping[str, Any], file: str) -> list[Problem]:
    """Return what is wrong with a language once all its files are laid over each other."""
    problems = [
        Problem("error", "missing-key", file, key, f"The key '{key}' is missing.")
        for key in (*_TEXT_KEYS, *_TABLES)
        if key not in table and key != "first_of_month"
    ]
    locale = _locale(table.get("locale", ""))
    if locale is None and "locale" in table:
        said = f"'{table['locale']}' is no locale that Babel knows, such as en_CA or es_MX."
        problems.append(Problem("error", "unknown-locale", file, "locale", said))
    for key, letters in _PATTERN_LETTERS.items():
        said = _pattern_fault(table.get(key), letters)
        if said:
            problems.append(Problem("error", "bad-date-pattern", file, key, said))
    if locale is not None:
        wanted = {"other", *locale.ordinal_form.tags}
        for key in ("ordinal", "ordinal_feminine"):
            problems.extend(_ordinal_problems(table.get(key), wanted, file, key))
    labels = table.get("labels")
    if labels is not None:
        problems.extend(_label_problems(labels, file))
    return problems


def _label_problems(labels: Mapping[str, str], file: str) -> list[Problem]:
    problems = [
        Problem("error", "missing-key", file, f"labels.{key}", f"The key '{key}' is missing.")
        for key in _LABEL_KEYS
        if key not in labels
    ]
    if "{month}" not in labels.get("digest_title", "{month}"):
        said = "The title of a digest must hold {month}, which becomes the month and its year."
        problems.append(Problem("error", "no-placeholder", file, "labels.digest_title", said))
    return problems


def _ordinal_problems(
    forms: Mapping[str, str] | None, wanted: Iterable[str], file: str, key: str
) -> list[Problem]:
    if forms is None:
        return []
    problems = []
    for category in sorted(set(wanted) - set(forms)):
        said = f"[{key}] lacks '{category}', which this locale's ordinals have."
        problems.append(Problem("error", "missing-key", file, f"{key}.{category}", said))
    for category, text in forms.items():
        entry = f"{key}.{category}"
        if category not in wanted:
            there = ", ".join(sorted(wanted))
            said = f"This locale's ordinals have no '{category}', only: {there}."
            problems.append(Problem("error", "unknown-key", file, entry, said))
        if "{n}" not in text:
            said = 'An ordinal must hold {n}, which becomes the number, such as "{n}th".'
            problems.append(Problem("error", "no-placeholder", file, entry, said))
    return problems


def _locale(text: str) -> Locale | None:
    try:
        return Locale.parse(text) if text else None
    except (UnknownLocaleError, ValueError):
        return None


def _pattern_fault(pattern: str | None, letters: str) -> str:
    """Return what is wrong with a date pattern, or ""."""
    if pattern is None:
        return ""
    found = set("".join(_QUOTED.sub("", pattern).split()).replace("L", "M"))
    used = {letter for letter in found if letter.isascii() and letter.isalpha()}
    example = {"dMy": "d MMMM y", "dM": "d MMMM", "My": "MMMM y"}[letters]
    wrong = (
        f'"{pattern}" is not this kind of date pattern: it has {" and ".join(letters)} and nothing '
        f'else, as in "{example}"; words stand in single quotes, as in "d \'de\' MMMM".'
    )
    if used != set(letters):
        return wrong
    try:
        parse_pattern(pattern)
    except ValueError:
        return wrong
    return ""


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


def _forget_what_is_unsaid(locale: str) -> None:
    """Drop what no message says from the data that Babel keeps of a locale, and of those that it
    inherits from: 4 MB for three languages."""
    line = [locale]
    while line[0] != "root":
        above = get_global("parent_exceptions").get(line[0]) or line[0].rpartition("_")[0]
        line.insert(0, above or "root")
    # from the root on: what is dropped there is inherited by none
    for name in line:
        data = localedata.load(name)
        for key in _UNSAID:
            data.pop(key, None)


def _with_first_of_month(pattern: str, first: str) -> str:
    quoted = "'" + first.replace("'", "''") + "'"
    pieces = _QUOTED.split(pattern)
    return "".join(
        piece if piece.startswith("'") else re.sub("d+", lambda _: quoted, piece)
        for piece in pieces
    )


def _one_kind_of_space(text: str) -> str:
    return text.replace(_NARROW_NO_BREAK_SPACE, NO_BREAK_SPACE)
