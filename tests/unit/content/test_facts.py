"""Facts: clauses with number and date, and when they are due for a review."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.content.facts import clause, fact_problems, stale_by
from bot.content.language_files import load_languages
from bot.content.texts import SourceText
from bot.errors import RenderError
from tests.unit.content.samples import FACTS, LANGUAGES, in_all, write_templates


def test_a_clause_has_its_number_and_date_in_the_language(tmp_path: Path) -> None:
    languages = load_languages([write_templates(tmp_path)])
    parties, supporters = FACTS["parties"], FACTS["supporters"]
    assert [clause(parties, languages[code]) for code in LANGUAGES] == [
        "on 24 April 2024 there were 1,234 parties",
        "au 24 avril 2024, il y avait 1\u00a0234 parties",
        "al 24 de abril de 2024 había 1,234 partes",
    ]
    assert clause(supporters, languages["es"]) == (
        "in diciembre de 2016, more than 100 supporters (es)"
    )


def test_a_clause_is_refused_without_its_language(tmp_path: Path) -> None:
    french = load_languages([write_templates(tmp_path)])["fr"]
    only = replace(FACTS["parties"], text={"en": "{value} {date}"})
    with pytest.raises(RenderError, match=r"config/facts.toml, parties: It has no text.fr"):
        clause(only, french)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"text": in_all("on {date} some")}, "must hold {value}"),
        ({"text": in_all("{value} parties")}, "must hold {date}"),
        ({"text": in_all("{value} {date} {dat}")}, "{dat}, which is not known. Did you mean"),
        ({"text": in_all("{value.__class__} {value} {date}")}, "which is not known"),
        ({"text": {}}, "no text.en"),
        ({"as_of": "2016-13"}, "'2016-13' is no date"),
        ({"as_of": "December"}, "'December' is no date"),
        ({"source": SourceText({"fr": "x"}, "https://x.org")}, "no title in 'en'"),
        ({"source": SourceText("x", "")}, "no source"),
    ],
)
def test_what_is_wrong_with_a_fact_is_named(change: dict[str, Any], said: str) -> None:
    assert fact_problems(FACTS["parties"], LANGUAGES) == []
    fact = replace(FACTS["parties"], **change)
    [problem] = fact_problems(fact, ["en"])
    assert (problem.file, problem.entry) == ("config/facts.toml", "parties")
    assert said in problem.message


def test_a_fact_is_stale_once_its_review_has_passed() -> None:
    parties = FACTS["parties"]
    assert not parties.is_stale(parties.review)
    assert parties.is_stale(parties.review + timedelta(days=1))


def test_stale_facts_are_given_the_longest_overdue_first() -> None:
    old = replace(FACTS["parties"], id="old", review=date(2020, 1, 1))
    older = replace(FACTS["parties"], id="older", review=date(2019, 1, 1))
    assert stale_by([old, FACTS["parties"], older], date(2026, 1, 1)) == (older, old)
