"""The templates that ship with Vigilia, in each of their languages."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import get_args

import pytest

from bot.calendar.observances import Kind, Occurrence
from bot.content.language_files import load_languages
from bot.content.markdown import words
from bot.content.writer import Writer
from tests.unit.content.samples import ACTIONS, FACTS, LANGUAGES, OBSERVANCE, TEXT

SHIPPED = [Path(__file__).parents[3] / "templates"]
IDS = (TEXT.id, "genocide-prevention-day")
WRITER = Writer(
    {id_: replace(TEXT, id=id_) for id_ in IDS}, FACTS, ACTIONS, load_languages(SHIPPED), SHIPPED
)


@pytest.mark.parametrize("kind", get_args(Kind))
@pytest.mark.parametrize("id_", IDS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_of_day_is_written_whole_in_every_language(
    kind: Kind, id_: str, language: str
) -> None:
    observance = replace(OBSERVANCE, id=id_, kind=kind)
    assert WRITER.problems(observance, language, [2026, 2027]) == []
    part = WRITER.write([Occurrence(observance, date(2026, 12, 9))], [language]).parts[0]
    paragraphs = part.body.split("\n\n")
    assert paragraphs[0].startswith("Opening of 9")
    assert paragraphs[-2:] == [f"Even story ({language})", f"Together ({language})"]
    assert part.actions_label and part.sources_label and part.footer


@pytest.mark.parametrize("language", LANGUAGES)
def test_notices_digests_and_test_messages_are_written_in_every_language(language: str) -> None:
    on = date(2026, 12, 1)
    notice = WRITER.write([Occurrence(OBSERVANCE, on)], [language], lead_days=7).parts[0]
    assert "**Day of \\*prevention\\*" in notice.body
    assert words(notice.body) > 20
    digest = WRITER.write_digest([(id_, on) for id_ in IDS], on, [language], on).parts[0]
    assert "2026" in digest.title
    assert digest.body.count("\n- ") == 2
    assert WRITER.digest_problems(language) == []
    assert words(WRITER.test_message("ottawa", [language], on).parts[0].body) > 10
