"""What is wrong in a table is said in words, with the key and what is allowed."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from bot.errors import Problem
from bot.settings.entries import ActionEntry, FactEntry, ObservanceEntry
from bot.settings.models import ChannelFields, Model, Settings
from bot.settings.validation import validated


def _said(model: type[BaseModel], table: Any, *known: str) -> list[str]:
    problems: list[Problem] = []
    found = validated(model, table, file="f.toml", entry="e", problems=problems, more_keys=known)
    assert (found is None) == bool(problems)
    assert all((p.level, p.file, p.entry) == ("error", "f.toml", "e") for p in problems)
    return [problem.message for problem in problems]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"timezon": "UTC"}, "The key 'timezon' is unknown. Did you mean 'timezone'?"),
        ({"ledger": {"ulr": "x"}}, "The key 'ledger.ulr' is unknown. Did you mean 'url'?"),
        ({"ledger": {"zzzzz": "x"}}, "The key 'ledger.zzzzz' is unknown. Known keys: url."),
        ({"ledger": "x"}, "'ledger' must be a table."),
        ({"post_at": "9:00"}, "'post_at': '9:00' is not a time of day: write it as 09:00, from"),
        ({"post_at": "24:00"}, "'post_at': '24:00' is not a time of day"),
        ({"post_at": 9}, "'post_at': '9' is not a time of day"),
        (
            {"timezone": "America/Toront"},
            "'America/Toront' is not a known time zone. Did you mean 'America/Toronto'?",
        ),
        ({"timezone": "zzz"}, "not a known time zone. Write one such as America/Toronto."),
        ({"timezone": ""}, "'timezone': '' is not a known time zone"),
        ({"timezone": "America"}, "'timezone': 'America' is not a known time zone"),
        ({"timezone": "../../etc/passwd"}, "is not a known time zone"),
        ({"timezone": 5}, "'timezone': '5' is not a known time zone"),
        ({"languages": []}, "'languages' must hold at least 1."),
        ({"languages": "en"}, "'languages' must be a list in square brackets."),
        ({"languages": ["en", "en"]}, "'languages': 'en' stands there twice."),
        ({"languages": [3]}, "'languages.1' must be text in quotes."),
        ({"useful_for": "40d"}, "'useful_for': between 1m and 30d."),
        ({"useful_for": "0s"}, "'useful_for': between 1m and 30d."),
        ({"useful_for": "1 day"}, "'useful_for': '1 day' is not a length of time: write 30m"),
        ({"delivery": {"workers": 0}}, "'delivery.workers' must be 'auto' or at least 1."),
        ({"delivery": {"workers": 65}}, "'delivery.workers' must be 'auto' or at most 64."),
        ({"delivery": {"workers": "8"}}, "'delivery.workers' must be 'auto' or a whole number."),
        ({"approval": {"undecided": "no"}}, "'approval.undecided' must be 'hold' or 'post'."),
    ],
)
def test_a_setting_that_cannot_be_is_said_in_one_sentence(table: Any, said: str) -> None:
    (sentence,) = _said(Settings, table)

    assert said in sentence


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({}, "The key 'platform' is missing."),
        ({"platform": "slack", "spacing": "7h"}, "'spacing': at most 6h."),
        ({"platform": "slack", "min_gap": "8d"}, "'min_gap': at most 7d."),
        ({"platform": "slack", "lead_days": [0]}, "'lead_days.1' must be at least 1."),
        ({"platform": "slack", "lead_days": [61]}, "'lead_days.1' must be at most 60."),
        ({"platform": "slack", "lead_days": [7, 7]}, "'lead_days': '7' stands there twice."),
        ({"platform": "slack", "layout": "both"}, "'layout' must be 'together' or 'separate'."),
        ({"platform": "slack", "ulr": 1}, "The key 'ulr' is unknown. Did you mean 'url'?"),
    ],
)
def test_a_channel_that_cannot_be_is_said_in_one_sentence(table: Any, said: str) -> None:
    assert said in _said(ChannelFields, table, "url")


_DAY: dict[str, Any] = {
    "kind": "day",
    "on": "5 March",
    "name": {"en": "Our day"},
    "sources": [{"title": "Page", "url": "https://example.org"}],
    "story": [{"en": "It matters."}],
}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"nmae": {"en": "Our day"}, "name": None},
            "The key 'nmae' is unknown. Did you mean 'name'?",
        ),
        ({"kind": "feast"}, "'kind' must be 'day', 'remembrance', 'anniversary' or 'month'."),
        ({"sources": []}, "'sources' must hold at least 1."),
        ({"story": []}, "'story' must hold at least 1."),
        ({"since": "2015"}, "'since' must be a whole number."),
        ({"approval": "yes"}, "'approval' must be true or false."),
        ({"disabled": "true"}, "'disabled' must be false."),
        ({"story": [{"en": 5}]}, "'story.1': 'en' must be text in quotes, the story in that"),
        ({"name": {"en": 5}}, "'name.en' must be text in quotes."),
        (
            {"sources": [{"title": 5, "url": "https://example.org"}]},
            "'sources.1.title' must be text in quotes or a table.",
        ),
        (
            {"sources": [{"title": {"en": 5}, "url": "https://example.org"}]},
            "'sources.1.title.en' must be text in quotes.",
        ),
        (
            {"sources": [{"ttle": "x", "title": "x", "url": "https://example.org"}]},
            "The key 'sources.1.ttle' is unknown. Did you mean 'title'?",
        ),
        (
            {"sources": [{"title": "x", "url": "example.org"}]},
            "'sources.1.url': 'example.org' is not an address: it begins with https://.",
        ),
        (
            {"sources": [{"title": "x", "url": {"fr": "https://example.org"}}]},
            "'sources.1.url': a table of addresses needs \"en\"",
        ),
        ({"count": "observances"}, 'count = "observances" needs `since`, the first year.'),
        ({"count": "years"}, 'count = "years" needs `event`, the year of what is remembered.'),
        ({"years": "milestones"}, 'years = "milestones" needs `event`'),
        ({"since": 2015, "until": 2014}, "`until` is before `since`."),
        ({"event": 2016, "since": 2015}, "`since`, the first observance, is before `event`."),
    ],
)
def test_a_day_that_cannot_be_is_said_in_one_sentence(change: dict[str, Any], said: str) -> None:
    table = {key: value for key, value in {**_DAY, **change}.items() if value is not None}

    (sentence,) = _said(ObservanceEntry, table)

    assert said in sentence


def test_a_fact_says_all_forms_that_its_values_may_have() -> None:
    table = {
        "value": 3.5,
        "as_of": 2026,
        "review": "2027-02-30",
        "text": {"en": "x"},
        "source": {"title": "x", "url": "https://example.org"},
    }

    assert _said(FactEntry, table) == [
        "'value' must be a whole number or text in quotes.",
        "'as_of' must be a date such as 2026-12-09, without quotes or text in quotes.",
        "'review' must be a date such as 2026-12-09, without quotes.",
    ]


_toml_values = st.recursive(
    st.one_of(
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False),
        st.text(max_size=12),
        st.dates(),
        st.datetimes(),
        st.times(),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=6,
)


@pytest.mark.parametrize(
    "model", [Settings, ChannelFields, ObservanceEntry, FactEntry, ActionEntry]
)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_whatever_stands_in_a_file_is_judged_in_words_of_ours(
    model: type[Model], data: st.DataObject
) -> None:
    keys = st.sampled_from(sorted(model.model_fields)) | st.text(max_size=6)
    for sentence in _said(model, data.draw(st.dictionaries(keys, _toml_values, max_size=4))):
        assert "input should" not in sentence.lower()
        assert "valid " not in sentence.lower()
        assert sentence.endswith((".", "?"))
        assert not sentence.endswith("..")


def test_what_is_right_is_given_as_it_stands() -> None:
    problems: list[Problem] = []
    table = {
        "timezone": "Pacific/Apia",
        "post_at": time(7, 30),
        "useful_for": "12h",
        "approval": {"lead": "3d"},
    }

    found = validated(Settings, table, file="f", entry="", problems=problems)

    assert found is not None and not problems
    assert found.timezone.key == "Pacific/Apia"
    assert found.post_at == time(7, 30)
    assert found.useful_for == timedelta(hours=12)
    assert found.approval.lead == timedelta(days=3)
    kept = {"timezone": found.timezone, "post_at": found.post_at, "useful_for": found.useful_for}
    assert validated(Settings, kept, file="f", entry="", problems=problems)


@pytest.mark.parametrize("value", [date(2026, 10, 2), datetime(2026, 10, 2)])  # noqa: DTZ001
def test_a_fact_takes_a_date(value: date) -> None:
    problems: list[Problem] = []
    table = {
        "value": 3,
        "as_of": value,
        "review": value,
        "text": {"en": "x"},
        "source": {"title": "x", "url": "https://example.org"},
    }

    fact = validated(FactEntry, table, file="f", entry="", problems=problems)

    assert fact is not None and fact.review == date(2026, 10, 2)
