"""Mattermost's Markdown (https://docs.mattermost.com/end-user-guide/collaborate/format-messages.html,
read 2026-11-24), in message attachments.

Mattermost takes ``<!channel>`` and ``<userid>`` of Slack for mentions there too
(https://developers.mattermost.com/integrate/reference/message-attachments/), and shows an entity as
its character.
"""

from __future__ import annotations

import re

from bot.channels.dialects.common_mark import UNSEEN_SPACE, CommonMark

_ENTITY = re.compile(r"&(?=#?\w+;)")
_QUOTE = re.compile(r"^(\s*)>", re.MULTILINE)


class Mattermost(CommonMark):
    """Writes Mattermost's Markdown."""

    def unmarked(self, text: str) -> str:
        text = _QUOTE.sub(r"\1\>", _ENTITY.sub("&amp;", text))
        return text.replace("<", f"<{UNSEEN_SPACE}")


MATTERMOST = Mattermost()
