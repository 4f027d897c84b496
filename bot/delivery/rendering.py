"""The words of a posting, written from the project as it is now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.calendar.observances import Occurrence
from bot.content.message import Message
from bot.delivery.remembered import Remembered
from bot.errors import RenderError
from bot.ledger.rows import DeliveryRow
from bot.planning import DIGEST, Posting
from bot.project.load import Project


def write_message(project: Project, row: DeliveryRow | Posting) -> Message:
    """Gives the words of a posting. Raises RenderError where they cannot be written."""
    if row.observances == (DIGEST,):
        items = [(line.observance, line.date) for line in row.lines]
        return project.writer.write_digest(items, row.date, row.languages, row.date)
    gone = [id_ for id_ in row.observances if id_ not in project.by_id]
    if gone:
        raise RenderError(f"The day '{gone[0]}' is no longer in the calendar.")
    occurrences = [Occurrence(project.by_id[id_], row.date) for id_ in row.observances]
    return project.writer.write(occurrences, row.languages, row.lead_days)


@dataclass(frozen=True)
class Written:
    """The words of postings, and the form in which the ledger keeps them."""

    message: Message
    kept: dict[str, Any]


class Words:
    """Writes each message once for all channels that post the same. Thread-safe."""

    def __init__(self, most: int = 1000) -> None:
        self._written = Remembered[Written](most)

    def of(self, project: Project, row: DeliveryRow) -> Written:
        """Gives the words of a posting. Raises RenderError where they cannot be written."""
        what = (row.observances, row.date, row.lead_days, row.languages, row.lines)
        return self._written.of(project, what, lambda: _write(project, row))


def _write(project: Project, row: DeliveryRow) -> Written:
    message = write_message(project, row)
    return Written(message, message.to_json())
