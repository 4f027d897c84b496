"""What the layouts of a message share: its words as one text, its labels, buttons and colour."""

from __future__ import annotations

from collections.abc import Collection

from bot.channels.dialects.dialect import Dialect, one_line, web_url
from bot.content.message import ActionText, Link, Message, Part

# Muted on purpose: none that signals alarm, success or festivity.
_COLOURS = {
    "day": 0x4A6A8F,
    "remembrance": 0x5A5A66,
    "anniversary": 0x6A5670,
    "month": 0x4F7470,
    "notice": 0x7D7560,
    "digest": 0x6C7A80,
    "test": 0x8A9096,
}


def colour(kind: str) -> int:
    """Return the quiet colour of a message's kind as 0xRRGGBB; grey for an unknown kind."""
    return _COLOURS.get(kind, _COLOURS["remembrance"])


def text_of(
    message: Message,
    dialect: Dialect,
    between: str,
    *,
    titled: bool = True,
    buttons: Collection[Link] = (),
    sources_in_a_row: bool = True,
) -> str:
    """Return what a message says, each language with its title, body, actions, sources and footer.

    ``titled`` False leaves the first title out, which stands elsewhere; ``buttons`` are links shown
    as such beside the text.
    """
    texts = []
    for part in message.parts:
        with_title = titled or part is not message.parts[0]
        footer = dialect.line(part.footer)
        pieces = (
            *(label_of(part.title, dialect) if with_title else ()),
            dialect.markdown(part.body),
            actions_of(part, dialect, buttons),
            sources_of(part, dialect, in_a_row=sources_in_a_row),
            dialect.emphasis(footer) if footer else "",
        )
        texts.append("\n\n".join(filter(None, pieces)))
    return between.join(texts)


def label_of(label: str, dialect: Dialect) -> list[str]:
    """Return a label in bold as one line, none where it is empty."""
    words = dialect.line(label)
    return [dialect.strong(words)] if words else []


def actions_of(
    part: Part, dialect: Dialect, buttons: Collection[Link] = (), between: str = " · "
) -> str:
    """Return the actions as a list under their label, each with those links that are no buttons."""
    lines = (dialect.bullet + action_line(a, dialect, buttons, between) for a in part.actions)
    return "\n".join([*label_of(part.actions_label, dialect), *lines]) if part.actions else ""


def action_line(
    action: ActionText, dialect: Dialect, buttons: Collection[Link] = (), between: str = " · "
) -> str:
    """Return an action and those of its links that are no buttons, ``between`` them."""
    links = dialect.links(link for link in action.links if link not in buttons)
    return " ".join(filter(None, (dialect.line(action.text), between.join(links))))


def sources_of(part: Part, dialect: Dialect, *, in_a_row: bool = False) -> str:
    """Return the sources as a list under their label, or in a row behind it."""
    links, label = dialect.links(part.sources), label_of(part.sources_label, dialect)
    if in_a_row:
        return " ".join([*label, " · ".join(links)]) if links else ""
    return "\n".join([*label, *(dialect.bullet + link for link in links)]) if links else ""


def button_links(*parts: Part) -> list[Link]:
    """Return the actions' links that can be buttons: with a title, and an address of the web."""
    links = (link for part in parts for action in part.actions for link in action.links)
    return [link for link in links if web_url(link.url) and one_line(link.title)]
