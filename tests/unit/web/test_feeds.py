"""The feeds of a running page: judged by other people's readers, asked for again, kept private."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import feedparser
import icalendar
import pytest
import vobject

from bot.ledger.rows import State
from bot.web.access import Access
from bot.web.routes import feeds
from tests.page import CANARIES, NOW, Stage, staged
from tests.unit.web.browsing import Browser, browsing

PATHS = ("/calendar.ics", "/feed.atom", "/upcoming.atom")


@pytest.fixture(scope="module")
def reader(shown: Stage) -> Iterator[Browser]:
    with browsing(shown.site) as reader:
        yield reader


@pytest.fixture
def unkept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "CACHED_S", 0.0)


def atom(reader: Browser, path: str) -> Any:
    answer = reader.get(path)
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    found = feedparser.parse(answer.content)
    assert not found.bozo and found.version == "atom10"
    return found


def events(content: bytes) -> list[Any]:
    return list(icalendar.Calendar.from_ical(content).walk("VEVENT"))


# the calendar


@pytest.mark.parametrize("language", ["en", "fr", "es"])
def test_two_readers_find_every_day_of_several_years(reader: Browser, language: str) -> None:
    answer = reader.get(f"/calendar.ics?language={language}")
    assert answer.headers["content-type"].startswith("text/calendar; charset=utf-8")
    found = events(answer.content)
    assert {event["dtstart"].dt.year for event in found} == set(range(2025, 2031))
    uids = [str(event["uid"]) for event in found]
    assert len(set(uids)) == len(uids)
    assert "human-rights-day-2027-12-10@vigilia" in uids
    read = vobject.readOne(answer.text)
    assert [event.summary.value for event in read.vevent_list] == [
        str(event["summary"]) for event in found
    ]
    name = {"en": "Human Rights Day", "fr": "Journée", "es": "Día de los Derechos Humanos"}
    assert any(name[language] in str(event["summary"]) for event in found)


def test_a_theme_narrows_it(reader: Browser, shown: Stage) -> None:
    every = {str(event["uid"]) for event in events(reader.get("/calendar.ics").content)}
    core = {str(event["uid"]) for event in events(reader.get("/calendar.ics?theme=core").content)}
    assert core < every
    days = {uid.rsplit("-", 3)[0] for uid in core}
    assert days == {day.id for day in shown.project.days.calendar if "core" in day.themes} & days


def test_the_language_is_the_groups_own_unless_asked(tmp_path: Path) -> None:
    with staged(tmp_path / "g", filled=False) as stage, browsing(stage.site) as reader:
        settings = stage.project.settings.model_copy(update={"languages": ("fr",)})
        project = replace(stage.project, settings=settings)
        stage.site.project = lambda: project
        found = events(reader.get("/calendar.ics").content)
        assert str(found[0]["summary"]).startswith(("Entrée", "Journée"))


# what was posted, what comes


def test_what_was_posted_is_there_once_with_its_words(reader: Browser, shown: Stage) -> None:
    found = atom(reader, "/feed.atom?language=es")
    titles = [entry.title for entry in found.entries]
    assert len(set(titles)) == len(titles) > 0
    assert found.feed.links[0].href.endswith("/feed.atom?language=es")
    assert all(entry.content[0].value.startswith("<p>") for entry in found.entries)
    row = shown.ledger.delivery(shown.keys["discord"])
    assert row is not None and row.message is not None
    assert row.message["parts"][0]["title"] in titles


@pytest.mark.usefixtures("unkept")
def test_what_was_taken_back_is_gone(browser: Browser, stage: Stage) -> None:
    before = atom(browser, "/feed.atom")
    first = before.entries[0]
    for row in stage.ledger.history((State.DELIVERED,)):
        if row.message and row.message["parts"][0]["title"] == first.title:
            stage.ledger.retract(row.key, NOW, "Ana")
    after = atom(browser, "/feed.atom")
    ids = [entry.id for entry in after.entries]
    assert first.id not in ids and len(ids) == len(before.entries) - 1


def test_many_channels_do_not_crowd_out_the_days_before(
    reader: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = [entry.id for entry in atom(reader, "/feed.atom?language=en").entries]
    assert len(every) > 2
    monkeypatch.setattr(feeds, "CACHED_S", 0.0)
    monkeypatch.setattr(feeds, "_AT_ONCE", 2)
    assert [one.id for one in atom(reader, "/feed.atom?language=en").entries] == every
    monkeypatch.setattr(feeds, "SHOWN", 1)
    assert [one.id for one in atom(reader, "/feed.atom?language=en").entries] == every[:1]


def test_what_comes_is_told_by_date_and_name_without_words(reader: Browser, shown: Stage) -> None:
    found = atom(reader, "/upcoming.atom?language=en")
    planned = shown.project.plan.due(NOW, NOW + feeds.AHEAD)
    days = {
        (id_, posting.date)
        for item in planned
        for posting in item.postings
        if not posting.lead_days
        for id_ in posting.observances
        if id_ in shown.project.by_id
    }
    assert len(found.entries) == len(days) > 1
    assert "27 January 2027: " in " ".join(entry.title for entry in found.entries)
    assert all(entry.published <= "2026-12-10T16:00:00Z" for entry in found.entries)


@pytest.mark.usefixtures("unkept")
def test_a_day_that_a_person_leaves_out_everywhere_is_not_announced(
    browser: Browser, stage: Stage
) -> None:
    on = date(2027, 1, 12)
    before = atom(browser, "/upcoming.atom").entries
    keys = [
        posting.key
        for item in stage.project.plan.due(NOW, NOW + timedelta(days=60))
        for posting in item.postings
        if posting.date == on and not posting.lead_days
    ]
    assert len(keys) > 1
    for number, key in enumerate(keys):
        assert len(atom(browser, "/upcoming.atom").entries) == len(before), number
        stage.ledger.decide(key, "skip", "Ana", "", NOW)
    assert len(atom(browser, "/upcoming.atom").entries) == len(before) - 1


# asked for again


@pytest.mark.parametrize("path", PATHS)
def test_who_has_it_already_is_told_so(reader: Browser, path: str) -> None:
    first = reader.get(path)
    tag, changed = first.headers["etag"], first.headers["last-modified"]
    for headers in (
        {"if-none-match": tag},
        {"if-none-match": f'"other", W/{tag}'},
        {"if-none-match": "*"},
        {"if-modified-since": changed},
    ):
        again = reader.get(path, **headers)
        assert (again.status_code, again.content) == (304, b""), headers
        assert again.headers["etag"] == tag
    for headers in (
        {"if-none-match": '"other"'},
        {"if-none-match": '"other"', "if-modified-since": changed},
        {"if-modified-since": "Thu, 01 Jan 1970 00:00:00 GMT"},
        {"if-modified-since": "Thu, 01 Jan 1970 00:00:00"},
        {"if-modified-since": "yesterday"},
    ):
        assert reader.get(path, **headers).status_code == 200, headers
    head = reader.client.head(path)
    assert (head.status_code, head.content) == (200, b"") and head.headers["etag"] == tag


@pytest.mark.usefixtures("unkept")
def test_it_is_the_same_until_something_changes(browser: Browser, stage: Stage) -> None:
    first = {path: browser.get(path).headers for path in PATHS}
    stage.clock.set(NOW + timedelta(minutes=5))
    again = {path: browser.get(path).headers for path in PATHS}
    assert [again[path]["etag"] for path in PATHS] == [first[path]["etag"] for path in PATHS]
    changed = [headers["last-modified"] for headers in again.values()]
    assert changed == [headers["last-modified"] for headers in first.values()]
    stage.clock.set(NOW + timedelta(days=40))
    after = {path: browser.get(path).headers["etag"] for path in PATHS}
    assert after["/upcoming.atom"] != first["/upcoming.atom"]["etag"]
    assert after["/calendar.ics"] != first["/calendar.ics"]["etag"]


# who may, and what not


@pytest.mark.parametrize("path", [*(f"{p}?language=tlh" for p in PATHS), "/calendar.ics?theme=cor"])
def test_what_there_is_not_is_a_problem(reader: Browser, path: str) -> None:
    answer = reader.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"].startswith("There is no ")


def test_only_the_feeds_are_public_where_the_settings_say_so(locked: Stage) -> None:
    access = locked.site.access
    locked.site.access = Access(access.listen, token=access.token, public_feeds=True)
    with browsing(locked.site) as stranger:
        for path in PATHS:
            answer = stranger.get(path)
            assert answer.status_code == 200
            assert "set-cookie" not in answer.headers
            assert not [secret for secret in CANARIES.values() if secret in answer.text]
            for channel in ("ottawa", "comunidad"):
                assert channel not in answer.text
        for path in ("/api/upcoming", "/metrics"):
            assert stranger.get(path).status_code == 401
