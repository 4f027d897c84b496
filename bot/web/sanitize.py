"""HTML that a platform is sent, drawn as this page's own: known elements, and nothing else of it.

Nothing is passed on: each element is written anew, its text escaped, its address checked, so that
whatever a payload holds, a page gets only what stands here.
"""

from __future__ import annotations

from collections.abc import Mapping
from html.parser import HTMLParser

from markupsafe import Markup, escape

from bot.channels.dialects.dialect import web_url

_VOID = {"br": Markup("<br>"), "hr": Markup("<hr>")}


class _Tamer(HTMLParser):
    def __init__(self, elements: Mapping[str, str]) -> None:
        super().__init__(convert_charrefs=True)
        self._elements = elements
        self._open: list[tuple[str, str]] = []
        self.pieces: list[Markup] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self._elements:
            return
        if tag in _VOID:
            self.pieces.append(_VOID[tag])
            return
        element, _, class_ = self._elements[tag].partition(".")
        self.pieces.append(_start(element, class_, {name: value or "" for name, value in attrs}))
        self._open.append((tag, element))

    def handle_endtag(self, tag: str) -> None:
        if tag not in {name for name, _ in self._open}:
            return
        while self._close() != tag:
            pass

    def handle_data(self, data: str) -> None:
        self.pieces.append(escape(data))

    def finish(self) -> Markup:
        self.close()
        while self._open:
            self._close()
        return Markup("").join(self.pieces)

    def _close(self) -> str:
        tag, element = self._open.pop()
        self.pieces.append(Markup("</{}>").format(element))
        return tag


def _start(element: str, class_: str, attributes: Mapping[str, str]) -> Markup:
    if element == "a":
        url = web_url(attributes.get("href", ""))
        if url is None:
            return Markup("<a>")
        return Markup('<a href="{}" rel="noopener noreferrer external">').format(url)
    if element == "ol" and attributes.get("start", "").isdecimal():
        return Markup('<ol start="{}">').format(attributes["start"])
    if class_:
        return Markup('<{} class="{}">').format(element, class_)
    return Markup("<{}>").format(element)


def tamed(html: str, elements: Mapping[str, str]) -> Markup:
    """Return the HTML with only ``elements`` in it: each as ``{theirs: ours}`` or
    ``{theirs: "ours.class"}``. Of others the words stay."""
    tamer = _Tamer(elements)
    tamer.feed(html)
    return tamer.finish()
