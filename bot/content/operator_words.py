"""What the operator is told, in the languages of the operator's channel."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.content.markdown import escape_markdown
from bot.content.templates import SUFFIX, Markdown, Templates
from bot.errors import RenderError

TEMPLATE = f"operator{SUFFIX}"
"""Its first line is the title, the rest the body."""

_FALLBACK = "en"
_EMPTY_LINES = re.compile(r"\n\s*\n(\s*\n)+")


@dataclass(frozen=True)
class Group:
    """What is told of one cause ("failed", "unknown", …): some lines, and how many ``more``."""

    cause: str
    lines: tuple[str, ...]
    more: int = 0


def operator_words(
    templates: Mapping[str, Templates], language: str, groups: Sequence[Group], page: str | None
) -> tuple[str, str]:
    """Gives title and body. Where the language has no template that can be used, the English one
    serves: being told in English is better than not being told. Raises RenderError."""
    values: dict[str, object] = {
        "groups": list(groups),
        "page": Markdown(page.replace(")", "%29")) if page else "",
    }
    try:
        return _written(templates.get(language), values)
    except RenderError:
        return _written(templates.get(_FALLBACK), values)


def _written(templates: Templates | None, values: Mapping[str, object]) -> tuple[str, str]:
    if templates is None or TEMPLATE not in templates:
        raise RenderError(f"There is no template {TEMPLATE}, with which the operator is told.")
    title, _, body = templates.named(TEMPLATE).render(values).partition("\n")
    return title.strip(), _EMPTY_LINES.sub("\n\n", body).strip() or escape_markdown(title)
