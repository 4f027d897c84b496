"""Dates, hours and lengths of time as the reader writes them. Times are local and say so."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal

from bot.content.languages import Language
from bot.web.i18n import _, ngettext, spoken

LOCALES = {"en": "en_CA", "fr": "fr_CA", "es": "es_MX"}


class Moments:
    """Writes dates in the language that is spoken, by the patterns of the messages themselves."""

    def __init__(self, languages: Mapping[str, Language]) -> None:
        self._languages = languages

    def date(self, on: dt.date) -> str:
        """Return "9 December 2026"."""
        return self._language().date(on)

    def day(self, on: dt.date) -> str:
        """Return "9 December"."""
        return self._language().day(on)

    def full(self, on: dt.date) -> str:
        """Return "Wednesday 9 December 2026"."""
        return f"{self.weekday(on)} {self.date(on)}"

    def weekday(self, on: dt.date) -> str:
        """Return "Wednesday", "mercredi", "miércoles"."""
        return str(format_date(on, "EEEE", locale=_locale()))

    def month(self, month: int) -> str:
        """Return the month's short name."""
        name = str(format_date(dt.date(2026, month, 1), "LLL", locale=_locale()))
        return name.rstrip(".").capitalize()

    def instant(self, at: dt.datetime, zone: ZoneInfo) -> str:
        """Return "9 December 2026, 09:00 EST"."""
        return f"{self.date(at.astimezone(zone).date())}, {self.hour(at, zone)}"

    def hour(self, at: dt.datetime, zone: ZoneInfo) -> str:
        """Return "09:00 EST", or "09:00 UTC-3" where the zone has no name of its own."""
        local = at.astimezone(zone)
        name = local.tzname() or ""
        zone_name = f"UTC{name}" if name[:1] in "+-" else name
        return f"{local:%H:%M} {zone_name}"

    def _language(self) -> Language:
        code = spoken()
        return self._languages.get(code) or next(iter(self._languages.values()))


def _locale() -> Locale:
    return Locale.parse(LOCALES[spoken()])


def number(value: int) -> str:
    """Return a number with the reader's grouping."""
    return str(format_decimal(value, locale=_locale())).replace("\u202f", "\u00a0")


def wait(length: dt.timedelta) -> str:
    """Return a length of time roughly, as a person says it: "in 15 days", "2 hours ago"."""
    seconds = int(length.total_seconds())
    ahead, size = seconds >= 0, abs(seconds)
    if size >= 2 * 86400:
        count = size // 86400
        text = ngettext("{n} day", "{n} days", count)
    elif size >= 2 * 3600:
        count = size // 3600
        text = ngettext("{n} hour", "{n} hours", count)
    elif size >= 60:
        count = size // 60
        text = ngettext("{n} minute", "{n} minutes", count)
    else:
        count = size
        text = ngettext("{n} second", "{n} seconds", count)
    span = text.format(n=number(count))
    return _("in {time}").format(time=span) if ahead else _("{time} ago").format(time=span)
