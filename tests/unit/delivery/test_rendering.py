"""Messages are written once for all channels that post the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from bot.delivery.rendering import Words, write_message
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
    words = Words()
    first = words.of(project, row)
    assert words.of(project, replace(row, channel="other", id=2)) is first
    assert first.json == first.message.to_json()


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
    words = Words()
    first = words.of(project, row)
    second = words.of(project, replace(row, **other))  # type: ignore[arg-type]
    assert second.message == write_message(project, replace(row, **other))  # type: ignore[arg-type]
    assert second.message != first.message


def test_a_changed_configuration_has_the_words_written_anew(
    project: Project, row: DeliveryRow
) -> None:
    words = Words()
    first = words.of(project, row)
    assert words.of(replace(project), row) is not first


def test_no_more_are_remembered_than_asked(project: Project, row: DeliveryRow) -> None:
    words = Words(most=2)
    for days in range(6):
        words.of(project, replace(row, lead_days=days))
        assert len(words) <= 2


def test_what_cannot_be_written_is_told_each_time(project: Project, row: DeliveryRow) -> None:
    words = Words()
    for _ in range(2):
        with pytest.raises(RenderError, match="no longer in the calendar"):
            words.of(project, replace(row, observances=("gone",)))
