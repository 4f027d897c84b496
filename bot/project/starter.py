"""The starter that ``vigilia init`` writes: what is a group's own, commented."""

from __future__ import annotations

from pathlib import Path

from bot.errors import VigiliaError
from bot.project.places import shipped_folder

_OWN_DAYS = """\
# Days of your own, one table a day. Everything that ships is already there: `vigilia calendar`.
# A table with the id of a day that ships replaces that day; `disabled = true` takes it away.
#
# [our-vigil]
# kind = "remembrance"                # day | remembrance | anniversary | month
# on = "first Saturday of March"      # or "5 March", "27 Nisan", "Easter - 2 days", "5 March 2027"
# priority = 40
# themes = ["own"]                    # then: include = ["core", "own"] in channels.toml
# actions = ["mark-the-day-locally"]
# name.en = "Our vigil"
# sources = [{ title = "Our page", url = "https://example.org/vigil" }]
# opening.en = "On {{ date }} we meet for our vigil."
# [[our-vigil.story]]
# en = "Why it matters, in a paragraph or two."
"""

_OWN_FACTS = """\
# Figures of your own that age, each with its date, source and date of review.
# A text prints one with {{ fact("members") }}.
#
# [members]
# value = 120
# as_of = 2026-11-01
# review = 2027-11-01
# text.en = "on {date} the network had {value} members"
# source = { title = "Our page", url = "https://example.org/network" }
"""

_OWN_ACTIONS = """\
# Things of your own that a reader can do; a day names them in `actions`.
#
# [join-our-network]
# who = ["individuals"]
# text.en = "Consider joining our network."
# links = [{ title = "The network", url = "https://example.org/network" }]
"""

_TEMPLATES = """\
Templates of your own
=====================

A file here replaces the one of the same name that ships with Vigilia:

    templates/en/day.md.j2                       all days of that kind, in English
    templates/en/genocide-prevention-day.md.j2   one day's own message

`vigilia preview DAY` shows what it gives.
"""


def write_starter(folder: Path) -> list[Path]:
    """Write the starter into ``folder`` and return the files written. Raises VigiliaError, having
    written nothing, where one of the files is there already or the folder cannot be written."""
    shipped = shipped_folder()
    texts = {
        "config/vigilia.toml": (shipped / "config" / "vigilia.toml").read_text("utf-8"),
        "config/channels.toml": (shipped / "config" / "channels.toml").read_text("utf-8"),
        "config/facts.toml": _OWN_FACTS,
        "config/actions.toml": _OWN_ACTIONS,
        "config/observances/own.toml": _OWN_DAYS,
        "templates/README.txt": _TEMPLATES,
        ".env.example": (shipped / ".env.example").read_text("utf-8"),
    }
    there = [name for name in texts if (folder / name).exists()]
    if there:
        raise VigiliaError(
            f"{folder / there[0]} is there already, so nothing was written. "
            "Choose another folder, or move that file away."
        )
    paths = []
    for name, text in texts.items():
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
        except OSError as error:
            raise VigiliaError(f"{path} cannot be written: {error.strerror}.") from None
        paths.append(path)
    return paths
