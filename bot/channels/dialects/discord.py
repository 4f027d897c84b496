"""Discord's Markdown, in embed descriptions and text displays.

A backslash before a punctuation character shows the character (the client's escape rule, as
discord-markdown-parser 1.3.1 models it). Pings are stopped by ``allowed_mentions``; here it is only
seen to that nothing looks like one.
"""

from __future__ import annotations

import re

from bot.channels.dialects.dialect import WORD_JOINER, Dialect, clean

_ALWAYS = re.compile(r"[\\*_~`|<>\[\]]")
_LINE_START = re.compile(r"^(\s*)([#+-])", re.MULTILINE)
_NUMBERED = re.compile(r"^(\s*\d+)([.)])", re.MULTILINE)
# The colon of an address, which would become a link, and of :emoji:.
_COLON = re.compile(r":(?=//|[\w\\+-]+:)")
_MENTION = re.compile(r"@(?=everyone|here|[!&]?\d)", re.IGNORECASE)


class Discord(Dialect):
    """Writes Discord's Markdown."""

    bullet = "- "
    bold = "**{}**"
    italic = "*{}*"
    nested_indent = "  "
    running = ("*", "`")

    def text(self, text: str) -> str:
        text = _ALWAYS.sub(r"\\\g<0>", clean(text))
        text = _LINE_START.sub(r"\1\\\2", text)
        text = _NUMBERED.sub(r"\1\\\2", text)
        text = _COLON.sub(r"\\:", text)
        return _MENTION.sub(f"@{WORD_JOINER}", text)

    def apart(self, inner: str, mark: str = "*") -> str:
        before = WORD_JOINER if inner.startswith(mark) else ""
        after = WORD_JOINER if inner.endswith(mark) else ""
        return f"{before}{inner}{after}"

    def code(self, line: str) -> str:
        # No escape works in code. An asterisk in it would end the bold around it, so such a line is
        # written as words; runs of backticks are parted, so that a fence of two holds them.
        if "*" in line:
            return self.text(line)
        line = _MENTION.sub(f"@{WORD_JOINER}", line)
        line = re.sub("`(?=`)", f"`{WORD_JOINER}", line)
        return f"``{self.apart(line, '`')}``" if "`" in line else f"`{line}`"

    def link_to(self, label: str, url: str) -> str:
        if label == self.text(url):
            return f"<{url}>"
        # Brackets end a label, escaped or not; one that shows an address is refused.
        if re.search(r"[\[\]]|:\\?//|\\://", label):
            return f"{label} (<{url}>)"
        return f"[{label}]({url})"


DISCORD = Discord()
