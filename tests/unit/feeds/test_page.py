"""The page of the calendar: complete, the same on every day, and current in the repository."""

from __future__ import annotations

import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from bot.calendar.phrases import parse_phrase
from bot.cli import main
from bot.content.texts import SourceText, Story
from bot.feeds.page import calendar_page
from bot.project.days import Days, DisabledDay
from tests.unit.checking.making import DAY, OBSERVANCE, ROOT, shipped

COMMAND = "vigilia calendar --markdown docs/calendar.md"


def page_of(*days: tuple[str, dict[str, object]], **disabled: DisabledDay) -> str:
    """The page of days like ours, with other ids and fields."""
    calendar = tuple(replace(OBSERVANCE, names=DAY.names, id=id_, **f) for id_, f in days)  # type: ignore[arg-type]
    texts = {id_: replace(DAY, id=id_) for id_, _ in days}
    return calendar_page(Days(calendar, texts, disabled), shipped().languages, 2027)


def test_the_page_in_the_repository_is_the_one_that_the_calendar_gives() -> None:
    project = shipped()
    page = calendar_page(project.days, project.languages)
    there = (ROOT / "docs" / "calendar.md").read_text("utf-8")
    assert there == page, f"docs/calendar.md is not current: run `{COMMAND}`"
    assert f"`{COMMAND}`" in page


def test_every_day_stands_there_with_rule_authority_and_sources() -> None:
    project = shipped()
    page = calendar_page(project.days, project.languages)
    sections = {
        text.partition("\n")[0]: text for text in page.partition("## Recorded")[0].split("\n### ")
    }
    for observance in project.days.calendar:
        section, day = sections[observance.id], project.days.texts[observance.id]
        assert f"`{observance.phrase}`" in section
        assert "- Authority: " in section
        assert "- Français: " in section and "- Español: " in section
        for source in (*day.sources, *(each for s in day.stories for each in s.sources)):
            for language in ("en", "fr", "es"):
                assert f"({source.link(language).url})" in section
    for disabled in project.days.disabled.values():
        assert f"`{disabled.id}`" in page


def test_days_stand_in_the_order_of_a_year_from_the_first_year_on() -> None:
    page = page_of(
        ("autumn", {"rule": parse_phrase("9 December"), "phrase": "9 December"}),
        ("once", {"rule": parse_phrase("1 May 2028"), "phrase": "1 May 2028"}),
        ("over", {"until": 2024}),
        ("spring", {"priority": 10}),
        ("spring-first", {"priority": 90}),
    )
    headings = [line[4:] for line in page.splitlines() if line.startswith("### ")]
    assert headings == ["spring-first", "spring", "once", "autumn", "over"]
    rows = [line for line in page.splitlines() if line.startswith("| ○")]
    assert rows[2] == "| ○ | – | [Our day](#once) |  |"
    assert "- 2027 to 2029: 1 May 2028\n" in page
    assert "- 2027 to 2029: none\n" in page


def test_a_mark_tells_what_ships_on_what_is_approved_and_what_is_asked_for() -> None:
    page = page_of(
        ("on", {"themes": ("core", "rights")}),
        ("gated", {"themes": ("core",), "approval": True}),
        ("asked", {"themes": ("rights",)}),
        ("named", {"approval": True}),
    )
    assert "| ● | 5 March | [Our day](#on) | rights |" in page
    assert "| ◐ | 5 March | [Our day](#gated) |  |" in page
    assert "| ○ | 5 March | [Our day](#asked) | rights |" in page
    assert "(1)\n- ◐" in page and "theme (2)" in page
    assert "- Standing: ships on; themes `rights`\n" in page
    assert "- Standing: ships on, its words approved by a person each year\n" in page
    assert "- Standing: posted where a channel asks for it; themes `rights`\n" in page
    assert (
        "- Standing: posted where a channel asks for it, its words approved by a person each year; "
        "its id\n" in page
    )


def test_a_rule_is_told_whole() -> None:
    page = page_of(
        (
            "all",
            {
                "shift": {4: -1, 6: 1, 0: 2},
                "moved": {2028: date(2028, 3, 9)},
                "event": 1990,
                "count": "observances",
                "until": 2030,
                "part_of": "other",
                "beside": ("a", "b"),
                "not_with": ("c",),
            },
        ),
        ("milestones", {"event": 1979, "milestones_only": True, "since": None}),
    )
    assert (
        "- Rule: day, `5 March`; not on a Monday, but 2 days later; not on a Friday, but a day "
        "earlier; not on a Sunday, but a day later; in 2028 on 2028-03-09; remembers 1990; first "
        "kept in 2020; last kept in 2030\n" in page
    )
    assert "- 2027 to 2029: 4 March 2027 (8th), 9 March 2028 (9th), 7 March 2029 (10th)\n" in page
    assert (
        "- Days near it: left out where `other` is posted on the same date; may stand close to "
        "`a`, `b`; never within two days of `c`\n" in page
    )
    assert "remembers 1979; at milestones only\n- 2027 to 2029: 5 March 2029\n" in page


def test_a_source_stands_once_with_the_pages_of_other_languages() -> None:
    twice = SourceText(
        {"en": "A *page*", "fr": "Une page"}, {"en": "https://a/", "fr": "https://b/"}
    )
    same = SourceText({"fr": "Livre"}, {"en": "https://c/", "fr": "https://c/"})
    day = replace(DAY, sources=(twice, same), stories=(Story({"en": "Story"}, (twice,)),))
    calendar = (replace(OBSERVANCE, names={"fr": "Notre_jour"}),)
    page = calendar_page(Days(calendar, {day.id: day}, {}), shipped().languages, 2027)
    assert "- Sources: [A \\*page\\*](https://a/) ([fr](https://b/)); [Livre](https://c/)\n" in page
    assert "**Notre\\_jour**" in page
    assert "Recorded as not posted" not in page
    assert page.endswith(")\n")


def test_what_is_not_posted_is_told_with_its_reason() -> None:
    page = page_of(
        x=DisabledDay("x", "Not *yet*.", "19 December", "The UN", {"en": "A day"}, "f"),
        a=DisabledDay("a", "", "", "", {"fr": "Un jour"}, "f"),
    )
    assert page.endswith(
        "- **Un jour**, `a`.\n- **A day**, `x` (`19 December`). The UN. Not \\*yet\\*.\n"
    )


@pytest.mark.parametrize(("year", "first"), [((), 2027), (("--year", "2030"), 2030)])
def test_the_command_writes_the_page_from_a_fixed_year_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, year: tuple[str, ...], first: int
) -> None:
    target = tmp_path / "page.md"
    config = str(ROOT / "config")
    arguments = ["vigilia", "calendar", "--config", config, "--markdown", str(target), *year]
    monkeypatch.setattr(sys, "argv", arguments)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    project = shipped()
    assert target.read_text("utf-8") == calendar_page(project.days, project.languages, first)
