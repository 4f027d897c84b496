"""A message as data, for programs: fields may be added, none renamed."""

from __future__ import annotations

from collections.abc import Iterable

from bot.channels.dialects.dialect import Json, clean
from bot.channels.dialects.plain import PLAIN
from bot.content.message import Link, Message, Part


def data_of(message: Message) -> Json:
    """Return the message's fields, its words once for each language."""
    return {
        "kind": message.kind,
        "observances": list(message.observances),
        "date": message.date.isoformat(),
        "lead_days": message.lead_days,
        "languages": list(message.languages),
        "messages": [_part(part) for part in message.parts],
    }


def _part(part: Part) -> Json:
    return {
        "language": part.language,
        "title": clean(part.title),
        "markdown": clean(part.body),
        "text": PLAIN.markdown(part.body),
        "actions": [
            {"id": action.id, "text": clean(action.text), "links": _links(action.links)}
            for action in part.actions
        ],
        "sources": _links(part.sources),
        "actions_label": clean(part.actions_label),
        "sources_label": clean(part.sources_label),
        "footer": clean(part.footer),
    }


def _links(links: Iterable[Link]) -> list[dict[str, str]]:
    return [{"title": clean(link.title), "url": clean(link.url)} for link in links]
