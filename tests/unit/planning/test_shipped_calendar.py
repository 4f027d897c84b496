"""The days that ship, 2026 to 2036: what a channel gets where they meet."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest

from bot.calendar.observances import Observance
from bot.channels.channel import Channel
from bot.planning import Plan, selection
from bot.project.days import Days, load_days
from bot.project.places import Places, shipped_folder
from tests.unit.planning.plans import channel, planned

YEARS = range(2026, 2037)
_GAP = timedelta(hours=48)

EVERY_YEAR = {
    "01-12": "genocide-convention-in-force",
    "01-27": "holocaust-remembrance-day",
    "01-30": "canada-mexico-diplomatic-relations",
    "03-24": "right-to-truth-day",
    "04-07": "rwanda-genocide-reflection-day",
    "04-26": "veto-initiative-2022",
    "05-29": "un-peacekeepers-day",
    "06-18": "countering-hate-speech-day",
    "06-19": "sexual-violence-in-conflict-day",
    "06-26": "torture-victims-support-day",
    "07-11": "srebrenica-commemoration-day",
    "07-17": "international-criminal-justice-day",
    "08-02": "roma-genocide-remembrance-day",
    "08-09": "worlds-indigenous-peoples-day",
    "08-30": "enforced-disappearances-day",
    "09-16": "r2p-world-summit-2005",
    "09-30": "truth-and-reconciliation-day",
    "10-24": "united-nations-day",
    "12-09": "genocide-prevention-day",
    "12-10": "human-rights-day",
}
"""What a channel that asks for nothing of its own gets each year."""

MILESTONES = {date(2029, 8, 12): "geneva-conventions-1949"}
"""The Geneva Conventions of 1949 are marked at milestones: 80 years in 2029."""

YOM_HASHOAH = [
    date(2026, 4, 14),
    date(2027, 5, 4),
    date(2028, 4, 24),  # 27 Nisan is a Sunday: a day later
    date(2029, 4, 12),
    date(2030, 4, 30),
    date(2031, 4, 21),  # a Sunday: a day later
    date(2032, 4, 8),
    date(2033, 4, 26),
    date(2034, 4, 17),  # a Sunday: a day later
    date(2035, 5, 7),  # a Sunday: a day later
    date(2036, 4, 24),
]
"""27 Nisan, or the day beside it where that would touch the Sabbath, as published for Israel."""


@pytest.fixture(scope="module")
def days() -> Days:
    return load_days(Places(root=shipped_folder(), own=None, shipped=shipped_folder()), [])


def _of(*include: str, **more: Any) -> Channel:
    return channel(include=include or ("core",), **{"min_gap": _GAP, **more})


def _dates(days: Days, of: Channel, start: date, end: date) -> list[str]:
    found = Plan(days.calendar, (of,)).occurrences(of, start, end)
    return [f"{o.date:%m-%d} {o.observance.id}" for o in found]


def _by_id(days: Days, id_: str) -> Observance:
    return next(day for day in days.calendar if day.id == id_)


@pytest.mark.parametrize("year", YEARS)
def test_a_channel_gets_these_days_unless_it_asks_for_others(days: Days, year: int) -> None:
    expected = [f"{on} {id_}" for on, id_ in EVERY_YEAR.items()]
    expected += [f"{on:%m-%d} {id_}" for on, id_ in MILESTONES.items() if on.year == year]

    assert _dates(days, _of(), date(year, 1, 1), date(year, 12, 31)) == sorted(expected)


def test_only_two_pairs_of_days_are_posted_within_48_hours(days: Days) -> None:
    found = Plan(days.calendar, (_of(),)).occurrences(_of(), date(2026, 1, 1), date(2036, 12, 31))

    close = {
        (a.observance.id, b.observance.id) for a, b in pairwise(found) if b.date - a.date < _GAP
    }

    assert close == {
        ("genocide-prevention-day", "human-rights-day"),
        ("countering-hate-speech-day", "sexual-violence-in-conflict-day"),
    }


def test_yom_hashoah_falls_where_the_hebrew_calendar_says(days: Days) -> None:
    of = _of("yom-hashoah")

    found = Plan(days.calendar, (of,)).occurrences(of, date(2026, 1, 1), date(2036, 12, 31))

    assert [o.date for o in found] == YOM_HASHOAH


@pytest.mark.parametrize("year", YEARS)
def test_9_december_is_one_message_whatever_is_asked_for(days: Days, year: int) -> None:
    for of in (_of(), _of("*"), _of("genocide-prevention-day", "human-rights-day")):
        assert _dates(days, of, date(year, 12, 8), date(year, 12, 11)) == [
            "12-09 genocide-prevention-day",
            "12-10 human-rights-day",
        ]
    assert "genocide-convention-adopted" in days.disabled


@pytest.mark.parametrize("year", YEARS)
def test_30_september_belongs_to_the_survivors(days: Days, year: int) -> None:
    veto = "france-mexico-veto-declaration"
    for of in (_of("core", "r2p-history", "justice-history"), _of("core", veto), _of("*")):
        assert _dates(days, of, date(year, 9, 28), date(year, 10, 1)) == [
            "09-30 truth-and-reconciliation-day"
        ]


@pytest.mark.parametrize("year", [2028, 2036])
@pytest.mark.parametrize(
    "include", [("canada",), ("yom-hashoah", "armenian-genocide-memorial-day")]
)
def test_two_peoples_remembered_on_24_april_have_two_texts(
    days: Days, year: int, include: tuple[str, ...]
) -> None:
    of = _of(*include, same_day="merge")
    on = date(year, 4, 24)

    found = planned(days.calendar, of, on, on)

    assert [p.postings[0].observances for p in found] == [
        ("yom-hashoah",),
        ("armenian-genocide-memorial-day",),
    ]
    assert found[1].due_at - found[0].due_at == of.spacing
    assert found[1].postings[0].approval


def test_rwanda_on_the_7th_and_yom_hashoah_on_the_8th_of_april_2032(days: Days) -> None:
    assert _dates(days, _of("core", "canada"), date(2032, 4, 6), date(2032, 4, 9)) == [
        "04-07 rwanda-genocide-reflection-day",
        "04-08 yom-hashoah",
    ]


@pytest.mark.parametrize("year", YEARS)
def test_the_veto_gives_way_where_yom_hashoah_is_within_two_days(days: Days, year: int) -> None:
    april = (date(year, 4, 23), date(year, 4, 28))

    both = _dates(days, _of("core", "yom-hashoah"), *april)

    assert ("04-26 veto-initiative-2022" in both) == (year not in (2028, 2033, 2036))
    assert ("04-26 yom-hashoah" in both) == (year == 2033)
    assert "04-26 veto-initiative-2022" in _dates(days, _of(), *april)


@pytest.mark.parametrize("year", YEARS)
def test_nuremberg_gives_way_to_the_holodomor_where_they_are_two_days_apart(
    days: Days, year: int
) -> None:
    november = (date(year, 11, 19), date(year, 11, 29))
    for include in (
        ("justice-history", "community-memory"),
        ("nuremberg-trial-opens", "holodomor-memorial-day"),
    ):
        found = _dates(days, _of(*include), *november)
        assert ("11-20 nuremberg-trial-opens" in found) == (year not in (2031, 2036))
        assert any(line.endswith("holodomor-memorial-day") for line in found)


@pytest.mark.parametrize("year", YEARS)
def test_of_four_days_running_in_june_two_are_posted_by_default(days: Days, year: int) -> None:
    june = (date(year, 6, 17), date(year, 6, 22))
    default = ["06-18 countering-hate-speech-day", "06-19 sexual-violence-in-conflict-day"]

    assert _dates(days, _of(), *june) == default
    assert _dates(days, _of("core", "rights"), *june) == default
    assert _by_id(days, "sexual-violence-in-conflict-day").approval


@pytest.mark.parametrize("year", YEARS)
def test_16_september_stands_alone_whatever_is_asked_for(days: Days, year: int) -> None:
    for of in (
        _of(),
        _of("core", "r2p-history", "policy"),
        _of("core", "iciss-launch", "canada-mexico-strategic-partnership"),
    ):
        assert _dates(days, of, date(year, 9, 13), date(year, 9, 19)) == [
            "09-16 r2p-world-summit-2005"
        ]


@pytest.mark.parametrize("year", YEARS)
def test_of_the_days_of_late_october_the_24th_is_posted_by_default(days: Days, year: int) -> None:
    october = (date(year, 10, 22), date(year, 10, 29))
    united_nations = "10-24 united-nations-day"

    assert _dates(days, _of(), *october) == [united_nations]
    assert _dates(days, _of("core", "act-code-of-conduct"), *october) == [united_nations]
    assert _dates(days, _of("core", "justice-history"), *october) == [
        united_nations,
        "10-28 mexico-ratifies-rome-statute",
    ]
    assert "residential-schools-motion-2022" in days.disabled


@pytest.mark.parametrize("year", YEARS)
def test_roma_and_yazidi_days_are_two_messages(days: Days, year: int) -> None:
    of = _of("core", "community-memory", same_day="merge")

    found = planned(days.calendar, of, date(year, 8, 1), date(year, 8, 4))

    assert [p.postings[0].observances for p in found] == [
        ("roma-genocide-remembrance-day",),
        ("yazidi-genocide",),
    ]


def test_the_days_that_a_person_approves_each_year(days: Days) -> None:
    gated = {day.id for day in days.calendar if day.approval}

    assert gated == {
        "acteal-1997",
        "armenian-genocide-memorial-day",
        "darfur-icc-referral",
        "enforced-disappearances-day",
        "holodomor-memorial-day",
        "rohingya-remembrance",
        "roma-genocide-remembrance-day",
        "sexual-violence-in-conflict-day",
        "truth-and-reconciliation-day",
        "worlds-indigenous-peoples-day",
        "yazidi-genocide",
        "yom-hashoah",
    }


def test_no_day_both_may_and_may_not_stand_beside_another(days: Days) -> None:
    ids = {day.id for day in days.calendar} | set(days.disabled)

    for day in days.calendar:
        for other in (*day.beside, *day.not_with):
            assert other in ids
            assert other != day.id
            assert not (other in day.beside and other in day.not_with)


def test_no_two_days_of_one_date_are_both_chosen_by_theme(days: Days) -> None:
    of = _of("*")
    found = Plan(days.calendar, (of,)).occurrences(of, date(2026, 1, 1), date(2036, 12, 31))

    twice = [(a.observance.id, b.observance.id) for a, b in pairwise(found) if a.date == b.date]

    assert twice == [("yom-hashoah", "armenian-genocide-memorial-day")] * 2
    assert all(selection(of, o.observance) == "theme" for o in found)
