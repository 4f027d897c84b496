"""Languages as the messages write them.

Numbers, dates and the plural category of an ordinal come from the CLDR through Babel; how an
ordinal is written ("78th", "78e", "78.º") Babel does not know: it stands in ``language.toml``.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from babel import Locale, localedata
from babel.core import get_global
from babel.dates import format_date
from babel.numbers import format_decimal

NO_BREAK_SPACE = "\u00a0"
_NARROW_NO_BREAK_SPACE = "\u202f"
_UNUSED = (
    *("languages", "scripts", "territories", "variants"),
    *("currency_names", "currency_names_plural", "currency_symbols", "compact_currency_formats"),
    *("unit_display_names", "unit_patterns", "compound_unit_patterns", "compact_decimal_formats"),
    *("meta_zones", "time_zones", "date_fields", "datetime_skeletons", "interval_formats"),
)
"""What the CLDR knows of a language and no message says."""

QUOTED = re.compile(r"('(?:[^']|'')*')")


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
        for key in _UNUSED:
            data.pop(key, None)


def _with_first_of_month(pattern: str, first: str) -> str:
    quoted = "'" + first.replace("'", "''") + "'"
    pieces = QUOTED.split(pattern)
    return "".join(
        piece if piece.startswith("'") else re.sub("d+", lambda _: quoted, piece)
        for piece in pieces
    )


def _one_kind_of_space(text: str) -> str:
    return text.replace(_NARROW_NO_BREAK_SPACE, NO_BREAK_SPACE)
