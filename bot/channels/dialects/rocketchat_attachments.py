"""A message as Rocket.Chat's attachments (https://docs.rocket.chat/docs/integrations, read
2026-11-24)."""

from __future__ import annotations

from collections.abc import Iterator

from bot.channels.dialects.common_mark import ROCKETCHAT
from bot.channels.dialects.dialect import Json, one_line, web_url
from bot.channels.layout import actions_of, button_links, colour, sources_of
from bot.content.message import Message, Part


def attachments_of(message: Message) -> Iterator[Json]:
    """Yield two attachments a language: the words with buttons, the sources with the footer."""
    shade = f"#{colour(message.kind):06X}"
    for part in message.parts:
        for attachment in (_body(part), _end(part)):
            if attachment:
                yield {"color": shade, **attachment}


def _body(part: Part) -> Json:
    buttons = button_links(part)
    texts = (ROCKETCHAT.markdown(part.body), actions_of(part, ROCKETCHAT, buttons, between=" "))
    attachment: Json = {
        # Shown letter for letter.
        "title": one_line(part.title),
        "text": "\n\n".join(filter(None, texts)),
        "actions": [
            {"type": "button", "text": one_line(link.title), "url": web_url(link.url)}
            for link in buttons
        ],
    }
    return {key: value for key, value in attachment.items() if value}


def _end(part: Part) -> Json:
    texts = (sources_of(part, ROCKETCHAT, in_a_row=True), ROCKETCHAT.line(part.footer))
    text = "\n\n".join(filter(None, texts))
    return {"text": text} if text else {}
