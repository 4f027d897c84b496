"""A message as the HTML part of an e-mail: one column, no picture, nothing that is loaded.

Styles stand in the elements, since mail programs leave out others. The colours have a contrast of
7:1 and more on white (https://www.w3.org/TR/WCAG22/#contrast-enhanced); programs that darken pages
do so by themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from bot.channels.dialects.html import HTML, Html
from bot.channels.layout import colour
from bot.content.message import ActionText, Message, Part

_FONT = "font-family:Georgia,'Times New Roman',serif;"
_QUIET = "color:#4d4d55;font-size:14px;line-height:1.5;"


def page(message: Message) -> str:
    """Return the whole page, a section a language."""
    bar = f"border-left:4px solid #{colour(message.kind):06x};padding:4px 0 4px 20px;"
    sections = "\n".join(
        f'<div lang="{escape(part.language)}" style="{bar}margin:0 0 40px;">'
        f"{''.join(_part(part))}</div>"
        for part in message.parts
    )
    return (
        f'<!DOCTYPE html>\n<html lang="{escape(message.languages[0])}">\n<head>\n'
        '<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{HTML.line(message.title)}</title>\n</head>\n"
        '<body style="margin:0;padding:24px 16px;background:#ffffff;color:#1d1d22;">\n'
        f'<div style="max-width:620px;margin:0 auto;{_FONT}font-size:17px;line-height:1.6;">\n'
        f"{sections}\n</div>\n</body>\n</html>\n"
    )


def _part(part: Part) -> Iterator[str]:
    title = HTML.line(part.title)
    yield f'<h1 style="font-size:23px;line-height:1.3;margin:0 0 18px;">{title}</h1>'
    yield HTML.markdown(part.body)
    if part.actions:
        label = HTML.line(part.actions_label)
        yield f'<h2 style="font-size:17px;margin:24px 0 8px;">{label}</h2>' if label else ""
        yield f"<ul>{''.join(_action(action) for action in part.actions)}</ul>"
    if part.sources:
        links = " · ".join(_COLOURED.links(part.sources))
        label = HTML.line(part.sources_label)
        yield f'<p style="{_QUIET}">{f"<strong>{label}</strong> " if label else ""}{links}</p>'
    footer = HTML.line(part.footer)
    if footer:
        yield f'<p style="{_QUIET}margin-bottom:0;">{footer}</p>'


def _action(action: ActionText) -> str:
    links = " · ".join(_COLOURED.links(action.links))
    words = HTML.line(action.text)
    return f'<li style="margin-bottom:8px;">{words}{f"<br>{links}" if links else ""}</li>'


class _Coloured(Html):
    """Writes the links that stand outside the body."""

    def link_to(self, label: str, url: str) -> str:
        return f'<a style="color:#1f4e79;" href="{escape(url)}">{label}</a>'


_COLOURED = _Coloured()
