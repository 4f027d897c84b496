"""What becomes of a delivery: tried again, unknown, missed, caught up with, offered, paused."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine

from bot.channels.outcome import Reason
from bot.channels.webhook import Webhook
from bot.delivery.courier import request_id
from bot.delivery.planner import write_down
from bot.ledger.rows import State
from tests.receiver import Answer
from tests.service.installation import DAY, NINE, TOKEN, Installation, seconds, webhook
from tests.service.stepping import stepping

KEY = f"{DAY}/2026-12-09/0/site/en"
PATH = f"/site/{TOKEN}"
NEXT_DAY = "human-rights-day"
HOURS = timedelta(hours=1)
DAYS = timedelta(days=1)


@pytest.fixture
def site(installed: Installation) -> Installation:
    """One channel, known since the day before."""
    installed.write(webhook("site", installed.receiver, include=[DAY, NEXT_DAY]))
    installed.known_since(NINE - DAYS, real=True)
    return installed


class TestTryingAgain:
    def test_the_same_words_under_the_same_id_until_it_is_taken(self, site: Installation) -> None:
        busy = Answer(429, b"slow down", {"Retry-After": "40"})
        site.receiver.answer(PATH, busy, Answer(500), Answer())
        with stepping(site, NINE) as steps:
            steps.wake()
            assert steps.row().state is State.RETRYING
            assert steps.courier.ready_in(steps.row()) == 40
            first = steps.row().next_attempt_at
            assert first is not None
            assert NINE + seconds(40) <= first <= NINE + seconds(46)
            steps.wake(first - seconds(1))
            assert len(site.receiver.requests) == 1
            steps.wake(first)
            second = steps.row().next_attempt_at
            assert second is not None
            assert seconds(5) <= second - first <= seconds(20)
            steps.wake(second)
            assert steps.row().state is State.DELIVERED
            tried = steps.ledger.attempts(KEY)
            assert [attempt.status for attempt in tried] == [429, 500, 200]
            steps.wake(second + HOURS)
        requests = site.receiver.requests
        assert [r.headers["webhook-id"] for r in requests] == [request_id(KEY, 0)] * 3
        words = [request.json["data"] for request in requests]
        assert words[0] == words[1] == words[2]

    def test_it_fails_when_it_is_no_longer_useful(self, installed: Installation) -> None:
        installed.write(webhook("site", installed.receiver, useful_for="90m"))
        installed.known_since(NINE - DAYS, real=True)
        installed.receiver.answer(PATH, Answer(503))
        with stepping(installed, NINE) as steps:
            steps.wake()
            for _ in range(100):
                row = steps.row(observance=DAY)
                if row.next_attempt_at is None:
                    break
                steps.wake(row.next_attempt_at)
            assert (row.state, row.reason) == (State.FAILED, Reason.EXPIRED)
            assert NINE + seconds(30 * 60) < steps.clock.now() < NINE + seconds(90 * 60)

    def test_an_answer_that_never_comes_is_unknown_and_not_sent_again(
        self, site: Installation
    ) -> None:
        site.receiver.answer(PATH, Answer(close=True))
        with stepping(site, NINE) as steps:
            steps.wake()
            assert (steps.row().state, steps.row().reason) == (State.UNKNOWN, Reason.NO_ANSWER)
            steps.wake(NINE + HOURS)
            steps.wake(NINE + 20 * HOURS)
        assert len(site.receiver.requests) == 1

    def test_an_unknown_outcome_is_sent_again_where_the_channel_says_so(
        self, installed: Installation
    ) -> None:
        installed.write(webhook("site", installed.receiver, on_unknown="resend"))
        installed.known_since(NINE - DAYS, real=True)
        installed.receiver.answer(PATH, Answer(close=True), Answer())
        with stepping(installed, NINE) as steps:
            steps.wake()
            assert steps.row().state is State.RETRYING
            steps.wake(NINE + HOURS)
            assert steps.row().state is State.DELIVERED
        first, second = installed.receiver.requests
        assert first.headers["webhook-id"] == second.headers["webhook-id"]

    def test_a_repeat_ends_where_the_platform_no_longer_makes_it_harmless(
        self, site: Installation, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(Webhook, "repeat_safe_for", 2 * HOURS)
        site.receiver.answer(PATH, Answer(close=True), Answer(503))
        with stepping(site, NINE) as steps:
            steps.wake()
            assert steps.row().state is State.RETRYING
            steps.wake(NINE + HOURS)
            assert steps.row().state is State.RETRYING
            # the second try was refused, but the first may have arrived
            steps.wake(NINE + 2 * HOURS - seconds(1))
            assert steps.row().state is State.UNKNOWN
            steps.wake(NINE + 3 * HOURS)
        assert len(site.receiver.requests) == 3


class TestComingLate:
    def test_what_is_still_useful_is_caught_up_with(self, site: Installation) -> None:
        with stepping(site, NINE + 12 * HOURS) as steps:
            steps.wake()
            assert steps.row().state is State.DELIVERED
        assert len(site.receiver.requests) == 1

    @pytest.mark.parametrize("absence", [timedelta(hours=36), 20 * DAYS, 300 * DAYS])
    def test_what_was_due_in_an_absence_is_recorded_as_missed_and_told(
        self, site: Installation, absence: timedelta
    ) -> None:
        # what looked into the ledger meanwhile, a `send` or a run that broke, planned nothing
        with site.open() as ledger:
            ledger.end_run(ledger.begin_run(NINE + absence - HOURS, "0.1.0"), NINE + absence)
        with stepping(site, NINE + absence) as steps:
            found = steps.wake()
            assert steps.row(observance=DAY).state is State.MISSED
            assert KEY in [row.key for row in found.ended]
            later = steps.wake()
            assert (later.inserted, later.ended) == ((), ())
        assert DAY not in [r.json["data"]["observances"][0] for r in site.receiver.requests]

    def test_a_new_ledger_posts_nothing_old_and_offers_it(self, installed: Installation) -> None:
        installed.write(webhook("site", installed.receiver, include=[DAY, NEXT_DAY]))
        with stepping(installed, NINE + HOURS) as steps:
            found = steps.wake()
            assert [offer.postings[0].key for offer in found.offers] == [KEY]
            assert (found.inserted, steps.ledger.history()) == ((), ())
            assert steps.wake(NINE + 2 * HOURS).offers == ()
            assert steps.wake(NINE + DAYS).inserted == (f"{NEXT_DAY}/2026-12-10/0/site/en",)

    def test_a_channel_added_on_the_day_is_offered_its_post(self, site: Installation) -> None:
        with stepping(site, NINE + seconds(60)) as steps:
            steps.wake()
            assert len(site.receiver.requests) == 1
            site.write(
                webhook("site", site.receiver, include=[DAY, NEXT_DAY]),
                webhook("late", site.receiver),
            )
            steps.project = site.project()
            found = steps.wake(NINE + HOURS)
            (offer,) = found.offers
            assert offer.postings[0].channel == "late"
            assert found.inserted == ()
        assert len(site.receiver.requests) == 1

    @pytest.mark.parametrize(
        "change",
        [
            {"languages": ["fr", "en"]},
            {"languages": ["en", "es"], "layout": "separate"},
            {"post_at": "11:30"},
            {"timezone": "America/Vancouver"},
            {"same_day": "merge", "spacing": "1h"},
        ],
    )
    def test_a_change_on_the_day_posts_nothing_twice(
        self, site: Installation, change: dict[str, object]
    ) -> None:
        with stepping(site, NINE) as steps:
            steps.wake()
            site.write(webhook("site", site.receiver, **{"include": [DAY, NEXT_DAY], **change}))
            steps.project = site.project()
            for hours in range(1, 16):
                steps.wake(NINE + hours * HOURS)
        assert len(site.receiver.requests) == 1


class TestAnAddressThatIsGone:
    def test_its_later_posts_are_held_and_a_changed_address_gets_them(
        self, site: Installation
    ) -> None:
        site.receiver.answer(PATH, Answer(410))
        with stepping(site, NINE) as steps:
            steps.wake()
            assert (steps.row().state, steps.row().reason) == (State.FAILED, Reason.GONE)
            assert list(steps.ledger.paused_channels()) == ["site"]
            steps.wake(NINE + DAYS)
            assert steps.row(observance=NEXT_DAY).state is State.HELD
            assert len(site.receiver.requests) == 1

            new = site.receiver.url("/moved/Mb5Tz8Rc1Wq")
            site.write(webhook("site", site.receiver, include=[DAY, NEXT_DAY], url=new))
            steps.project = site.project()
            steps.wake(NINE + DAYS + HOURS)
            assert steps.row(observance=NEXT_DAY).state is State.DELIVERED
            assert steps.ledger.paused_channels() == {}
        assert site.receiver.requests[-1].path == "/moved/Mb5Tz8Rc1Wq"

    def test_a_test_message_that_arrives_frees_what_is_held(self, site: Installation) -> None:
        site.receiver.answer(PATH, Answer(410), Answer(410), Answer())
        with stepping(site, NINE) as steps:
            steps.wake()
            steps.wake(NINE + DAYS)
            with time_machine.travel(NINE + DAYS):
                refused = site.tell("channels", "test", "site")
                assert refused.code == 1
                assert steps.row(observance=NEXT_DAY).state is State.HELD
                assert site.tell("channels", "test", "site").code == 0
            steps.wake()
            assert steps.row(observance=NEXT_DAY).state is State.DELIVERED
        assert len(site.receiver.requests) == 4

    def test_what_was_held_too_long_is_missed(self, site: Installation) -> None:
        site.receiver.answer(PATH, Answer(410), Answer())
        with stepping(site, NINE) as steps:
            steps.wake()
            steps.wake(NINE + DAYS)
            found = steps.wake(NINE + 3 * DAYS)
            assert [row.state for row in found.ended] == [State.MISSED]
        assert len(site.receiver.requests) == 1


class TestAPauseOfEverything:
    def test_what_is_held_is_sent_when_the_time_has_come(self, site: Installation) -> None:
        with stepping(site, NINE - HOURS) as steps:
            steps.ledger.set_pause(NINE + 5 * HOURS, steps.clock.now())
            steps.wake(NINE)
            assert steps.row().state is State.HELD
            steps.wake(NINE + 5 * HOURS)
            assert steps.row().state is State.DELIVERED

    def test_what_is_no_longer_useful_by_then_is_missed(self, site: Installation) -> None:
        with stepping(site, NINE - HOURS) as steps:
            steps.ledger.set_pause(NINE + 2 * DAYS, steps.clock.now())
            steps.wake(NINE)
            steps.wake(NINE + DAYS)
            steps.wake(NINE + 2 * DAYS)
            assert steps.row(observance=DAY).state is State.MISSED
            assert steps.row(observance=NEXT_DAY).state is State.DELIVERED
        assert len(site.receiver.requests) == 1

    def test_what_is_being_tried_again_is_held_too(self, site: Installation) -> None:
        site.receiver.answer(PATH, Answer(500), Answer())
        with stepping(site, NINE) as steps:
            steps.wake()
            steps.ledger.set_pause(NINE + 5 * HOURS, NINE)
            steps.wake(NINE + HOURS)
            assert steps.row().state is State.HELD
            assert len(site.receiver.requests) == 1
            steps.wake(NINE + 5 * HOURS)
            assert steps.row().state is State.DELIVERED


def test_a_decision_in_a_rehearsal_goes_by_the_rehearsals_clock(installed: Installation) -> None:
    """By the machine's, what is sent again would be useful no more before it was begun."""
    installed.write(webhook("site", installed.receiver))
    installed.known_since(NINE - DAYS)
    later = NINE + 3 * DAYS
    with installed.open(real=False) as ledger:
        write_down(ledger, installed.project(), NINE)
        ledger.decide(KEY, "skip", "ana", "", NINE)
        ledger.alive(ledger.begin_run(NINE, "0.1.0"), later)
    assert installed.tell("retry", KEY).code == 0
    with installed.open(real=False) as ledger:
        (row,) = ledger.history(channel="site")
        assert (row.state, row.useful_until) == (State.READY, later + 36 * HOURS)
        assert ledger.decision_log(KEY)[-1].at == later
