"""A message as Discord's embeds or components, and their limits.

https://discord.com/developers/docs/resources/message#embed-object-embed-limits and
https://discord.com/developers/docs/components/reference (read 2026-11-24).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from bot.channels.dialects.dialect import Json, one_line, units, web_url
from bot.channels.dialects.discord import DISCORD
from bot.channels.layout import actions_of, button_links, colour, label_of, sources_of
from bot.content.message import Link, Message, Part

LONGEST_TITLE = 256
LONGEST_DESCRIPTION = 4096
LONGEST_FOOTER = 2048
LONGEST_EMBEDS = 6000
MOST_EMBEDS = 10

IS_COMPONENTS_V2 = 1 << 15
LONGEST_COMPONENTS = 4000
MOST_COMPONENTS = 40
MOST_BUTTONS = 5
LONGEST_LABEL = 80
LONGEST_BUTTON_URL = 512

_ACTION_ROW, _BUTTON, _TEXT_DISPLAY, _CONTAINER = 1, 2, 10, 17
_LINK_STYLE = 5


def embeds(message: Message) -> Json:
    """Return an embed a language. None has ``url``: a second with the same would be dropped."""
    return {"embeds": [_embed(part, colour(message.kind)) for part in message.parts]}


def _embed(part: Part, colour: int) -> Json:
    title = one_line(part.title)
    # The client reads some Markdown in a title too, but which is not documented: a title that would
    # have to be escaped, or is too long, goes into the description, where the rules are known.
    plain = DISCORD.text(title) == title and units(title) <= LONGEST_TITLE
    pieces = [
        "" if plain else DISCORD.strong(DISCORD.text(title)),
        DISCORD.markdown(part.body),
        actions_of(part, DISCORD),
        sources_of(part, DISCORD),
    ]
    embed: Json = {"color": colour, "description": "\n\n".join(filter(None, pieces))}
    if plain and title:
        embed = {"title": title, **embed}
    footer = one_line(part.footer)
    return {**embed, "footer": {"text": footer}} if footer else embed


def are_too_long(payload: Json) -> bool:
    """Return whether Discord would refuse the embeds, or the components."""
    parts = [*_components(payload.get("components", ()))]
    texts = (part.get(key, "") for part in parts for key in ("content", "label"))
    embeds = payload.get("embeds", ())
    titles, descriptions = ([units(e.get(k, "")) for e in embeds] for k in ("title", "description"))
    footers = [units(embed.get("footer", {}).get("text", "")) for embed in embeds]
    return (
        len(parts) > MOST_COMPONENTS
        or sum(map(units, texts)) > LONGEST_COMPONENTS
        or len(embeds) > MOST_EMBEDS
        or max(descriptions, default=0) > LONGEST_DESCRIPTION
        or max(footers, default=0) > LONGEST_FOOTER
        or sum(titles) + sum(descriptions) + sum(footers) > LONGEST_EMBEDS
    )


def components(message: Message) -> Json:
    """Return one container a language."""
    head = {"type": _CONTAINER, "accent_color": colour(message.kind)}
    containers = [{**head, "components": list(_container(part))} for part in message.parts]
    return {"flags": IS_COMPONENTS_V2, "components": containers}


def _container(part: Part) -> Iterator[Json]:
    buttons = [link for link in button_links(part) if _fits_a_button(link)]
    texts = (
        f"## {DISCORD.line(part.title)}",
        DISCORD.markdown(part.body),
        actions_of(part, DISCORD, buttons),
    )
    yield from ({"type": _TEXT_DISPLAY, "content": text} for text in texts if text)
    for start in range(0, len(buttons), MOST_BUTTONS):
        row = [_button(link) for link in buttons[start : start + MOST_BUTTONS]]
        yield {"type": _ACTION_ROW, "components": row}
    small = [*label_of(part.sources_label, DISCORD)] if part.sources else []
    small += filter(None, [*DISCORD.links(part.sources), DISCORD.line(part.footer)])
    if small:
        yield {"type": _TEXT_DISPLAY, "content": "\n".join(f"-# {line}" for line in small)}


def _fits_a_button(link: Link) -> bool:
    short = units(one_line(link.title)) <= LONGEST_LABEL
    return short and len(web_url(link.url) or "") <= LONGEST_BUTTON_URL


def _button(link: Link) -> Json:
    label, url = one_line(link.title), web_url(link.url)
    return {"type": _BUTTON, "style": _LINK_STYLE, "label": label, "url": url}


def _components(components: Iterable[Json]) -> Iterator[Json]:
    for component in components:
        yield component
        yield from _components(component.get("components", ()))
