"""A message as one text, for platforms that take no more than that."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from bot.channels.dialects.dialect import Dialect, one_line
from bot.content.message import ActionText, Link, Part


def text_of_part(
    part: Part,
    dialect: Dialect,
    *,
    titled: bool = True,
    buttons: Collection[Link] = (),
    sources_in_a_row: bool = True,
) -> str:
    """Gives what a message says in one language: title, body, actions, sources, footer.

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
        actions = (f"{dialect.bullet}{_action(one, dialect, buttons)}" for one in part.actions)
        yield "\n".join([*_label(part.actions_label, dialect), *actions])
    if part.sources:
        links = [dialect.link(link.title, link.url) for link in part.sources]
        label = _label(part.sources_label, dialect)
        if in_a_row:
            yield " ".join([*label, " · ".join(links)])
        else:
            yield "\n".join([*label, *(f"{dialect.bullet}{link}" for link in links)])
    footer = dialect.text(one_line(part.footer))
    if footer:
        yield dialect.emphasis(footer)


def _label(label: str, dialect: Dialect) -> list[str]:
    words = dialect.text(one_line(label))
    return [dialect.strong(words)] if words else []


def _action(action: ActionText, dialect: Dialect, buttons: Collection[Link]) -> str:
    links = [dialect.link(link.title, link.url) for link in action.links if link not in buttons]
    return " ".join(filter(None, (dialect.text(one_line(action.text)), " · ".join(links))))
