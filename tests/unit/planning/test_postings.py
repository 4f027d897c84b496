"""Occurrences and channels → postings: properties that hold for any calendar and channel."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from threading import Barrier
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.calendar.localtime import instant
from bot.calendar.observances import Observance
from bot.channels.channel import Channel
from bot.planning import DIGEST, Plan, Planned, days_of, first_working_day, selection
from tests.unit.planning.plans import ZONES, calendars, channel, channels, day, planned, shown

moments = st.datetimes(
    datetime(2025, 6, 1),  # noqa: DTZ001
    datetime(2030, 6, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
some = settings(deadline=None, max_examples=25)


def _keys(found: list[Planned]) -> list[str]:
    return [posting.key for each in found for posting in each.postings]


@some
@given(calendars(), channels(), st.lists(moments, min_size=2, max_size=6))
def test_planning_the_parts_of_an_interval_gives_what_planning_it_whole_gives(
    days: tuple[Observance, ...], of: Channel, cuts: list[datetime]
) -> None:
    cuts.sort()

    whole = Plan(days, (of,)).due(cuts[0], cuts[-1])
    parts = [each for a, b in pairwise(cuts) for each in Plan(days, (of,)).due(a, b)]

    assert parts == whole


@some
@given(calendars(), st.sampled_from(("a", "ab", "abc")), st.data())
def test_no_key_and_no_slot_is_given_twice(
    days: tuple[Observance, ...], names: str, data: st.DataObject
) -> None:
    plan = Plan(days, tuple(data.draw(channels(name)) for name in names))

    found = plan.due(datetime(2026, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC))

    slots = [slot for each in found for slot in each.slots]
    assert len(set(_keys(found))) == len(_keys(found))
    assert len(set(slots)) == len(slots)


@some
@given(calendars(), channels("a"), channels("b"), moments)
def test_what_is_due_is_ordered_and_lies_in_the_interval(
    days: tuple[Observance, ...], a: Channel, b: Channel, after: datetime
) -> None:
    until = after + timedelta(days=500)

    found = Plan(days, (a, b)).due(after, until)

    order = [(each.due_at, each.postings[0].key) for each in found]
    assert order == sorted(order)
    assert all(after < each.due_at <= until for each in found)
    assert all(p.due_at == each.due_at for each in found for p in each.postings)


@some
@given(calendars(), channels("a"), channels("b"), moments)
def test_the_next_due_instant_is_the_first_of_what_is_due(
    days: tuple[Observance, ...], a: Channel, b: Channel, after: datetime
) -> None:
    plan = Plan(days, (a, b))

    due = plan.due(after, after + timedelta(days=800))

    assert plan.next_due(after) == (due[0].due_at if due else plan.next_due(after))
    following = plan.next_due(after)
    if following is not None:
        assert following > after
        assert plan.due(after, following)
        assert not plan.due(after, following - timedelta(microseconds=1))


@some
@given(calendars(), channels(), st.integers(2026, 2029))
def test_posts_of_one_date_come_by_priority_and_apart(
    days: tuple[Observance, ...], of: Channel, year: int
) -> None:
    priority = {each.id: each.priority for each in days}
    found = planned(days, of, date(year, 1, 1), date(year, 12, 31))
    by_day: dict[date, list[Planned]] = {}
    for each in found:
        if each.postings[0].lead_days == 0 and each.postings[0].observances != (DIGEST,):
            by_day.setdefault(each.postings[0].date, []).append(each)

    for on, posts in by_day.items():
        first = instant(on, of.post_at, of.timezone)
        assert [p.due_at for p in posts] == [first + i * of.spacing for i in range(len(posts))]
        if of.spacing:
            ranks = [priority[post.postings[0].observances[0]] for post in posts]
            assert ranks == sorted(ranks, reverse=True)


@some
@given(calendars(), channels(), st.integers(2026, 2029))
def test_all_of_a_channel_is_in_what_it_gets(
    days: tuple[Observance, ...], of: Channel, year: int
) -> None:
    for each in planned(days, of, date(year, 1, 1), date(year, 12, 31)):
        assert [p.languages for p in each.postings] == (
            [of.languages] if of.layout == "together" else [(code,) for code in of.languages]
        )
        for posting in each.postings:
            assert posting.channel == of.name
            assert posting.useful_until == posting.due_at + of.useful_for
            assert posting.key == (
                f"{posting.observance}/{posting.date}/{posting.lead_days}/{of.name}/"
                f"{'+'.join(posting.languages)}"
            )
            assert {slot.observance for slot in each.slots} == set(posting.observances)


@given(st.sampled_from(ZONES), st.times().map(lambda at: at.replace(microsecond=0, fold=0)))
def test_a_post_is_due_at_its_local_hour_wherever_that_hour_exists(zone: str, at: time) -> None:
    of = channel(zone=zone, post_at=at)

    for each in planned([day("d", "9 December"), day("e", "second Sunday of March")], of):
        local = each.due_at.astimezone(of.timezone)
        assert local.date() == each.postings[0].date
        if zone != "America/Toronto":
            assert local.time() == at


# Clocks that change

_GAP = day("spring", "second Sunday of March")
_FOLD = day("autumn", "first Sunday of November")


def test_an_hour_that_does_not_exist_is_the_first_after_the_gap() -> None:
    of = channel(zone="America/Toronto", post_at=time(2, 30))

    (only,) = planned([_GAP], of)

    assert only.due_at == datetime(2026, 3, 8, 7, 0, tzinfo=UTC)


def test_posts_in_the_gap_are_still_apart() -> None:
    of = channel(zone="America/Toronto", post_at=time(2, 0))
    days = [_GAP, day("too", "second Sunday of March", priority=10)]

    assert shown(planned(days, of), of) == [
        ("2026-03-08 03:00", "spring"),
        ("2026-03-08 03:30", "too"),
    ]


def test_an_hour_that_exists_twice_is_the_first_and_what_follows_comes_half_an_hour_later() -> None:
    of = channel(zone="America/Toronto", post_at=time(1, 45))
    days = [_FOLD, day("too", "first Sunday of November", priority=10)]

    first, second = planned(days, of)

    assert first.due_at == datetime(2026, 11, 1, 5, 45, tzinfo=UTC)
    assert second.due_at - first.due_at == timedelta(minutes=30)


def test_a_date_that_a_zone_left_out_is_the_start_of_the_one_after() -> None:
    of = channel(zone="Pacific/Apia", post_at=time(9, 0))
    plan = Plan([day("lost", "30 December")], (of,))

    (only,) = plan.due(datetime(2011, 12, 1, tzinfo=UTC), datetime(2012, 1, 5, tzinfo=UTC))

    assert only.due_at.astimezone(of.timezone) == datetime(
        2011, 12, 31, 0, 0, tzinfo=ZoneInfo("Pacific/Apia")
    )
    assert only.postings[0].key == "lost/2011-12-30/0/team/en"


def test_midnight_at_both_ends_of_the_world() -> None:
    east = channel("east", "Pacific/Kiritimati", post_at=time(0, 0))
    west = channel("west", "Etc/GMT+12", post_at=time(0, 0))

    found = Plan([day("d", "1 January 2027")], (west, east)).due(
        datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 2, 1, tzinfo=UTC)
    )

    assert [(each.postings[0].channel, each.due_at.isoformat()) for each in found] == [
        ("east", "2026-12-31T10:00:00+00:00"),
        ("west", "2027-01-01T12:00:00+00:00"),
    ]


def test_a_crowded_last_evening_of_the_year_reaches_into_the_next_and_is_told_in_order() -> None:
    of = channel(post_at=time(23, 45), spacing=timedelta(hours=5))
    days = [day(f"d{n}", "31 December", priority=90 - n) for n in range(7)]
    days.append(day("new-year", "1 January"))
    plan = Plan(days, (of,))
    start = datetime(2026, 12, 31, tzinfo=UTC)

    told = [start]
    for _ in range(8):
        following = plan.next_due(told[-1])
        assert following is not None
        told.append(following)

    assert told[1:] == [p.due_at for p in plan.due(start, start + timedelta(days=3))]
    assert told == sorted(told)


# Notices and digests


def test_a_notice_comes_its_days_ahead_and_names_the_date_that_it_announces() -> None:
    of = channel(lead_days=(7, 1))

    found = planned([day("d", "9 December")], of)

    assert [(each.due_at.date().isoformat(), each.postings[0].key) for each in found] == [
        ("2026-12-02", "d/2026-12-09/7/team/en"),
        ("2026-12-08", "d/2026-12-09/1/team/en"),
        ("2026-12-09", "d/2026-12-09/0/team/en"),
    ]


def test_a_notice_of_a_day_in_january_comes_in_december() -> None:
    of = channel(lead_days=(7,))

    assert shown(planned([day("d", "3 January")], of), of) == [
        ("2026-01-03 09:00", "d"),
        ("2026-12-27 09:00", "d"),
    ]


def test_a_notice_waits_for_no_approval_but_its_day_does() -> None:
    found = planned([day("d", approval=True)], channel(lead_days=(7,)))

    assert [(p.postings[0].lead_days, p.postings[0].approval) for p in found] == [
        (7, False),
        (0, True),
    ]


def test_a_notice_on_the_date_of_a_post_comes_after_it() -> None:
    of = channel(lead_days=(1,))
    days = [day("low", "9 December", priority=1), day("high", "10 December", priority=99)]

    found = planned(days, of, date(2026, 12, 9), date(2026, 12, 9))

    assert [(p.postings[0].observance, p.postings[0].lead_days) for p in found] == [
        ("low", 0),
        ("high", 1),
    ]


@pytest.mark.parametrize(
    ("year", "month", "opens"),
    [(2026, 8, 3), (2026, 11, 2), (2026, 12, 1), (2027, 5, 3), (2027, 1, 1)],
)
def test_the_first_working_day_is_no_saturday_or_sunday(year: int, month: int, opens: int) -> None:
    assert first_working_day(year, month) == date(year, month, opens)


def test_a_digest_lists_what_is_still_to_come_in_its_month() -> None:
    of = channel(digest="monthly", include=("core",))
    days = [
        day("first", "1 August"),  # a Saturday in 2026: before the digest of Monday the 3rd
        day("third", "3 August"),
        day("last", "31 August"),
        day("other", "31 August", themes=("elsewhere",)),
        day("december", "9 December"),
    ]

    found = [p.postings[0] for p in planned(days, of) if p.postings[0].observance == DIGEST]

    assert [(p.key, [(c.observance, c.date.day) for c in p.lines]) for p in found] == [
        ("monthly-digest/2026-08-03/0/team/en", [("third", 3), ("last", 31)]),
        ("monthly-digest/2026-12-01/0/team/en", [("december", 9)]),
    ]
    assert shown(planned(days, of, date(2026, 8, 3), date(2026, 8, 3)), of) == [
        ("2026-08-03 09:00", "third"),
        ("2026-08-03 09:30", "monthly-digest"),
    ]


def test_a_digest_lists_only_what_is_posted() -> None:
    of = channel(digest="monthly", min_gap=timedelta(hours=48))
    days = [day("high", "9 December", priority=90), day("low", "10 December", priority=10)]

    digest = next(p for p in planned(days, of) if p.postings[0].observance == DIGEST)

    assert [line.observance for line in digest.postings[0].lines] == ["high"]


# Which days a channel chose


def test_a_day_is_chosen_by_its_id_before_its_theme() -> None:
    themed, both = day("a"), day("b")
    of = channel(include=("core", "b"))

    assert selection(of, themed) == "theme"
    assert selection(of, both) == "named"


@pytest.mark.parametrize(
    ("include", "exclude", "chosen"),
    [
        (("core",), (), ["a", "b"]),
        (("*",), (), ["a", "b", "c"]),
        (("core",), ("a",), ["b"]),
        (("*",), ("core",), ["c"]),
        (("core", "a"), ("core",), ["a"]),  # a day that is named stays though its theme is excluded
        (("a",), ("a",), []),
        ((), (), []),
    ],
)
def test_exclude_wins_over_include_but_for_a_day_named_itself(
    include: tuple[str, ...], exclude: tuple[str, ...], chosen: list[str]
) -> None:
    days = (day("a"), day("b"), day("c", themes=("other",)))

    assert [d.id for d in days_of(channel(include=include, exclude=exclude), days)] == chosen


def test_channels_of_one_schedule_each_get_their_own() -> None:
    a, b = channel("a"), channel("b", languages=("fr",))

    found = Plan([day("d")], (a, b)).due(
        datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    )

    assert _keys(found) == ["d/2026-12-09/0/a/en", "d/2026-12-09/0/b/fr"]


def test_threads_that_share_a_plan_are_given_the_same() -> None:
    """The planner, the alarm clock, the operator's alerts, the page and the metrics ask one."""
    days = [day(f"day-{number}", f"{number % 28 + 1} March") for number in range(60)]
    channels_of_it = tuple(channel(f"team-{number}", "America/Toronto") for number in range(40))
    plan, alone = Plan(days, channels_of_it), Plan(days, channels_of_it)
    start, together = datetime(2026, 1, 1, tzinfo=UTC), Barrier(8)

    def ask(years: int) -> list[Planned]:
        together.wait()
        return plan.due(start, start + timedelta(days=365 * years))

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(ask, range(1, 9)))

    assert answers == [alone.due(start, start + timedelta(days=365 * n)) for n in range(1, 9)]


def test_where_nothing_comes_again_nothing_is_due_next() -> None:
    plan = Plan([day("once", "1 January 2020")], (channel(),))

    assert plan.next_due(datetime(2026, 1, 1, tzinfo=UTC)) is None
    assert Plan([], ()).next_due(datetime(2026, 1, 1, tzinfo=UTC)) is None


def test_what_comes_once_in_years_is_found() -> None:
    plan = Plan([day("once", "1 January 2035")], (channel(),))

    assert plan.next_due(datetime(2026, 1, 1, tzinfo=UTC)) == datetime(2035, 1, 1, 9, tzinfo=UTC)


def test_the_occurrences_of_a_channel_are_those_that_it_posts() -> None:
    of = channel(min_gap=timedelta(hours=48))
    plan = Plan([day("a", priority=90), day("b", "10 December"), day("c", "2 January")], (of,))

    found = plan.occurrences(of, date(2026, 12, 9), date(2028, 1, 2))

    assert [(o.observance.id, o.date.isoformat()) for o in found] == [
        ("a", "2026-12-09"),
        ("c", "2027-01-02"),
        ("a", "2027-12-09"),
        ("c", "2028-01-02"),
    ]
