"""A message as the HTML of a Matrix notice
(https://spec.matrix.org/latest/client-server-api/#mroommessage-msgtypes, read 2026-11-24)."""

from __future__ import annotations

from collections.abc import Iterator

from bot.channels.dialects.dialect import one_line
from bot.channels.dialects.html import HTML
from bot.channels.text_layout import action_line
from bot.content.message import Part


def notice_of(part: Part, colour: int) -> Iterator[str]:
    """Return the pieces of one language, with the day's colour (0xRRGGBB) before its title."""
    bar = f'<span data-mx-color="#{colour:06x}">▍</span>'
    yield f"<h4>{bar}{HTML.text(one_line(part.title))}</h4>"
    yield HTML.markdown(part.body)
    if part.actions:
        yield from _label(part.actions_label)
        actions = (f"<li>{action_line(action, HTML)}</li>" for action in part.actions)
        yield f"<ul>{''.join(actions)}</ul>"
    if part.sources:
        yield from _label(part.sources_label)
        links = (HTML.link(link.title, link.url) for link in part.sources)
        yield f"<ul>{''.join(f'<li>{link}</li>' for link in links)}</ul>"
    footer = one_line(part.footer)
    if footer:
        yield f"<p><em>{HTML.text(footer)}</em></p>"


def _label(label: str) -> Iterator[str]:
    if one_line(label):
        yield f"<p><strong>{HTML.text(one_line(label))}</strong></p>"
