"""What a posting says, in one or more languages, knowing no platform."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True)
class Link:
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
        return {
            "kind": self.kind,
            "observances": list(self.observances),
            "date": self.date.isoformat(),
            "lead_days": self.lead_days,
            "parts": [
                {
                    "language": part.language,
                    "title": part.title,
                    "body": part.body,
                    "actions": [
                        {
                            "id": action.id,
                            "text": action.text,
                            "links": [[link.title, link.url] for link in action.links],
                        }
                        for action in part.actions
                    ],
                    "sources": [[link.title, link.url] for link in part.sources],
                    "actions_label": part.actions_label,
                    "sources_label": part.sources_label,
                    "footer": part.footer,
                }
                for part in self.parts
            ],
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Message:
        """Read what :meth:`to_json` gave. Fields it does not know are left out."""
        return cls(
            kind=stored["kind"],
            observances=tuple(stored["observances"]),
            date=date.fromisoformat(stored["date"]),
            lead_days=stored.get("lead_days", 0),
            parts=tuple(
                Part(
                    language=part["language"],
                    title=part["title"],
                    body=part["body"],
                    actions=tuple(
                        ActionText(
                            id=action["id"],
                            text=action["text"],
                            links=tuple(Link(*link) for link in action["links"]),
                        )
                        for action in part["actions"]
                    ),
                    sources=tuple(Link(*link) for link in part["sources"]),
                    actions_label=part["actions_label"],
                    sources_label=part["sources_label"],
                    footer=part["footer"],
                )
                for part in stored["parts"]
            ),
        )
