"""The words of a posting, written from the project as it is now."""

from __future__ import annotations

from bot.calendar.observances import Occurrence
from bot.content.message import Message
from bot.errors import RenderError
from bot.ledger.rows import DeliveryRow
from bot.planning import DIGEST, Posting
from bot.project.load import Project


def write_message(project: Project, row: DeliveryRow | Posting) -> Message:
    """Gives the words of a posting. Raises RenderError where they cannot be written."""
    if row.observances == (DIGEST,):
        items = [(coming.observance, coming.date) for coming in row.coming]
        return project.writer.write_digest(items, row.date, row.languages, row.date)
    gone = [id_ for id_ in row.observances if id_ not in project.by_id]
    if gone:
        raise RenderError(f"The day '{gone[0]}' is no longer in the calendar.")
    occurrences = [Occurrence(project.by_id[id_], row.date) for id_ in row.observances]
    return project.writer.write(occurrences, row.languages, row.lead_days)
