"""A message as one text, for platforms that take no more than that."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from bot.channels.dialects.dialect import Dialect, one_line, web_url
from bot.content.message import ActionText, Link, Part


def text_of_part(
    part: Part,
    dialect: Dialect,
    *,
    titled: bool = True,
    buttons: Collection[Link] = (),
    sources_in_a_row: bool = True,
) -> str:
    """Return what a message says in one language: title, body, actions, sources, footer.

    ``titled`` False leaves the title out, ``buttons`` are links shown as such beside the text.
    """
    pieces = _pieces(part, dialect, titled=titled, buttons=buttons, in_a_row=sources_in_a_row)
    return "\n\n".join(filter(None, pieces))


def _pieces(
    part: Part, dialect: Dialect, *, titled: bool, buttons: Collection[Link], in_a_row: bool
) -> Iterator[str]:
    title = dialect.text(one_line(part.title))
    if titled and title:
        yield dialect.strong(title)
    yield dialect.markdown(part.body)
    if part.actions:
        yield actions_of(part, dialect, buttons)
    if part.sources:
        links = [dialect.link(link.title, link.url) for link in part.sources]
        label = label_of(part.sources_label, dialect)
        if in_a_row:
            yield " ".join([*label, " · ".join(links)])
        else:
            yield "\n".join([*label, *(f"{dialect.bullet}{link}" for link in links)])
    footer = dialect.text(one_line(part.footer))
    if footer:
        yield dialect.emphasis(footer)


def label_of(label: str, dialect: Dialect) -> list[str]:
    """Return a label in bold as one line, none where it is empty."""
    words = dialect.text(one_line(label))
    return [dialect.strong(words)] if words else []


def actions_of(
    part: Part, dialect: Dialect, buttons: Collection[Link] = (), between: str = " · "
) -> str:
    """Return the actions as a list under their label, each with those links that are no buttons."""
    lines = (
        f"{dialect.bullet}{action_line(action, dialect, buttons, between)}"
        for action in part.actions
    )
    return "\n".join([*label_of(part.actions_label, dialect), *lines]) if part.actions else ""


def action_line(
    action: ActionText, dialect: Dialect, buttons: Collection[Link] = (), between: str = " · "
) -> str:
    """Return an action and those of its links that are no buttons, ``between`` them."""
    links = [dialect.link(link.title, link.url) for link in action.links if link not in buttons]
    return " ".join(filter(None, (dialect.text(one_line(action.text)), between.join(links))))


def button_links(*parts: Part) -> list[Link]:
    """Return the actions' links that can be buttons: with a title, and an address of the web."""
    links = (link for part in parts for action in part.actions for link in action.links)
    return [link for link in links if web_url(link.url) and one_line(link.title)]
