"""What is prepared before it is due: the ledger comes to be the same as without, whatever happens
in between."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot import __version__
from bot.calendar.observances import Observance
from bot.channels.channel import Channel
from bot.channels.outcome import Reason
from bot.delivery.planner import insert_due, write_down
from bot.delivery.prefetch import Prepared, prepare
from bot.ledger.ledger import Ledger
from bot.ledger.rows import HeldFor, State
from bot.opening import open_ledger
from bot.planning import Planned, plan_for
from bot.project.load import Project
from tests.unit.planning.plans import calendars, channel, channels, day, project_of

EVE = datetime(2026, 12, 8, 12, 0, tzinfo=UTC)
NINE = datetime(2026, 12, 9, 9, 0, tzinfo=UTC)
SHORTLY = timedelta(seconds=20)
HOUR = timedelta(hours=1)
ONE = project_of(channel(), days=[day("high")])

Rows = dict[str, tuple[State, HeldFor | None, datetime]]
Happening = Callable[[Ledger, Project, Planned, datetime], tuple[Project, datetime]]
"""What happens between preparation and instant, given what was planned first of what is then due;
gives the project in force and what the clock shows when the alarm rings."""


def opened() -> Ledger:
    ledger = open_ledger("sqlite://", base=Path(), mode="rehearsal", create=True, now=EVE)
    ledger.alive(ledger.begin_run(EVE, __version__), EVE)
    return ledger


def test_the_next_instant_is_prepared_and_nothing_of_it_is_written() -> None:
    with opened() as ledger:
        prepared = prepare(ledger, ONE, NINE - SHORTLY, NINE)
        assert prepared is not None
        assert prepared.due_at == NINE
        assert [item.postings[0].key for item in prepared.planned] == ["high/2026-12-09/0/team/en"]
        assert ledger.history() == ()
        # what is first seen now is known before it is due, as at every look
        assert ledger.first_seen() == {"team": {"high": NINE - SHORTLY}}


def test_an_instant_that_is_further_away_is_not_prepared() -> None:
    with opened() as ledger:
        assert prepare(ledger, ONE, NINE - SHORTLY, NINE - timedelta(seconds=1)) is None
        assert prepare(ledger, project_of(channel(), days=[]), NINE - SHORTLY, NINE) is None


def test_what_has_its_slot_is_not_prepared_again() -> None:
    with opened() as ledger:
        write_down(ledger, ONE, NINE - SHORTLY)
        write_down(ledger, ONE, NINE)
        prepared = prepare(ledger, ONE, NINE - SHORTLY, NINE)
        assert prepared is not None
        assert prepared.planned == ()


@pytest.mark.parametrize(
    ("project", "now", "due"),
    [
        (ONE, NINE, True),
        (ONE, NINE + HOUR, True),
        (ONE, NINE - timedelta(microseconds=1), False),
        (ONE, NINE - timedelta(days=1), False),
        (replace(ONE), NINE, False),
    ],
)
def test_it_is_due_from_its_instant_on_and_in_its_own_project_only(
    project: Project, now: datetime, due: bool
) -> None:
    planned = plan_for(channel(), ["high"], NINE.date(), 0, NINE)
    assert Prepared(ONE, NINE, (planned,)).due(project, now) == ((planned,) if due else ())


def nothing(_l: Ledger, project: Project, _f: Planned, due: datetime) -> tuple[Project, datetime]:
    return project, due


def clock_set_forward(
    _l: Ledger, project: Project, _f: Planned, due: datetime
) -> tuple[Project, datetime]:
    return project, due + timedelta(days=3)


def slept(_l: Ledger, project: Project, _f: Planned, due: datetime) -> tuple[Project, datetime]:
    return project, due + 2 * HOUR


def clock_set_back(
    _l: Ledger, project: Project, _f: Planned, due: datetime
) -> tuple[Project, datetime]:
    return project, due - timedelta(days=1)


def skipped(
    ledger: Ledger, project: Project, first: Planned, due: datetime
) -> tuple[Project, datetime]:
    ledger.decide(first.postings[0].key, "skip", "Ana", "", due - SHORTLY)
    return project, due


def held(
    ledger: Ledger, project: Project, first: Planned, due: datetime
) -> tuple[Project, datetime]:
    ledger.decide(first.postings[0].key, "hold", "Ana", "", due - SHORTLY)
    return project, due


def approved(
    ledger: Ledger, project: Project, first: Planned, due: datetime
) -> tuple[Project, datetime]:
    ledger.decide(first.postings[0].key, "approve", "Ana", "", due - SHORTLY)
    return project, due


def all_paused(
    ledger: Ledger, project: Project, _f: Planned, due: datetime
) -> tuple[Project, datetime]:
    ledger.set_pause(due + timedelta(days=30), due - SHORTLY)
    return project, due


def pause_over_at_the_instant(
    ledger: Ledger, project: Project, _f: Planned, due: datetime
) -> tuple[Project, datetime]:
    ledger.set_pause(due, due - SHORTLY)
    return project, due


def channel_paused(
    ledger: Ledger, project: Project, first: Planned, due: datetime
) -> tuple[Project, datetime]:
    of = project.channels[first.postings[0].channel]
    digest = of.platform.address_digest(of.options)
    ledger.pause_channel(of.name, Reason.GONE, "gone", digest, due - SHORTLY)
    return project, due


def channel_paused_at_an_earlier_address(
    ledger: Ledger, project: Project, first: Planned, due: datetime
) -> tuple[Project, datetime]:
    name = first.postings[0].channel
    ledger.pause_channel(name, Reason.GONE, "gone", "another address", due - SHORTLY)
    return project, due


def sent_by_hand(
    ledger: Ledger, project: Project, first: Planned, due: datetime
) -> tuple[Project, datetime]:
    # of merged days one alone
    posting = first.postings[0]
    of = project.channels[posting.channel]
    one = plan_for(of, posting.observances[:1], posting.date, posting.lead_days, due)
    ledger.insert_by_hand(one, due - SHORTLY)
    return project, due


def another_planner_was_quicker(
    ledger: Ledger, project: Project, _f: Planned, due: datetime
) -> tuple[Project, datetime]:
    write_down(ledger, project, due)
    return project, due


def read_anew(_l: Ledger, project: Project, _f: Planned, due: datetime) -> tuple[Project, datetime]:
    return replace(project), due


def day_removed(
    _l: Ledger, project: Project, first: Planned, due: datetime
) -> tuple[Project, datetime]:
    gone = first.postings[0].observances[0]
    days = tuple(each for each in project.days.calendar if each.id != gone)
    return replace(project, days=replace(project.days, calendar=days)), due


def channel_removed(
    _l: Ledger, project: Project, first: Planned, due: datetime
) -> tuple[Project, datetime]:
    left = {k: v for k, v in project.channels.items() if k != first.postings[0].channel}
    return replace(project, channels=left), due


def hour_changed(
    _l: Ledger, project: Project, _f: Planned, due: datetime
) -> tuple[Project, datetime]:
    later = {name: replace(of, post_at=time(11, 7)) for name, of in project.channels.items()}
    return replace(project, channels=later), due


def channel_added(
    _l: Ledger, project: Project, first: Planned, due: datetime
) -> tuple[Project, datetime]:
    of = replace(project.channels[first.postings[0].channel], name="new")
    return replace(project, channels={**project.channels, "new": of}), due


HAPPENINGS: tuple[Happening, ...] = (
    nothing,
    clock_set_forward,
    slept,
    clock_set_back,
    skipped,
    held,
    approved,
    all_paused,
    pause_over_at_the_instant,
    channel_paused,
    channel_paused_at_an_earlier_address,
    sent_by_hand,
    another_planner_was_quicker,
    read_anew,
    day_removed,
    channel_removed,
    hour_changed,
    channel_added,
)


def come_to_be(project: Project, happens: Happening, *, ahead: bool) -> Rows:
    """Gives what the ledger holds after an instant and two looks later, prepared for or not."""
    due = project.plan.next_due(EVE)
    assert due is not None
    with opened() as ledger:
        write_down(ledger, project, due - SHORTLY)
        prepared = prepare(ledger, project, due - SHORTLY, due)
        assert prepared is not None
        first = project.plan.due(due - timedelta(microseconds=1), due)[0]
        in_force, now = happens(ledger, project, first, due)
        if in_force is not project:
            # as soon as another project is in force the planner looks
            write_down(ledger, in_force, due - SHORTLY / 2)
        if ahead and (ready := prepared.due(in_force, now)):
            found = insert_due(ledger, in_force, ready, now)
            rows = ledger.deliveries(found.inserted)
            assert set(found.ended) == {row for row in rows if row.state is State.MISSED}
        for at in (now, now + timedelta(seconds=30), now + timedelta(days=1)):
            write_down(ledger, in_force, at)
        assert ledger.check() == ()
        return {row.key: (row.state, row.held_for, row.due_at) for row in ledger.history()}


@pytest.mark.parametrize("happens", HAPPENINGS, ids=lambda each: each.__name__)
def test_whatever_happens_in_between_the_same_comes_to_be(happens: Happening) -> None:
    days = [day("high", priority=90), day("low", priority=10), day("read", approval=True)]
    project = project_of(
        channel("apart", spacing=timedelta()),
        channel("merging", same_day="merge"),
        channel("two", languages=("en", "fr"), layout="separate"),
        channel("reading", approval=True),
        days=days,
    )
    made = come_to_be(project, happens, ahead=True)
    assert made == come_to_be(project, happens, ahead=False)
    assert made


@given(days=calendars(), one=channels("a"), two=channels("b"), data=st.data())
def test_of_any_plan_the_same_comes_to_be(
    days: tuple[Observance, ...], one: Channel, two: Channel, data: st.DataObject
) -> None:
    project = project_of(one, two, days=days)
    assume(project.plan.next_due(EVE) is not None)
    happens = data.draw(st.sampled_from(HAPPENINGS))
    assert come_to_be(project, happens, ahead=True) == come_to_be(project, happens, ahead=False)
