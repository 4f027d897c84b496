"""Teams: the card of the request, for Microsoft's own renderer (``static/teams.js``).

Where no script runs, the plain words stay. The card travels as an attribute, in which nothing of it
can be markup.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from bot.content.message import Message
from bot.web.previews.plain import preview as plain_look


def preview(payload: Mapping[str, Any], message: Message) -> Markup:
    """Return the words, and the cards to draw in their place."""
    cards = [attachment["content"] for attachment in payload.get("attachments", ())]
    return Markup('<div class="teams" data-cards="{}">{}</div>').format(
        json.dumps(cards, ensure_ascii=False), plain_look(payload, message)
    )
