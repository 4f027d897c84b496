"""The machine's clock is moved under a whole running service: nothing twice, nothing lost."""

from __future__ import annotations

import signal
from datetime import UTC, datetime, timedelta

import pytest

from bot.ledger.rows import State
from tests.receiver import wait_until
from tests.service.faked_time import WallClock
from tests.service.installation import DAY, NINE, Installation, Running, seconds, webhook
from tests.service.stepping import stepping

NEXT_DAY = "human-rights-day"
DAYS = timedelta(days=1)
HOUR = timedelta(hours=1)

OWN = """
[{id}]
kind = "day"
on = "{on}"
themes = ["own"]
name.en = "A day of our own"
sources = [{{ title = "Our page", url = "https://example.org/day" }}]
opening.en = "On {{{{ date }}}} we meet."
[[{id}.story]]
en = "It matters to us."
"""


def own_day(installed: Installation, id_: str, on: str) -> None:
    folder = installed.root / "config" / "observances"
    folder.mkdir(exist_ok=True)
    (folder / "own.toml").write_text(OWN.format(id=id_, on=on), "utf-8")


def posted(installed: Installation) -> list[str]:
    """Gives the ids of the days in the order in which they were posted."""
    return [id_ for r in installed.receiver.requests for id_ in r.json["data"]["observances"]]


def state_of(installed: Installation, day: str) -> State | None:
    with installed.reading() as ledger:
        rows = ledger.history(observance=day)
    assert len(rows) <= 1
    return rows[0].state if rows else None


def alive_at(installed: Installation) -> datetime:
    with installed.reading() as ledger:
        run = ledger.latest_run()
    assert run is not None
    return run.alive_at


def wait_for_wake(installed: Installation, after: datetime, before: datetime) -> None:
    """Returns when the planner has written down what is due in that time."""
    wait_until(lambda: after <= alive_at(installed) < before, timeout=30)


@pytest.fixture
def site(installed: Installation) -> Installation:
    installed.write(webhook("site", installed.receiver, include=[DAY, NEXT_DAY]))
    installed.known_since(NINE - 10 * DAYS, real=True)
    return installed


def started(site: Installation, at: datetime) -> tuple[WallClock, Running]:
    clock = WallClock.at(site.root, at)
    service = clock.start(site)
    record = service.wait_for("started", timeout=40)[0]
    assert record["timestamp"][:4] == f"{at:%Y}", "the library does not fake the time"
    wait_for_wake(site, at, at + HOUR)
    return clock, service


class TestAMachineThatWasAsleep:
    def test_for_three_days_catches_up_with_what_is_useful_and_tells_the_rest(
        self, site: Installation
    ) -> None:
        clock, service = started(site, NINE - 30 * HOUR)
        service.signal(signal.SIGSTOP)
        # two days' posts were due meanwhile, the first over 36 hours ago
        clock.set(NINE + 42 * HOUR)
        service.signal(signal.SIGCONT)
        site.receiver.wait_for(1, timeout=30)
        wait_until(lambda: state_of(site, NEXT_DAY) is State.DELIVERED, timeout=30)
        assert state_of(site, DAY) is State.MISSED
        service.wait_for("clock-jumped")
        assert service.stop() == 0
        assert posted(site) == [NEXT_DAY]


class TestAClockThatIsSet:
    def test_forward_and_back_by_a_day_posts_each_day_once(self, site: Installation) -> None:
        clock, service = started(site, NINE - 23 * HOUR)
        clock.set(NINE + HOUR)
        wait_until(lambda: state_of(site, DAY) is State.DELIVERED, timeout=30)
        clock.set(NINE - 23 * HOUR)
        wait_for_wake(site, NINE - 24 * HOUR, NINE)
        # nine o'clock comes a second time
        clock.set(NINE - seconds(1))
        wait_for_wake(site, NINE - seconds(1), NINE + HOUR)
        clock.set(NINE + seconds(10))
        wait_for_wake(site, NINE + seconds(10), NINE + HOUR)
        assert posted(site) == [DAY]
        clock.set(NINE + DAYS - seconds(2))
        wait_until(lambda: state_of(site, NEXT_DAY) is State.DELIVERED, timeout=30)
        assert service.stop() == 0
        assert posted(site) == [DAY, NEXT_DAY]

    def test_before_the_post_that_another_day_saw_due_still_posts_it_on_its_day(
        self, site: Installation
    ) -> None:
        # the clock was wrong by a day when it started, and is put right before nine o'clock
        clock, service = started(site, NINE - 2 * DAYS)
        clock.set(NINE - 3 * DAYS)
        wait_for_wake(site, NINE - 4 * DAYS, NINE - 2 * DAYS - HOUR)
        clock.set(NINE - seconds(2))
        wait_until(lambda: state_of(site, DAY) is State.DELIVERED, timeout=30)
        assert service.stop() == 0
        assert posted(site) == [DAY]


class TestTheHoursThatChange:
    def test_an_hour_that_does_not_come_is_posted_right_after_the_gap(
        self, installed: Installation
    ) -> None:
        # Toronto, 14 March 2027: from 02:00 EST (07:00 UTC) on it is 03:00 EDT
        gap = datetime(2027, 3, 14, 7, 0, tzinfo=UTC)
        installed.write(webhook("site", installed.receiver, include=["own"], post_at="02:30"))
        own_day(installed, "spring", "14 March")
        installed.known_since(gap - 3 * DAYS, real=True)
        clock, service = started(installed, gap - seconds(60))
        assert posted(installed) == []
        clock.set(gap - seconds(2))
        wait_until(lambda: state_of(installed, "spring") is State.DELIVERED, timeout=30)
        with installed.reading() as ledger:
            (row,) = ledger.history()
            (attempt,) = ledger.attempts(row.key)
        assert row.due_at == gap
        assert gap <= attempt.started_at < gap + seconds(20)
        assert service.stop() == 0

    def test_an_hour_that_comes_twice_is_posted_the_first_time_and_only_then(
        self, installed: Installation
    ) -> None:
        # Toronto, 7 November 2027: 01:30 EDT is 05:30 UTC, 01:30 EST is 06:30 UTC
        first = datetime(2027, 11, 7, 5, 30, tzinfo=UTC)
        installed.write(webhook("site", installed.receiver, include=["own"], post_at="01:30"))
        own_day(installed, "autumn", "7 November")
        installed.known_since(first - 3 * DAYS, real=True)
        clock, service = started(installed, first - seconds(60))
        clock.set(first - seconds(2))
        wait_until(lambda: state_of(installed, "autumn") is State.DELIVERED, timeout=30)
        clock.set(first + HOUR + seconds(1))
        wait_for_wake(installed, first + HOUR, first + 2 * HOUR)
        assert service.stop() == 0
        assert posted(installed) == ["autumn"]


class TestTheLeapDay:
    @pytest.mark.parametrize(("year", "day"), [(2027, 28), (2028, 29), (2100, 28), (2400, 29)])
    def test_is_the_last_of_february_where_there_is_none(
        self, installed: Installation, year: int, day: int
    ) -> None:
        installed.write(webhook("site", installed.receiver, include=["own"]))
        own_day(installed, "leap", "29 February")
        before = datetime(year, 2, 27, 20, 0, tzinfo=UTC)
        installed.known_since(before, real=True)
        with stepping(installed, before) as steps:
            for hours in range(0, 80, 4):
                steps.wake(before + hours * HOUR)
            (row,) = steps.ledger.history()
            assert (row.date.month, row.date.day) == (2, day)
            assert row.state is State.DELIVERED
        assert len(installed.receiver.requests) == 1


class TestAChangeOnTheVeryDay:
    @pytest.mark.parametrize(
        "change",
        [
            {"post_at": "08:00"},
            {"timezone": "America/Halifax"},
            {"timezone": "Europe/Paris"},
            {"post_at": "00:00"},
        ],
    )
    def test_to_an_hour_that_has_passed_is_posted_at_once(
        self, site: Installation, change: dict[str, object]
    ) -> None:
        with stepping(site, NINE - seconds(600)) as steps:
            steps.wake()
            site.write(webhook("site", site.receiver, include=[DAY, NEXT_DAY], **change))
            steps.project = site.project()
            steps.wake(NINE - seconds(590))
            assert steps.row().state is State.DELIVERED
            for hours in range(1, 14):
                steps.wake(NINE + hours * HOUR)
        assert posted(site) == [DAY]

    @pytest.mark.parametrize(
        "change",
        [{"post_at": "21:59"}, {"timezone": "America/Tijuana"}, {"timezone": "Pacific/Honolulu"}],
    )
    def test_to_an_hour_that_is_to_come_is_posted_then(
        self, site: Installation, change: dict[str, object]
    ) -> None:
        with stepping(site, NINE - seconds(600)) as steps:
            steps.wake()
            site.write(webhook("site", site.receiver, include=[DAY, NEXT_DAY], **change))
            steps.project = site.project()
            steps.wake(NINE)
            assert posted(site) == []
            for hours in range(1, 14):
                steps.wake(NINE + hours * HOUR)
            assert steps.row().state is State.DELIVERED
        assert posted(site) == [DAY]

    def test_a_whole_service_takes_the_new_hour_up_and_posts_once(self, site: Installation) -> None:
        clock, service = started(site, NINE - seconds(60))
        site.write(webhook("site", site.receiver, include=[DAY, NEXT_DAY], post_at="09:30"))
        service.signal(signal.SIGHUP)
        service.wait_for("reloaded")
        clock.set(NINE + seconds(60))
        wait_for_wake(site, NINE + seconds(60), NINE + HOUR)
        assert posted(site) == []
        clock.set(NINE + seconds(30 * 60 - 2))
        wait_until(lambda: state_of(site, DAY) is State.DELIVERED, timeout=30)
        site.write(webhook("site", site.receiver, include=[DAY, NEXT_DAY], post_at="10:00"))
        service.signal(signal.SIGHUP)
        service.wait_for("reloaded", 2)
        clock.set(NINE + HOUR + seconds(5))
        wait_for_wake(site, NINE + HOUR, NINE + 2 * HOUR)
        assert service.stop() == 0
        assert posted(site) == [DAY]
