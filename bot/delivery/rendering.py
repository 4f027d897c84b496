"""The words of a posting, written from the project as it is now."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Any

from bot.calendar.observances import Occurrence
from bot.content.message import Message
from bot.errors import RenderError
from bot.ledger.rows import DeliveryRow
from bot.planning import DIGEST, Posting
from bot.project.load import Project


def write_message(project: Project, row: DeliveryRow | Posting) -> Message:
    """Return the words of a posting. Raises RenderError where they cannot be written."""
    if row.observances == (DIGEST,):
        items = [(line.observance, line.date) for line in row.lines]
        return project.writer.write_digest(items, row.date, row.languages, row.date)
    missing = [id_ for id_ in row.observances if id_ not in project.by_id]
    if missing:
        raise RenderError(f"The day '{missing[0]}' is no longer in the calendar.")
    occurrences = [Occurrence(project.by_id[id_], row.date) for id_ in row.observances]
    return project.writer.write(occurrences, row.languages, row.lead_days)


@dataclass(frozen=True)
class Written:
    """The words of postings, and the JSON in which the ledger keeps them."""

    message: Message
    json: dict[str, Any]


class Words:
    """Write each message once for all channels that post the same. Thread-safe.

    They are forgotten when another configuration is in force, and when there are ``most``.
    """

    def __init__(self, most: int = 1000) -> None:
        self._most = most
        self._written: tuple[Project | None, dict[Hashable, Written]] = (None, {})

    def of(self, project: Project, row: DeliveryRow) -> Written:
        """Return the words of a posting. Raises RenderError where they cannot be written."""
        for_project, written = self._written
        if for_project is not project or len(written) >= self._most:
            written = {}
            self._written = (project, written)
        content = (row.observances, row.date, row.lead_days, row.languages, row.lines)
        if content not in written:
            message = write_message(project, row)
            written[content] = Written(message, message.to_json())
        return written[content]

    def __len__(self) -> int:
        return len(self._written[1])
