"""A reader of Zulip's Markdown: Python-Markdown, set up with the patterns that Zulip documents in
zerver/lib/markdown/__init__.py (read 2026-11-24), and mentions as elements that can be seen."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from markdown import Markdown
from markdown.extensions.nl2br import Nl2BrExtension
from markdown.extensions.tables import TableExtension
from markdown.inlinepatterns import (
    BACKTICK_RE,
    ENTITY_RE,
    LINK_RE,
    BacktickInlineProcessor,
    HtmlInlineProcessor,
    LinkInlineProcessor,
    SimpleTagInlineProcessor,
)
from markdown.treeprocessors import InlineProcessor as InlineTreeProcessor
from markdown.util import Registry

_PINGS = (
    r"(@_?\*\*[^*\n]+\*\*|@_?\*[^*\n]+\*|#\*\*[^*\n]+\*\*|:[\w+'-]+:|<time:[^>]*>|\$\$[^\n$]+\$\$)"
)
_ADDRESS = r"(?<![^\s'\"(,:<])((?:https?://|www\.)[^\s<>]+|[\w-]+\.(?:org|com|net|example)\b)"


@dataclass
class Reading:
    """``seen`` is what a reader sees; ``elements`` the names of all elements met, in order;
    ``links`` where they lead."""

    seen: str = ""
    elements: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)


def read(markdown: str) -> Reading:
    """Reads as Zulip would."""
    reader = Markdown(tab_length=2, extensions=[Nl2BrExtension(), TableExtension()])
    patterns: Any = Registry()
    patterns.register(BacktickInlineProcessor(BACKTICK_RE), "backtick", 105)
    patterns.register(SimpleTagInlineProcessor(f"(){_PINGS}", "ping"), "ping", 95)
    patterns.register(LinkInlineProcessor(LINK_RE, reader), "link", 60)
    patterns.register(SimpleTagInlineProcessor(f"(){_ADDRESS}", "address"), "address", 55)
    patterns.register(HtmlInlineProcessor(ENTITY_RE, reader), "entity", 40)
    patterns.register(SimpleTagInlineProcessor(r"(\*\*)([^\n]+?)\1", "strong"), "strong", 35)
    emphasis = r"(\*)(?!\s+)([^*^\n]+)(?<!\s)\*"
    patterns.register(SimpleTagInlineProcessor(emphasis, "em"), "emphasis", 30)
    struck = r"(?<!~)(~~)([^~\n]+?)(~~)(?!~)"
    patterns.register(SimpleTagInlineProcessor(struck, "del"), "del", 25)
    patterns.register(SimpleTagInlineProcessor(r"(\n)()", "br"), "nl2br", 5)
    reader.inlinePatterns = patterns
    inline = reader.treeprocessors["inline"]
    assert isinstance(inline, InlineTreeProcessor)
    inline.inlinePatterns = patterns
    for name in ("html_block",):
        reader.preprocessors.deregister(name)
    for name in ("setextheader", "reference"):
        reader.parser.blockprocessors.deregister(name)
    page = _Page()
    page.feed(reader.convert(markdown))
    page.close()
    return page.reading


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.reading = Reading()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.reading.elements.append(tag)
        self.reading.links += [value or "" for name, value in attrs if name == "href"]

    def handle_data(self, data: str) -> None:
        self.reading.seen += data
