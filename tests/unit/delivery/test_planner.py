"""The planner: what is written down as what, what is offered, and how what broke off is settled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.channels.outcome import Reason
from bot.delivery.approval import digest_of
from bot.delivery.decisions import Decisions, posting_of
from bot.delivery.planner import recover, selected_days, settle_rest, write_down
from bot.ledger.rows import State
from bot.planning import Posting
from bot.project.load import Project
from tests.service.installation import DAY, NINE
from tests.unit.delivery.parts import Parts, a_project, parts, with_channels

AT = NINE.replace(year=2027)
KEY = f"{DAY}/2027-12-09/0/one/en"
HOUR = timedelta(hours=1)


@pytest.fixture
def here() -> Iterator[Parts]:
    with parts() as here:
        yield here


def posting(project: Project) -> Posting:
    coming = posting_of(project, KEY)
    assert coming is not None
    return coming


def deciding(project: Project, undecided: str) -> Project:
    approval = project.settings.approval.model_copy(update={"undecided": undecided})
    return replace(project, settings=project.settings.model_copy(update={"approval": approval}))


def written(here: Parts, project: Project, at: datetime = AT) -> tuple[State, str | None]:
    write_down(here.ledger, project, at)
    row = here.ledger.delivery(KEY)
    assert row is not None
    return row.state, row.held_for


class TestWhatIsDue:
    @pytest.mark.parametrize(
        ("verdict", "state"),
        [
            ("nothing", (State.READY, None)),
            ("approve", (State.READY, None)),
            ("hold", (State.HELD, "approval")),
            ("skip", (State.SKIPPED, None)),
        ],
    )
    def test_it_stands_as_it_was_decided(
        self, here: Parts, verdict: str, state: tuple[State, str | None]
    ) -> None:
        decisions = Decisions(here.project, here.ledger, here.clock, "ana")
        match verdict:
            case "approve":
                decisions.approve(KEY, digest_of(here.project, posting(here.project)))
            case "hold":
                decisions.hold(KEY)
            case "skip":
                decisions.skip(KEY)
        assert written(here, here.project) == state

    @pytest.mark.parametrize(
        ("undecided", "state"), [("hold", (State.HELD, "approval")), ("post", (State.READY, None))]
    )
    def test_what_nobody_read_waits_unless_it_is_to_be_posted_all_the_same(
        self, here: Parts, undecided: str, state: tuple[State, str | None]
    ) -> None:
        project = deciding(with_channels(a_project(), approval=True), undecided)
        assert written(here, project) == state

    def test_an_approval_of_other_words_is_none(self, here: Parts) -> None:
        project = with_channels(a_project(), approval=True)
        Decisions(project, here.ledger, here.clock, "ana").approve(KEY, "of other words")
        assert written(here, project) == (State.HELD, "approval")

    def test_what_is_no_longer_useful_is_missed_also_where_it_waits(self, here: Parts) -> None:
        project = with_channels(a_project(), approval=True)
        assert written(here, project, AT + timedelta(days=2)) == (State.MISSED, None)

    def test_a_slot_is_written_down_once(self, here: Parts) -> None:
        assert KEY in write_down(here.ledger, here.project, AT).inserted
        changed = with_channels(here.project, languages=("fr",))
        assert write_down(here.ledger, changed, AT + HOUR).inserted == ()

    def test_a_channel_that_is_new_on_the_day_is_offered_once(self, here: Parts) -> None:
        fewer = {name: c for name, c in here.project.channels.items() if name != "one"}
        write_down(here.ledger, replace(here.project, channels=fewer), AT - HOUR)
        intake = write_down(here.ledger, here.project, AT + HOUR)
        assert [offer.postings[0].key for offer in intake.offers] == [KEY]
        assert KEY not in intake.inserted
        assert write_down(here.ledger, here.project, AT + 2 * HOUR).offers == ()


class TestPauses:
    def test_one_ends_when_its_time_is_over(self, here: Parts) -> None:
        here.ledger.set_pause(NINE + HOUR, NINE)
        write_down(here.ledger, here.project, NINE + HOUR - timedelta(seconds=1))
        assert here.row().state is State.HELD
        write_down(here.ledger, here.project, NINE + HOUR)
        assert here.row().state is State.READY
        assert here.ledger.paused_until() is None

    def test_a_channels_ends_with_another_address_and_no_sooner(self, here: Parts) -> None:
        channel = here.project.channel("one")
        digest = channel.platform.address_digest(channel.options)
        here.ledger.pause_channel("one", Reason.GONE, "", digest, NINE)
        write_down(here.ledger, here.project, NINE + HOUR)
        assert here.row().state is State.HELD
        other = here.project.channel("two").options
        moved = {**here.project.channels, "one": replace(channel, options=other)}
        write_down(here.ledger, replace(here.project, channels=moved), NINE + HOUR)
        assert here.row().state is State.READY


class TestWhatBrokeOff:
    @pytest.mark.parametrize("ends", ["the next run", "this run"])
    def test_it_is_repeated_only_where_that_is_harmless(self, here: Parts, ends: str) -> None:
        here.courier.begin([here.row("one"), here.row("room")])
        run = here.courier.run
        if ends == "this run":
            assert settle_rest(here.ledger, here.project, run, here.clock) == 2
        else:
            new = here.ledger.begin_run(NINE, "0.1.0")
            rows = recover(here.ledger, here.project, new, here.clock)
            assert {row.channel for row in rows} == {"one", "room"}
        assert (here.row("one").state, here.row("one").reason) == (
            State.UNKNOWN,
            Reason.INTERRUPTED,
        )
        assert here.row("one").detail == "Vigilia ended while this was being sent."
        assert here.row("room").state is State.RETRYING

    @pytest.mark.parametrize(
        ("on_unknown", "state"), [("hold", State.UNKNOWN), ("resend", State.RETRYING)]
    )
    def test_the_channel_says_whether_it_is_sent_again(
        self, here: Parts, on_unknown: str, state: State
    ) -> None:
        here.courier.begin([here.row("one"), here.row("two")])
        project = with_channels(a_project(), on_unknown=on_unknown)
        gone = replace(project, channels={"one": project.channel("one")})
        new = here.ledger.begin_run(NINE, "0.1.0")
        recover(here.ledger, gone, new, here.clock)
        assert here.row("one").state is state
        assert here.row("two").state is State.UNKNOWN

    def test_what_this_run_has_under_way_is_left_alone(self, here: Parts) -> None:
        here.courier.begin([here.row("one")])
        assert recover(here.ledger, here.project, here.courier.run, here.clock) == ()
        new = here.ledger.begin_run(NINE, "0.1.0")
        assert settle_rest(here.ledger, here.project, new, here.clock) == 0
        assert here.row("one").state is State.SENDING


def test_every_channel_has_the_days_that_it_posts(here: Parts) -> None:
    assert selected_days(here.project) == dict.fromkeys(here.project.channels, frozenset({DAY}))
