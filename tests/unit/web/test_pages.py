"""Each page says what a person needs, in whatever state things are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.channels.outcome import Reason
from bot.errors import LedgerError
from bot.ledger.rows import State
from bot.web.forecast import grouped
from tests.page import NOW, Stage, staged
from tests.unit.web.browsing import Browser, browsing

PATHS = ("/", "/deliveries", "/inbox", "/channels", "/calendar", "/channels/test?channel=ottawa")


@pytest.fixture(scope="module")
def reader(shown: Stage) -> Iterator[Browser]:
    with browsing(shown.site) as browser:
        yield browser


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("language", ["en", "fr", "es"])
def test_every_page_is_shown_in_the_browsers_language(
    reader: Browser, path: str, language: str
) -> None:
    answer = reader.get(path, **{"accept-language": f"{language}-CA,xx;q=0.3"})
    assert answer.status_code == 200
    assert f'<html lang="{language}">' in answer.text
    assert answer.headers["content-language"] == language
    assert {"en": "Deliveries", "fr": "Livraisons", "es": "Entregas"}[language] in answer.text


def test_the_first_page_tells_what_needs_a_hand_and_what_comes(
    reader: Browser, shown: Stage
) -> None:
    text = reader.text("/")
    assert "Needs a hand" in text
    assert "2 postings may have arrived" in text
    assert "1 posting failed" in text
    assert "1 coming posting waits for a person" in text
    assert text.index("may have arrived") < text.index("waits for a person")
    due = shown.project.plan.next_due(NOW)
    assert due is not None and f'datetime="{due.isoformat()}" data-count' in reader.get("/").text


def test_the_year_is_a_picture_coloured_by_kind(reader: Browser, shown: Stage) -> None:
    page = reader.get("/?year=2026").text
    assert page.count('<li class="row">') == 12
    assert (
        page.count("<i></i>") + page.count('<a class="kind-') + page.count('<i class="today"')
        == 365
    )
    year = shown.site.forecast().year(2026)
    kinds = {found[0].observance.kind for found in year.values()}
    assert kinds >= {"day", "remembrance", "anniversary"}
    assert all(f'<a class="kind-{kind}' in page for kind in kinds)
    assert page.count('<a class="kind-') == len(year)
    assert "today" in page and "something went wrong" in page
    assert page.count("<i></i>") < reader.get("/?year=2028").text.count("<i></i>") + 40


@pytest.mark.parametrize("year", ["1899", "2201", "soon"])
def test_a_year_beyond_the_calendar_is_no_page(reader: Browser, year: str) -> None:
    assert reader.get(f"/?year={year}").status_code == 422


def test_what_comes_can_be_seen_for_one_channel(reader: Browser) -> None:
    text = reader.text("/?channel=comunidad")
    assert "comunidad · 09:00 CST" in text
    assert "ottawa · 09:00" not in text
    assert "ottawa" in reader.text("/?channel=nobody")


@pytest.mark.parametrize(
    "name",
    [
        *(
            state.value
            for state in State
            if state not in (State.READY, State.SENDING, State.RETRACTED)
        ),
        "coming",
        "asked",
        "notice",
        "digest",
        "spanish",
    ],
)
def test_a_posting_shows_its_words_sources_and_request(
    reader: Browser, shown: Stage, name: str
) -> None:
    key = shown.keys[name]
    page = reader.get(f"/posting/{key}")
    assert page.status_code == 200
    assert key in page.text
    assert "The exact request" in page.text
    assert "***" in page.text or shown.project.channels[key.split("/")[3]].platform.local


def test_a_delivered_posting_shows_what_was_sent_and_each_attempt(
    reader: Browser, shown: Stage
) -> None:
    text = reader.text(f"/posting/{shown.keys['delivered']}")
    assert "The platform took it." in text
    assert "HTTP 200 it said so The platform calls it 1357." in text


def test_a_posting_shows_the_figures_it_prints_with_their_dates(
    reader: Browser, shown: Stage
) -> None:
    text = reader.text("/posting/genocide-prevention-day/2026-12-09/0/ottawa/en+fr")
    assert "153 on 24 April 2024 the UN counted 153 States parties" in text
    assert "to be reviewed by 31 January 2027" in text


def test_a_posting_of_nobody_is_not_found(reader: Browser) -> None:
    for key in (
        "nothing",
        "a/b/c/d/e",
        "human-rights-day/2026-12-10/0/nobody/en",
        "human-rights-day/never/0/ottawa/en+fr",
        "human-rights-day/9999-12-31/0/ottawa/en",
    ):
        assert reader.get(f"/posting/{key}").status_code == 404


def test_deliveries_are_filtered_searched_and_paged(reader: Browser, shown: Stage) -> None:
    assert "delivered" in reader.text("/deliveries")
    failed = reader.get("/deliveries?state=failed").text
    assert failed.count('class="state failed"') == 1
    assert shown.keys["failed"] in failed
    assert "Nothing fits." in reader.text("/deliveries?q=xyzzyplugh")
    assert "International Day" in reader.text("/deliveries?q=genocide")
    assert "Nothing fits." in reader.text("/deliveries?channel=nobody")
    assert reader.get("/deliveries?state=nonsense&before=yesterday&before=x~y").status_code == 200
    one = reader.get("/deliveries?day=human-rights-day").text
    assert "Human Rights Day" in one and "/human-rights-day/" not in one.replace(
        "/posting/human-rights-day/", ""
    )


def test_older_deliveries_are_a_page_further(stage: Stage, browser: Browser) -> None:
    planned = stage.project.plan.due(NOW - timedelta(days=2500), NOW - timedelta(days=130))
    stage.ledger.insert(planned[-60:], NOW, state_of=lambda *_: (State.SKIPPED, None))
    first = browser.get("/deliveries?state=skipped").text
    link = first.split('rel="next"')[0].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")
    second = browser.get(link).text
    assert first.count("<h2>") == 40
    assert second.count("<h2>") == 21
    assert not {*keys_in(first)} & {*keys_in(second)}


def keys_in(page: str) -> list[str]:
    return [piece.split('"')[0] for piece in page.split('href="/posting/')[1:]]


def test_the_inbox_reads_like_a_conversation(reader: Browser, shown: Stage) -> None:
    page = reader.get("/inbox").text
    kept = shown.ledger.inbox()
    assert kept and page.count('class="line"') == min(len(kept), 12)
    dates = [piece.split("<")[0] for piece in page.split('date-line"><span>')[1:]]
    assert len(dates) == len(set(dates))
    assert "No message came yet" in reader.text("/inbox?channel=gate")
    assert reader.get("/inbox?show=-5").text.count('class="line"') == 1


def test_the_calendar_shows_rule_authority_and_languages(reader: Browser) -> None:
    text = reader.text("/calendar?year=2027")
    assert "UN General Assembly resolution 69/323" in text
    assert "rule: 27 Nisan" in text
    assert "posted on ottawa, comunidad, inbox" in text
    assert "posted nowhere: a channel has to ask for it" in text
    assert "Recorded as not posted, and why" in text
    month = reader.get("/calendar?year=2027&kind=month").text
    assert month.count('<article class="day"') == 1


def test_channels_tell_their_state_last_success_and_next_posting(
    stage: Stage, browser: Browser
) -> None:
    stage.ledger.pause_channel("ottawa", Reason.GONE, "no_service", "digest", NOW)
    text = browser.text("/channels")
    assert "paused The webhook was removed." in text
    assert "Since 10 December 2026, 11:00 EST." in text
    assert "active" in text and "Last success" in text and "none yet" in text
    assert browser.get("/channels?q=comu").text.count('class="place') == 2
    assert "Nothing fits." in browser.text("/channels?q=zzz")


def test_nothing_needs_a_hand_in_a_quiet_ledger(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("quiet") / "group"
    with staged(folder, filled=False) as stage, browsing(stage.site) as browser:
        stage.ledger.decide(stage_asked(stage), "skip", "Ana", "", NOW)
        text = browser.text("/")
        assert "Nothing needs you." in text
        assert "Nothing is recorded yet" in browser.text("/deliveries")


def stage_asked(stage: Stage) -> str:
    planned = stage.project.plan.due(NOW, NOW + timedelta(days=60))
    return next(p.key for item in planned for p in item.postings if p.approval)


def test_a_figure_past_its_review_is_told(stage: Stage, browser: Browser) -> None:
    stage.clock.set(NOW + timedelta(days=300))
    assert "past their review" in browser.text("/")


def test_a_figure_that_goes_stale_is_told_before_it_is_posted(
    stage: Stage, browser: Browser
) -> None:
    parties = "genocide-convention-parties"
    fact = replace(stage.project.facts[parties], review=date(2026, 12, 1))
    changed = replace(stage.project, facts={**stage.project.facts, parties: fact})
    stage.site.project = lambda: changed
    stage.clock.set(NOW - timedelta(days=20))
    (going,) = stage.site.forecast().going_stale(stage.clock.now())
    assert (going.fact, going.posting.date) == (fact, date(2026, 12, 9))
    text = browser.text("/")
    assert (
        f"1 figure is to be reviewed before it is posted Look at the source of each: {parties}."
        in text
    )


def test_a_paused_calendar_is_told_first(stage: Stage, browser: Browser) -> None:
    stage.ledger.set_pause(NOW + timedelta(hours=5), NOW)
    assert "Everything is paused Nothing is posted before the pause ends." in browser.text("/")


def test_gatherings_join_what_is_said_at_one_instant(shown: Stage) -> None:
    planned = shown.project.plan.due(NOW - timedelta(days=2), NOW)
    postings = [posting for item in planned for posting in item.postings]
    together = grouped(postings)
    assert sum(len(one.postings) for one in together) == len(postings)
    assert any(len(one.channels) > 1 for one in together)
    assert [one.due_at for one in together] == sorted(one.due_at for one in together)


def test_pages_that_are_not_there_say_so_calmly(reader: Browser) -> None:
    answer = reader.get("/no/such/page")
    assert answer.status_code == 404
    assert "There is no such page" in answer.text
    assert reader.get("/static/../pages.py").status_code == 404
    assert reader.client.post("/", headers={"origin": "https://localhost:8099"}).status_code == 403


def test_static_files_are_kept_by_browsers_until_they_change(reader: Browser) -> None:
    path = reader.get("/").text.split('rel="stylesheet" href="')[1].split('"')[0]
    kept = reader.get(path)
    assert kept.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert kept.headers["content-type"].startswith("text/css")
    assert reader.get(path.split("?")[0]).headers["cache-control"] == "no-cache"


def test_a_page_and_all_it_needs_is_under_100_kb(reader: Browser) -> None:
    page = reader.get("/").text
    assets = {piece.split('"')[0] for piece in page.split('="/static/')[1:]}
    assert len(assets) == 3
    size = len(page.encode()) + sum(len(reader.get(f"/static/{one}").content) for one in assets)
    assert size < 100_000


def test_a_broken_ledger_is_told_on_the_page_and_only_there(
    stage: Stage, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise LedgerError("The disk is full.")

    monkeypatch.setattr(stage.ledger, "search", broken)
    answer = browser.get("/deliveries")
    assert answer.status_code == 503
    assert "The disk is full." in answer.text


def test_a_defect_of_a_page_says_nothing_of_its_inside(
    stage: Stage, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise LookupError("inside")

    monkeypatch.setattr(stage.ledger, "search", broken)
    answer = browser.get("/deliveries")
    assert answer.status_code == 500
    assert "Vigilia has a defect here" in answer.text
    assert "inside" not in answer.text
    assert answer.headers["x-frame-options"] == "DENY"


def test_health_is_one_word(reader: Browser) -> None:
    assert reader.get("/healthz").text == "ok\n"
