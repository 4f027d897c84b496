"""What the operator is told, in the languages of the operator's channel."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.content.markdown import escape_markdown, quoted
from bot.content.message import Link, Part
from bot.content.sandbox import Markdown
from bot.content.templates import SUFFIX, Templates
from bot.errors import RenderError

TEMPLATE = f"operator{SUFFIX}"
"""Its first line is the title, the rest the body."""

_FALLBACK = "en"
_EMPTY_LINES = re.compile(r"\n\s*\n(\s*\n)+")


@dataclass(frozen=True)
class Group:
    """What is told of one cause ("failed", "unknown", …): some lines, and how many ``more``.

    ``parts`` are the words that a person is asked to read, each once.
    """

    cause: str
    lines: tuple[str, ...]
    more: int = 0
    parts: tuple[Part, ...] = ()


def operator_words(
    templates: Mapping[str, Templates], language: str, groups: Sequence[Group], page: str | None
) -> tuple[str, str]:
    """Return title and body. Where the language has no template that can be used, the English one
    serves: being told in English is better than not being told. Raises RenderError."""
    values: dict[str, object] = {
        "groups": list(groups),
        "page": Markdown(page.replace(")", "%29")) if page else "",
    }
    try:
        return _render(templates.get(language), values)
    except RenderError:
        return _render(templates.get(_FALLBACK), values)


def words_to_read(groups: Sequence[Group]) -> str:
    """Return the words that a person is asked to read, each once: title, body, actions, sources."""
    parts = dict.fromkeys(part for group in groups for part in group.parts)
    return "\n\n".join(_preview(part) for part in parts)


def titled_link(title: str, url: str) -> Markdown:
    """Return a link as Markdown."""
    safe = url.replace("<", "%3C").replace(">", "%3E").replace(" ", "%20")
    return Markdown(f"[{escape_markdown(title)}](<{safe}>)")


def _preview(part: Part) -> str:
    pieces = [f"**{escape_markdown(part.title)}**", part.body]
    if part.actions:
        lines = [
            f"- {escape_markdown(action.text)} {_links(action.links)}" for action in part.actions
        ]
        pieces.append("\n".join([f"**{escape_markdown(part.actions_label)}**", "", *lines]))
    if part.sources:
        pieces.append(f"**{escape_markdown(part.sources_label)}** {_links(part.sources)}")
    return quoted("\n\n".join(pieces))


def _links(links: Sequence[Link]) -> str:
    return " · ".join(titled_link(link.title, link.url) for link in links)


def _render(templates: Templates | None, values: Mapping[str, object]) -> tuple[str, str]:
    if templates is None or TEMPLATE not in templates:
        raise RenderError(f"There is no template {TEMPLATE}, with which the operator is told.")
    title, _, body = templates.named(TEMPLATE).render(values).partition("\n")
    return title.strip(), _EMPTY_LINES.sub("\n\n", body).strip() or escape_markdown(title)
