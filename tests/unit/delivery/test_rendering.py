"""Messages are written once for all channels that post the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from bot.delivery import rendering as words
from bot.delivery.remembered import Remembered
from bot.delivery.rendering import Words
from bot.errors import RenderError
from bot.ledger.rows import DeliveryRow
from bot.opening import open_ledger
from bot.project.load import Project
from tests.contract.ledger.making import NOW, plan, put_in
from tests.service.test_promises import the_project


@pytest.fixture(scope="module")
def project() -> Project:
    return the_project()


@pytest.fixture
def row() -> DeliveryRow:
    with open_ledger("sqlite://", base=Path(), mode="rehearsal", create=True, now=NOW) as ledger:
        put_in(ledger, plan())
        return ledger.history()[0]


def test_the_same_posting_in_another_channel_has_the_very_same_words(
    project: Project, row: DeliveryRow
) -> None:
    kept = Words()
    first = kept.of(project, row)
    assert kept.of(project, replace(row, channel="other", id=2)) is first
    assert first.kept == first.message.to_json()


@pytest.mark.parametrize(
    "other",
    [
        {"languages": ("fr",)},
        {"date": date(2027, 12, 9)},
        {"lead_days": 7},
        {"observances": ("human-rights-day",)},
    ],
    ids=str,
)
def test_another_posting_has_words_of_its_own(
    project: Project, row: DeliveryRow, other: dict[str, object]
) -> None:
    kept = Words()
    first = kept.of(project, row)
    second = kept.of(project, replace(row, **other))  # type: ignore[arg-type]
    assert second.message == words.write_message(project, replace(row, **other))  # type: ignore[arg-type]
    assert second.message != first.message


def test_a_changed_configuration_has_the_words_written_anew(
    project: Project, row: DeliveryRow
) -> None:
    kept = Words()
    first = kept.of(project, row)
    assert kept.of(replace(project), row) is not first


def test_no_more_are_remembered_than_asked(project: Project) -> None:
    kept = Remembered[int](most=2)
    for number in range(6):
        assert kept.of(project, number, lambda number=number: number) == number  # type: ignore[misc]
        assert len(kept) <= 2


def test_what_cannot_be_written_is_told_each_time(project: Project, row: DeliveryRow) -> None:
    kept = Words()
    for _ in range(2):
        with pytest.raises(RenderError, match="no longer in the calendar"):
            kept.of(project, replace(row, observances=("gone",)))
