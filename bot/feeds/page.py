"""The calendar as a page of Markdown: every day, its rule, its dates, its authority and sources.

The same calendar and first year give the same page, on whatever day it is made.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from bot.calendar.observances import Observance, Occurrence
from bot.calendar.occurrences import next_occurrence, occurrences
from bot.content.languages import Language
from bot.content.markdown import escape_markdown
from bot.content.texts import DayText, SourceText
from bot.project.days import Days, DisabledDay

FIRST_YEAR = 2027
"""The first of the years whose dates the page gives, unless another is asked for."""
YEARS = 3

_MAIN = "en"
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_CORE = "core"
_ON, _GATED, _ON_REQUEST = "●", "◐", "○"


def calendar_page(
    days: Days, languages: Mapping[str, Language], first_year: int = FIRST_YEAR
) -> str:
    """Return the page, in English, with the names in every language that the days have.

    ``languages`` must have English.
    """
    ordered = sorted(days.calendar, key=lambda observance: _place(observance, first_year))
    lines = [
        "# The calendar",
        "",
        "Every day that Vigilia knows, with its rule, its authority and its sources. This page is "
        "made by `vigilia calendar --markdown docs/calendar.md` from `config/observances/`: "
        "change the days there.",
        "",
        *_legend(days.calendar),
        "",
        "## At a glance",
        "",
        f"| | {first_year} | day | themes |",
        "| --- | --- | --- | --- |",
        *(_row(observance, first_year, languages[_MAIN]) for observance in ordered),
        "",
        "## The days",
        "",
    ]
    for observance in ordered:
        lines += [*_section(observance, days.texts[observance.id], languages, first_year), ""]
    if days.disabled:
        lines += ["## Recorded as not posted", "", "So that nobody adds one unknowing.", ""]
        lines += [_disabled(days.disabled[id_]) for id_ in sorted(days.disabled)]
    return "\n".join(lines).rstrip("\n") + "\n"


def _place(observance: Observance, first_year: int) -> tuple[bool, int, int, int, str]:
    """Return what sorts the days through a year: by their next date, then as they are posted."""
    following = next_occurrence(observance, date(first_year - 1, 12, 31))
    on = following.date if following else date(first_year, 1, 1)
    return (following is None, on.month, on.day, -observance.priority, observance.id)


def _legend(calendar: Iterable[Observance]) -> list[str]:
    marks = [_mark(observance) for observance in calendar]
    return [
        f"- {_ON} ships on: every channel posts it unless it says otherwise ({marks.count(_ON)})",
        f"- {_GATED} ships on, and a person approves its words each year ({marks.count(_GATED)})",
        f"- {_ON_REQUEST} posted where a channel asks for it, by its id or a theme ("
        f"{marks.count(_ON_REQUEST)}); some of these are approved by a person too",
    ]


def _mark(observance: Observance) -> str:
    if _CORE not in observance.themes:
        return _ON_REQUEST
    return _GATED if observance.approval else _ON


def _row(observance: Observance, year: int, language: Language) -> str:
    dates = (
        ", ".join(language.day(occurrence.date) for occurrence in _of_years(observance, year, 1))
        or "–"
    )
    name = escape_markdown(_name(observance.names, observance.id))
    themes = ", ".join(theme for theme in observance.themes if theme != _CORE)
    return f"| {_mark(observance)} | {dates} | [{name}](#{observance.id}) | {themes} |"


def _section(
    observance: Observance, day: DayText, languages: Mapping[str, Language], first_year: int
) -> Iterator[str]:
    yield f"### {observance.id}"
    yield ""
    yield f"**{escape_markdown(_name(observance.names, observance.id))}**"
    yield ""
    for code, language in languages.items():
        if code != _MAIN and code in observance.names:
            yield f"- {language.name}: {escape_markdown(observance.names[code])}"
    yield f"- Standing: {_standing(observance)}"
    yield f"- Rule: {'; '.join(_rule(observance))}"
    dates = [
        _dated(occurrence, languages[_MAIN])
        for occurrence in _of_years(observance, first_year, YEARS)
    ]
    yield f"- {first_year} to {first_year + YEARS - 1}: {', '.join(dates) or 'none'}"
    near = list(_neighbours(observance))
    if near:
        yield f"- Days near it: {'; '.join(near)}"
    if day.authority:
        yield f"- Authority: {escape_markdown(day.authority)}"
    yield f"- Sources: {'; '.join(_sources(day))}"


def _standing(observance: Observance) -> str:
    gated = ", its words approved by a person each year" if observance.approval else ""
    themes = _ids(theme for theme in observance.themes if theme != _CORE)
    if _CORE in observance.themes:
        return f"ships on{gated}" + (f"; themes {themes}" if themes else "")
    by = f"themes {themes}" if themes else "its id"
    return f"posted where a channel asks for it{gated}; {by}"


def _rule(observance: Observance) -> Iterator[str]:
    yield f"{observance.kind}, `{observance.phrase}`"
    for weekday, days in sorted(observance.shift.items()):
        yield f"not on a {_WEEKDAYS[weekday]}, but {_days(days)}"
    for year, on in sorted(observance.moved.items()):
        yield f"in {year} on {on.isoformat()}"
    if observance.event is not None:
        yield f"remembers {observance.event}"
    if observance.milestones_only:
        yield "at milestones only"
    if observance.since is not None:
        yield f"first kept in {observance.since}"
    if observance.until is not None:
        yield f"last kept in {observance.until}"


def _days(days: int) -> str:
    many = "a day" if abs(days) == 1 else f"{abs(days)} days"
    return f"{many} {'later' if days > 0 else 'earlier'}"


def _neighbours(observance: Observance) -> Iterator[str]:
    if observance.part_of:
        yield f"left out where `{observance.part_of}` is posted on the same date"
    if observance.beside:
        yield f"may stand close to {_ids(observance.beside)}"
    if observance.not_with:
        yield f"never within two days of {_ids(observance.not_with)}"


def _ids(ids: Iterable[str]) -> str:
    return ", ".join(f"`{id_}`" for id_ in ids)


def _of_years(observance: Observance, first_year: int, years: int) -> tuple[Occurrence, ...]:
    return occurrences(observance, date(first_year, 1, 1), date(first_year + years - 1, 12, 31))


def _dated(occurrence: Occurrence, language: Language) -> str:
    number = occurrence.ordinal
    ordinal = f" ({language.ordinal(number)})" if number is not None and number > 0 else ""
    return language.date(occurrence.date) + ordinal


def _sources(day: DayText) -> Iterator[str]:
    """Yield each source once, those of single stories too, with the pages of other languages."""
    everything = [*day.sources, *(source for story in day.stories for source in story.sources)]
    yield from dict.fromkeys(_source(source) for source in everything)


def _source(source: SourceText) -> str:
    title = source.title if isinstance(source.title, str) else _name(source.title, "source")
    if isinstance(source.url, str):
        return f"[{escape_markdown(title)}]({source.url})"
    main = source.url[_MAIN]
    others = [f"[{c}]({url})" for c, url in source.url.items() if c != _MAIN and url != main]
    return f"[{escape_markdown(title)}]({main})" + (f" ({', '.join(others)})" if others else "")


def _disabled(day: DisabledDay) -> str:
    when = f" (`{day.phrase}`)" if day.phrase else ""
    authority = f" {escape_markdown(day.authority)}." if day.authority else ""
    name = escape_markdown(_name(day.names, day.id))
    return f"- **{name}**, `{day.id}`{when}.{authority} {escape_markdown(day.reason)}".rstrip()


def _name(names: Mapping[str, str], otherwise: str) -> str:
    return names.get(_MAIN) or next(iter(names.values()), otherwise)
