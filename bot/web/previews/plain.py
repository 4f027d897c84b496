"""A message where nothing else is known of the place: its words, calm and readable."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from bot.content.message import ActionText, Message, Part
from bot.web.markup import html, link_html


def preview(_payload: Mapping[str, Any], message: Message) -> Markup:
    """Return every language under its title."""
    return Markup("").join(part_html(part) for part in message.parts)


def part_html(part: Part) -> Markup:
    """Return a message in one language."""
    pieces = [Markup('<h3 class="m-title">{}</h3>').format(part.title), html(part.body)]
    if part.actions:
        items = Markup("").join(_action(action) for action in part.actions)
        pieces.append(
            Markup('<p class="m-label">{}</p><ul class="m-actions">{}</ul>').format(
                part.actions_label, items
            )
        )
    if part.sources:
        links = Markup("").join(
            Markup("<li>{}</li>").format(link_html(link.title, link.url)) for link in part.sources
        )
        pieces.append(
            Markup('<p class="m-label">{}</p><ul class="m-sources">{}</ul>').format(
                part.sources_label, links
            )
        )
    if part.footer:
        pieces.append(Markup('<p class="m-footer">{}</p>').format(part.footer))
    return Markup('<div class="message" lang="{}">{}</div>').format(
        part.language, Markup("").join(pieces)
    )


def _action(action: ActionText) -> Markup:
    links = Markup(" · ").join(link_html(link.title, link.url) for link in action.links)
    return Markup('<li>{} <span class="m-links">{}</span></li>').format(action.text, links)
