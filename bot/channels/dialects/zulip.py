"""Zulip's Markdown (https://zulip.com/help/format-your-message-using-markdown and
https://github.com/zulip/zulip/blob/main/zerver/lib/markdown/__init__.py, read 2026-11-24).

There is no backslash escape. What could be markup is written as a character reference, which Zulip
reads after mentions, links and addresses and shows as the character.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from bot.channels.dialects.dialect import Dialect, clean
from bot.content.markdown import Block, Paragraph

_ALWAYS = re.compile(r"[\\*~`\[\]|@#$<]")
_REFERENCE = re.compile(r"&(?=#|\w+;)")
_EMOJI = re.compile(r":(?=[\w+'-]+:)")
_ADDRESS = re.compile(r":(?=//)|(?<=\w)\.(?=[^\W_])")
_LINE_START = re.compile(r"^[ \t]*([>+\-=!:])", re.MULTILINE)
_NUMBERED = re.compile(r"^[ \t]*(\d+)([.)])", re.MULTILINE)
_INDENTED = re.compile(r"^[ \t]+", re.MULTILINE)


class Zulip(Dialect):
    """Writes Zulip's Markdown."""

    formats_labels = False
    bullet = "* "
    bold = "**{}**"
    nested_indent = "  "
    running = ("*", "`")

    def write(self, blocks: Iterable[Block]) -> str:
        # An indented first line would be a block of code.
        return "\n\n".join(
            _INDENTED.sub("", written) if isinstance(block, Paragraph) else written
            for block in blocks
            if (written := self._block(block))
        )

    def text(self, text: str) -> str:
        text = clean(text)
        if "\n" in text:
            text = _INDENTED.sub("", text)
        text = _REFERENCE.sub("&amp;", text)
        for pattern in (_ALWAYS, _EMOJI, _ADDRESS, _LINE_START):
            text = pattern.sub(_as_reference, text)
        return _NUMBERED.sub(lambda match: match[1] + _reference(match[2]), text)

    def emphasis(self, inner: str) -> str:
        # Emphasis that holds one of these is not read.
        return inner if re.search(r"[*^\n]", inner) else f"*{inner}*"

    def code(self, line: str) -> str:
        return self.text(line) if "`" in line else f"`{line}`"

    def link_to(self, label: str, url: str) -> str:
        # An apostrophe would begin a title, which ends at the next one, in whatever link it is.
        target = url.replace("'", "%27")
        return url if label == self.text(url) else f"[{label}]({target})"


def _as_reference(match: re.Match[str]) -> str:
    return _reference(match.group().lstrip(" \t"))


def _reference(character: str) -> str:
    return f"&#{ord(character)};"


ZULIP = Zulip()
