"""The variables of a message, by name, and when each is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from bot.calendar.observances import Occurrence
from bot.content.languages import Language

PROSE: Mapping[str, str] = {
    "date": "it is not in the digest",
    "day": "it is not in the digest",
    "year": "it is not in the digest",
    "name": "it is not in the digest",
    "fact": "it is not in the digest",
    "ordinal": "it needs `count`, with `since` for observances or `event` for years",
    "ordinal_f": "it needs `count`, with `since` for observances or `event` for years",
    "anniversary": "it needs `event` and `count`",
    "anniversary_f": "it needs `event` and `count`",
    "years": "it needs `event`",
}
"""What the texts of an entry may print, and why it may not be there."""

VOCABULARY: Mapping[str, str] = {
    **PROSE,
    "opening": "it stands in templates only, and not in the digest",
    "story": "it stands in templates only, where the day has a story",
    "together": "it stands in templates only, where the day has it; ask with `is defined`",
    "lead_days": "it is in notice.md.j2 only",
    "items": "it is in digest.md.j2 only",
    "month": "it is in digest.md.j2 only",
}
"""All that a template may print."""


def variables(
    occurrence: Occurrence, language: Language, name: str, fact: Callable[[str], str]
) -> dict[str, object]:
    """Return the variables of an occurrence's texts; those that do not apply are left out.

    A number under 1 is left out too: there is no 0th anniversary.
    """
    on = occurrence.date
    values: dict[str, object] = {
        "date": language.date(on),
        "day": language.day(on),
        "year": on.year,
        "name": name,
        "fact": fact,
    }
    for key, number in (
        ("ordinal", occurrence.ordinal),
        ("anniversary", occurrence.anniversary),
    ):
        if number is not None and number >= 1:
            values[key] = language.ordinal(number)
            values[f"{key}_f"] = language.ordinal(number, feminine=True)
    if occurrence.years is not None:
        values["years"] = occurrence.years
    return values
