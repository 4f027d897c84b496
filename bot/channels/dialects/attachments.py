"""A message as attachments, a dialect that Mattermost and Rocket.Chat took from Slack."""

from __future__ import annotations

from collections.abc import Iterator

from bot.channels.dialects.common_mark import MATTERMOST, ROCKETCHAT
from bot.channels.dialects.dialect import Json, one_line, web_url
from bot.channels.layout import action_line, actions_of, button_links, colour, sources_of
from bot.content.message import Message, Part


def mattermost_attachments(message: Message) -> list[Json]:
    """Return Mattermost's, one a language
    (https://developers.mattermost.com/integrate/reference/message-attachments/, read 2026-11-24).

    The words stand before it (``pretext``) and in its fields: its own ``text`` is folded away
    behind "Show more" where it is taller than 200 pixels.
    """
    return [_mattermost(part, f"#{colour(message.kind):06X}") for part in message.parts]


def _mattermost(part: Part, shade: str) -> Json:
    title = MATTERMOST.line(part.title)
    heading = f"#### {title}" if title else ""
    actions = [MATTERMOST.bullet + action_line(action, MATTERMOST) for action in part.actions]
    fields = (
        (part.actions_label, "\n".join(actions)),
        (part.sources_label, " · ".join(MATTERMOST.links(part.sources))),
    )
    attachment: Json = {
        "fallback": title,
        "color": shade,
        "pretext": "\n\n".join(filter(None, (heading, MATTERMOST.markdown(part.body)))),
        # A field's title is shown letter for letter.
        "fields": [
            {"title": one_line(label), "value": value, "short": False}
            for label, value in fields
            if value
        ],
        "footer": one_line(part.footer),
    }
    always = ("fallback", "color", "pretext")
    return {key: value for key, value in attachment.items() if value or key in always}


def rocketchat_attachments(message: Message) -> Iterator[Json]:
    """Yield Rocket.Chat's (https://docs.rocket.chat/docs/integrations, read 2026-11-24), two a
    language: the words with buttons, the sources with the footer."""
    shade = f"#{colour(message.kind):06X}"
    for part in message.parts:
        for attachment in (_rocketchat_body(part), _rocketchat_end(part)):
            if attachment:
                yield {"color": shade, **attachment}


def _rocketchat_body(part: Part) -> Json:
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


def _rocketchat_end(part: Part) -> Json:
    texts = (sources_of(part, ROCKETCHAT, in_a_row=True), ROCKETCHAT.line(part.footer))
    text = "\n\n".join(filter(None, texts))
    return {"text": text} if text else {}
