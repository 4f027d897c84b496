"""``run --once`` and ``send`` without a service: what they say, and their exit codes."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from bot.ledger.rows import State
from tests.receiver import Answer
from tests.service.installation import DAY, NINE, TOKEN, Installation, Said, table, webhook

KEY = f"{DAY}/2026-12-09/0/site/en"
PATH = f"/site/{TOKEN}"
HOUR = timedelta(hours=1)


@pytest.fixture
def site(installed: Installation) -> Installation:
    installed.write(webhook("site", installed.receiver))
    return installed


def once(installed: Installation, hours: float, *words: str) -> Said:
    """Runs it so many hours after nine."""
    with time_machine.travel(NINE + hours * HOUR):
        return installed.tell("run", "--once", *words)


class TestOnANewLedger:
    def test_it_posts_nothing_and_says_so(self, site: Installation) -> None:
        said = once(site, 1)
        assert said.code == 0
        assert said.out.startswith("The ledger is new: what was due before now is not posted.")
        assert f"vigilia send {DAY} --channel site --on 2026-12-09" in said.err
        assert site.receiver.requests == []

    def test_it_looks_back_where_it_is_told_to(self, site: Installation) -> None:
        said = once(site, 1, "--since", "2026-12-09T08:00:00-05:00")
        assert (said.code, said.out) == (0, f"{KEY}: delivered\n")
        assert len(site.receiver.requests) == 1

    def test_it_looks_back_no_further_than_that(self, site: Installation) -> None:
        said = once(site, 1, "--since", "2026-12-09T09:30:00-05:00")
        assert (said.code, said.out) == (0, "Nothing new is due.\n")
        assert site.receiver.requests == []


class TestOnAUsedLedger:
    def test_it_posts_what_became_due_since_the_last_one(self, site: Installation) -> None:
        once(site, -1)
        assert once(site, 0).out == f"{KEY}: delivered\n"
        assert once(site, 1).out == "Nothing new is due.\n"
        assert len(site.receiver.requests) == 1

    def test_it_looks_no_further_back_whatever_it_is_told(self, site: Installation) -> None:
        once(site, 1)
        said = once(site, 2, "--since", "2026-12-09T08:00:00-05:00")
        assert said.code == 0
        assert "`--since` holds for a new ledger only" in said.out
        assert site.receiver.requests == []

    def test_a_failed_delivery_is_a_no(self, site: Installation) -> None:
        site.receiver.answer(PATH, Answer(400))
        once(site, -1)
        said = once(site, 0)
        assert (said.code, said.out) == (1, f"{KEY}: failed\n")
        assert once(site, 1).code == 0

    def test_a_retry_is_left_to_a_later_run_whose_failure_is_a_no_too(
        self, site: Installation
    ) -> None:
        site.receiver.answer(PATH, Answer(500), Answer(400))
        once(site, -1)
        first = once(site, 0)
        assert first.code == 0
        assert "1 will be tried again by a later run." in first.out
        second = once(site, 1)
        assert (second.code, second.out) == (1, f"{KEY}: failed\n")

    def test_a_missed_posting_is_a_no(self, site: Installation) -> None:
        once(site, -1)
        said = once(site, 100)
        assert (said.code, said.out) == (1, f"{KEY}: missed\n")
        assert '"action": "missed"' in said.err

    def test_what_a_run_before_left_under_way_is_a_no(self, site: Installation) -> None:
        once(site, -1)
        with site.open() as ledger:
            run = ledger.begin_run(NINE, "0.1.0")
        site.receiver.answer(PATH, Answer(500), Answer())
        once(site, 0)
        with site.open() as ledger:
            (row,) = ledger.history()
            assert ledger.claim([row], run, NINE + HOUR, HOUR)
        said = once(site, 2)
        assert said.code == 1
        assert f"{KEY}: unknown" in said.out
        assert len(site.receiver.requests) == 1


class TestModes:
    def test_a_rehearsal_never_writes_to_a_real_ledger(self, site: Installation) -> None:
        once(site, -1)
        said = site.tell("run", "--once", "--at", "2026-12-09T09:00:00-05:00")
        assert said.code == 1
        assert "is the real one, and a rehearsal never writes to it" in said.err

    def test_a_real_run_never_writes_to_the_ledger_of_a_rehearsal(self, site: Installation) -> None:
        assert site.tell("run", "--once", "--at", "2026-12-09T08:00:00-05:00").code == 0
        said = once(site, 0)
        assert said.code == 1
        assert "was made by a rehearsal" in said.err
        sent = site.tell("send", DAY, "--channel", "site", "--on", "2026-12-09")
        assert sent.code == 1
        assert "was made by a rehearsal" in sent.err
        assert site.receiver.requests == []

    def test_a_rehearsal_posts_only_to_places_here_and_trusted_hosts(
        self, site: Installation
    ) -> None:
        slack = {"platform": "slack", "url": "https://hooks.slack.com/services/T0A/B0B/c0d1e2f3"}
        site.write(
            webhook("site", site.receiver),
            table("team", {**slack, "include": [DAY]}),
            table("here", {"platform": "inbox", "include": [DAY]}),
            table("screen", {"platform": "console", "include": [DAY]}),
        )
        site.known_since(NINE - HOUR)
        said = site.tell("run", "--once", "--at", NINE.isoformat())
        assert said.code == 1
        rows = site.rows()
        assert {name: row.state for name, row in rows.items()} == {
            "site": State.DELIVERED,
            "team": State.FAILED,
            "here": State.DELIVERED,
            "screen": State.DELIVERED,
        }
        assert rows["team"].reason == "not-in-rehearsal"
        assert "International Day of Commemoration" in said.out
        assert "12th" in site.tell("inbox").out


class TestSendingWithoutAService:
    def test_it_posts_at_once_and_is_recorded(self, site: Installation) -> None:
        with time_machine.travel(NINE + HOUR):
            sent = site.tell("send", DAY, "--channel", "site")
            assert (sent.code, sent.out) == (0, f"{KEY}: delivered\n"), sent.err
            again = site.tell("send", DAY, "--channel", "site")
            assert again.code == 1
            assert "--again" in again.err
            forced = site.tell("send", DAY, "--channel", "site", "--again", "--json")
            assert forced.code == 0
            assert f"{KEY}/again-1" in forced.out
        assert len(site.receiver.requests) == 2
        assert once(site, 2).out == "Nothing new is due.\n"

    def test_it_waits_for_the_rate_limit_between_two_messages(self, site: Installation) -> None:
        site.write(webhook("site", site.receiver, languages=["en", "fr"], layout="separate"))
        with time_machine.travel(NINE + HOUR):
            assert site.tell("send", DAY, "--channel", "site").code == 0
        first, second = site.receiver.requests
        assert (second.arrived_at - first.arrived_at).total_seconds() > 0.1

    def test_a_failure_is_a_no(self, site: Installation) -> None:
        site.receiver.answer(PATH, Answer(500))
        sent = site.tell("send", DAY, "--channel", "site", "--on", "2026-12-09")
        assert sent.code == 1
        assert f"{KEY}: retrying" in sent.out
