"""A webhook: the data that a program receives."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from bot.content.message import Message


def preview(payload: Mapping[str, Any], _message: Message) -> Markup:
    """Return the JSON, as it is sent."""
    text = json.dumps(payload, ensure_ascii=False, indent=2)
    return Markup('<pre class="terminal" tabindex="0">{}</pre>').format(text)
