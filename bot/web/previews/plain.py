"""Messages shown by their words: where nothing else is known of a place, and where it is text.

A preview here returns what is sent, as it is read: letter for letter, or under each title.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from bot.content.message import ActionText, Message, Part
from bot.web.markup import html, link_html, seen

Json = Mapping[str, Any]


def plain(_payload: Json, message: Message) -> Markup:
    """Return every language under its title."""
    return Markup("").join(part_html(part) for part in message.parts)


def inbox(_payload: Json, message: Message) -> Markup:
    """Return a bubble for each language."""
    return Markup("").join(
        Markup('<div class="bubble kind-{}">{}</div>').format(message.kind, part_html(part))
        for part in message.parts
    )


def apprise(payload: Json, _message: Message) -> Markup:
    """Return the title and the text that Apprise is given; each place draws its own."""
    html = Markup(
        '<div class="message"><h3 class="m-title">{}</h3><div class="as-typed">{}</div></div>'
    )
    return seen(html.format(payload.get("title", ""), payload.get("body", "")))


def console(payload: Json, _message: Message) -> Markup:
    """Return the text as the terminal prints it."""
    return Markup('<pre class="terminal" tabindex="0">{}</pre>').format(payload.get("text", ""))


def webhook(payload: Json, message: Message) -> Markup:
    """Return the JSON that a program receives."""
    return console({"text": json.dumps(payload, ensure_ascii=False, indent=2)}, message)


def teams(payload: Json, message: Message) -> Markup:
    """Return the plain words, and the cards that Microsoft's own renderer (``static/teams.js``)
    draws in their place. They travel as an attribute, in which nothing of them can be markup."""
    cards = [attachment["content"] for attachment in payload.get("attachments", ())]
    return Markup('<div class="teams" data-cards="{}">{}</div>').format(
        json.dumps(cards, ensure_ascii=False), plain(payload, message)
    )


def email(payload: Json, message: Message) -> Markup:
    """Return an e-mail's head, and its HTML part in a frame where nothing runs and nothing loads:
    ``document`` is where that is served. The plain words where it has no address."""
    headers = payload.get("headers", {})
    head = Markup("").join(
        Markup("<dt>{}</dt><dd>{}</dd>").format(name, headers[name])
        for name in ("From", "To", "Subject")
        if name in headers
    )
    words = plain(payload, message)
    if payload.get("document"):
        words = Markup(
            '<iframe src="{}" title="{}" loading="lazy" referrerpolicy="no-referrer"'
            ' sandbox="allow-popups allow-popups-to-escape-sandbox"></iframe>'
        ).format(payload["document"], message.title)
    return Markup('<div class="mail"><dl>{}</dl>{}</div>').format(head, words)


def part_html(part: Part) -> Markup:
    """Return a message in one language."""
    pieces = [Markup('<h3 class="m-title">{}</h3>').format(part.title), html(part.body)]
    actions = Markup("").join(_action(action) for action in part.actions)
    links = (link_html(link.title, link.url) for link in part.sources)
    sources = Markup("").join(Markup("<li>{}</li>").format(link) for link in links)
    for label, class_, items in (
        (part.actions_label, "m-actions", actions),
        (part.sources_label, "m-sources", sources),
    ):
        if items:
            pieces.append(
                Markup('<p class="m-label">{}</p><ul class="{}">{}</ul>').format(
                    label, class_, items
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
