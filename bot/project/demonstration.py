"""The project of ``vigilia demo``: three inboxes in three time zones, and no account anywhere."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

from bot.calendar.occurrences import next_occurrence
from bot.errors import VigiliaError
from bot.project.load import Project, load_project

DAY = "genocide-prevention-day"
LEDGER = "sqlite:///vigilia.db"

_SETTINGS = """\
timezone = "America/Toronto"

[ledger]
url = "{ledger}"

[web]
listen = "{listen}"
"""

_CHANNELS = """\
[channels.halifax]
platform = "inbox"
languages = ["en", "fr"]
timezone = "America/Halifax"

[channels.ottawa]
platform = "inbox"
languages = ["fr", "en"]
timezone = "America/Toronto"

[channels.mexico]
platform = "inbox"
languages = ["es"]
timezone = "America/Mexico_City"
"""


def write_demonstration(folder: Path, listen: str) -> Project:
    """Write the demonstration's configuration into an empty folder, and load it. Whatever the group
    itself has configured is not touched, and nothing of it is used."""
    config = folder / "config"
    config.mkdir()
    settings = _SETTINGS.format(ledger=LEDGER, listen=listen)
    (config / "vigilia.toml").write_text(settings, "utf-8")
    (config / "channels.toml").write_text(_CHANNELS, "utf-8")
    return load_project(config, environ={}, cwd=folder)


def first_post(project: Project, after: date) -> datetime:
    """Return the instant of the first post of the next 9 December, UTC. Raises VigiliaError."""
    day = next_occurrence(project.by_id[DAY], after)
    if day is None:
        raise VigiliaError("The calendar has no 9 December to show.")
    noon = datetime.fromisoformat(f"{day.date}T12:00:00+00:00")
    planned = project.plan.due(noon - timedelta(days=1), noon + timedelta(days=1))
    due = [p.due_at for p in planned if DAY in p.postings[0].observances]
    if not due:
        raise VigiliaError("No channel of the demonstration posts on 9 December.")
    return min(due)
