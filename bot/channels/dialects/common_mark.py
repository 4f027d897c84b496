"""CommonMark with GitHub's additions, as Mattermost and Rocket.Chat read it
(https://spec.commonmark.org/0.31.2/, https://github.github.com/gfm/, read 2026-11-24).

A backslash shows a mark as it is. What pings or becomes a link by itself, and has no escape, is
broken with an unseen space.
"""

from __future__ import annotations

import re

from bot.channels.dialects.dialect import Dialect, clean
from bot.content.markdown import Code, Inline, LineBreak

UNSEEN_SPACE = "\u200b"

_ALWAYS = re.compile(r"[\\`*_~\[\]|]")
_LINE_START = re.compile(r"^[ \t]*([#+\-=])", re.MULTILINE)
_NUMBERED = re.compile(r"^[ \t]*(\d+)([.)])", re.MULTILINE)
_INDENTED = re.compile(r"^[ \t]+", re.MULTILINE)
# What of a text becomes a link, a mention, a channel, a picture or an emoji by itself.
_ADDRESS = re.compile(r"(?<=:)(?=//)|(?<=www)(?=\.)", re.IGNORECASE)
_MENTION = re.compile(r"@(?=\S)")
_TAG = re.compile(r"#(?=[^\W_])")
_EMOJI = re.compile(r":(?=[a-z0-9_+\\-]+:)", re.IGNORECASE)


class CommonMark(Dialect):
    """Writes Markdown. A subclass says what is done with ``< > &``."""

    bullet = "- "
    bold = "**{}**"
    italic = "*{}*"
    running = ("*", "_", "`", "!", "[")
    parting = UNSEEN_SPACE

    def unmarked(self, text: str) -> str:
        """Return text, its other marks escaped already, with ``< > &`` made harmless."""
        return text

    def text(self, text: str) -> str:
        text = _INDENTED.sub(" ", clean(text))
        text = _ALWAYS.sub(r"\\\g<0>", text)
        text = _LINE_START.sub(r"\\\1", text)
        text = _NUMBERED.sub(r"\1\\\2", text)
        return self.unmarked(broken(text))

    def code(self, line: str) -> str:
        # No escape works in code: a line with anything that would need one is written as words.
        if re.search(r"[`@<>&:\\]", line):
            return self.text(line)
        return f"`{line}`"

    def link_to(self, label: str, url: str) -> str:
        return f"[{label}]({url})"

    def _inline(self, inline: Inline) -> str:
        match inline:
            case LineBreak():
                return "  \n"
            case Code(text):  # a line that is set in would be a block of code
                return super()._inline(Code(_INDENTED.sub("", clean(text))))
            case _:
                return super()._inline(inline)


def broken(text: str) -> str:
    """Return ``text`` with an unseen space in all that would ping or become a link by itself."""
    text = _ADDRESS.sub(UNSEEN_SPACE, text)
    text = _MENTION.sub(f"@{UNSEEN_SPACE}", text)
    text = _TAG.sub(f"#{UNSEEN_SPACE}", text)
    return _EMOJI.sub(f":{UNSEEN_SPACE}", text)


_ENTITY = re.compile(r"&(?=#?\w+;)")
_QUOTE = re.compile(r"^(\s*)>", re.MULTILINE)


class Mattermost(CommonMark):
    """Writes Mattermost's Markdown
    (https://docs.mattermost.com/end-user-guide/collaborate/format-messages.html, read 2026-11-24),
    in message attachments.

    Mattermost takes ``<!channel>`` and ``<userid>`` of Slack for mentions there too
    (https://developers.mattermost.com/integrate/reference/message-attachments/), and shows an
    entity as its character.
    """

    def unmarked(self, text: str) -> str:
        text = _QUOTE.sub(r"\1\>", _ENTITY.sub("&amp;", text))
        return text.replace("<", f"<{UNSEEN_SPACE}")


MATTERMOST = Mattermost()


class RocketChat(CommonMark):
    """Writes Rocket.Chat's Markdown in attachments (its client's MarkdownText, read 2026-11-24).

    The client escapes ``< > &`` itself before it reads the Markdown, and takes one asterisk for
    bold.
    """

    quote_mark = "» "  # an escaped > begins no quotation

    def emphasis(self, inner: str) -> str:
        return f"_{inner}_"


ROCKETCHAT = RocketChat()
