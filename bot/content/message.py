"""What a posting says, in one or more languages, knowing no platform."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, NamedTuple


class Link(NamedTuple):
    """A title and where it leads; both plain text, the address http or https."""

    title: str
    url: str


@dataclass(frozen=True)
class ActionText:
    """Something a reader can do, in one language, with one link or two."""

    id: str
    text: str
    links: tuple[Link, ...]


@dataclass(frozen=True)
class Part:
    """A message in one language. ``body`` is Markdown; all else is plain text.

    ``actions_label``, ``sources_label`` and ``footer`` are the language's own words for the
    headings ("Two things you can do", "Sources") and the calendar's name.
    """

    language: str
    title: str
    body: str
    actions: tuple[ActionText, ...] = ()
    sources: tuple[Link, ...] = ()
    actions_label: str = ""
    sources_label: str = ""
    footer: str = ""


@dataclass(frozen=True)
class Message:
    """What a posting says.

    ``kind`` is the observance's kind ("day", "remembrance", "anniversary", "month"), or "notice",
    "digest", "operator" or "test"; it decides the quiet colour. ``observances`` are the ids it
    speaks of, ``date`` the observance's date.
    """

    kind: str
    observances: tuple[str, ...]
    date: date
    parts: tuple[Part, ...]
    lead_days: int = 0

    @property
    def title(self) -> str:
        """The title in the first language."""
        return self.parts[0].title

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(part.language for part in self.parts)

    @property
    def digest(self) -> str:
        """What stands for exactly these words: an approval is bound to it."""
        words = json.dumps(self.to_json(), ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(words.encode()).hexdigest()[:32]

    def to_json(self) -> dict[str, Any]:
        """Return the form that the ledger keeps; :meth:`from_json` reads it back."""
        stored: dict[str, Any] = json.loads(json.dumps(asdict(self), default=str))
        return stored

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Message:
        """Read what :meth:`to_json` gave. Fields it does not know are left out."""
        return cls(
            kind=stored["kind"],
            observances=tuple(stored["observances"]),
            date=date.fromisoformat(stored["date"]),
            parts=tuple(map(_part, stored["parts"])),
            lead_days=stored.get("lead_days", 0),
        )


def _part(stored: dict[str, Any]) -> Part:
    texts = {key: stored[key] for key in Part.__dataclass_fields__}
    actions = tuple(
        ActionText(action["id"], action["text"], _links(action["links"]))
        for action in stored["actions"]
    )
    return Part(**texts | {"actions": actions, "sources": _links(stored["sources"])})


def _links(stored: Iterable[Iterable[str]]) -> tuple[Link, ...]:
    return tuple(Link(*link) for link in stored)


def each_once(links: Iterable[Link]) -> tuple[Link, ...]:
    """Return the links, each address once, where it comes first."""
    by_url: dict[str, Link] = {}
    for link in links:
        by_url.setdefault(link.url, link)
    return tuple(by_url.values())
