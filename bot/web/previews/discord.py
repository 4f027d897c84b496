"""Discord: the embeds or components of the request, drawn as Discord's client draws them.

https://discord.com/developers/docs/resources/message#embed-object and
https://discord.com/developers/docs/components/reference (read 2026-11-24). Discord's Markdown is
CommonMark but for two things seen here: a line break is one, and ``-#`` makes a line small.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from bot.channels.dialects.dialect import WORD_JOINER
from bot.content.markdown import parse
from bot.content.message import Message
from bot.web.markup import blocks_html, breaking, link_html
from bot.web.previews.chats import conversation_line, known_kind

_BARE_ADDRESS = re.compile(r"\(<(https?://[^>]+)>\)")

Json = Mapping[str, Any]


def discord(payload: Json, message: Message) -> Markup:
    """Return the message as a line of Discord's conversation."""
    kind = known_kind(message.kind)
    pieces = [_embed(embed, kind) for embed in payload.get("embeds", ())]
    pieces += [
        Markup('<div class="embed kind-{}">{}</div>').format(kind, _components(component))
        for component in payload.get("components", ())
    ]
    return conversation_line("discord", "APP", Markup("").join(pieces))


def _embed(embed: Json, kind: str) -> Markup:
    title = Markup("")
    if embed.get("title"):
        title = Markup('<h3 class="embed-title">{}</h3>').format(_plain(embed["title"]))
    footer = Markup("")
    if embed.get("footer"):
        footer = Markup('<p class="embed-footer">{}</p>').format(_plain(embed["footer"]["text"]))
    return Markup('<div class="embed kind-{}">{}{}{}</div>').format(
        kind, title, _markdown(embed.get("description", "")), footer
    )


def _components(component: Json) -> Markup:
    match component["type"]:
        case 10:
            return _markdown(component["content"])
        case 2:
            inner = link_html(_plain(component["label"]), component["url"])
            return Markup('<span class="embed-button">{}</span>').format(inner)
        case 1:
            return Markup('<p class="embed-row">{}</p>').format(_children(component))
        case _:
            return _children(component)


def _children(component: Json) -> Markup:
    return Markup("").join(_components(inner) for inner in component.get("components", ()))


def _markdown(text: str) -> Markup:
    text = _BARE_ADDRESS.sub(r"([\1](\1))", _plain(text))
    lines = text.split("\n")
    html = blocks_html(parse(breaking([line for line in lines if not line.startswith("-# ")])))
    for line in lines:
        if line.startswith("-# "):
            small = blocks_html(parse(line[3:]))
            html += Markup('<div class="embed-small">{}</div>').format(small)
    return html


def _plain(text: str) -> str:
    return text.replace(WORD_JOINER, "")
