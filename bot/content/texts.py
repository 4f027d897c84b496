"""The words of a day, in every language it has, as its entry in the calendar gives them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from bot.calendar.observances import Kind
from bot.content.message import Link
from bot.errors import RenderError


@dataclass(frozen=True)
class SourceText:
    """A source or a link: a neutral title or one a language, one address or one a language.

    A table of addresses has "en", which serves every language without a page of its own.
    """

    title: str | Mapping[str, str]
    url: str | Mapping[str, str]

    def has_title(self, language: str) -> bool:
        """True where the title can be given in ``language``."""
        return isinstance(self.title, str) or language in self.title

    def link(self, language: str) -> Link:
        """Return the title and address for ``language``; RenderError where it has no title."""
        url = self.url if isinstance(self.url, str) else self.url.get(language, self.url["en"])
        if isinstance(self.title, str):
            return Link(self.title, url)
        if language not in self.title:
            raise RenderError(f"The link to {url} has no title in '{language}': add it.")
        return Link(self.title[language], url)


@dataclass(frozen=True)
class Story:
    """One of the texts that rotate by year: Markdown with Jinja by language.

    ``sources`` are needed only where this story is told; ``together`` replaces the day's own.
    """

    texts: Mapping[str, str]
    sources: tuple[SourceText, ...] = ()
    together: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class DayText:
    """What a day says. ``opening``, ``together`` and the stories are Markdown with Jinja.

    ``sensitivity`` and ``notes`` are for editors and never posted; ``answers`` maps a rule of
    ``vigilia check`` to the reason why it does not apply here.
    """

    id: str
    kind: Kind
    names: Mapping[str, str]
    authority: str = ""
    sensitivity: str = ""
    notes: tuple[str, ...] = ()
    sources: tuple[SourceText, ...] = ()
    actions: tuple[str, ...] = ()
    opening: Mapping[str, str] = field(default_factory=dict)
    together: Mapping[str, str] = field(default_factory=dict)
    stories: tuple[Story, ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict)
    file: str = ""


def chosen_story(stories: Sequence[Story], year: int) -> Story | None:
    """Return the story of ``year``: they take turns in the listed order. None where none is."""
    return stories[year % len(stories)] if stories else None


def missing(day: DayText, language: str) -> list[str]:
    """Return what the day lacks in ``language``: "name.fr", "story 2 in fr"; empty if nothing."""
    lacks = []
    if not day.names.get(language):
        lacks.append(f"name.{language}")
    if not day.opening.get(language):
        lacks.append(f"opening.{language}")
    if day.together and not day.together.get(language):
        lacks.append(f"together.{language}")
    lacks += _titles_missing(day.sources, language, "")
    for number, story in enumerate(day.stories, start=1):
        if not story.texts.get(language):
            lacks.append(f"story {number} in {language}")
        if story.together and not story.together.get(language):
            lacks.append(f"together.{language} of story {number}")
        lacks += _titles_missing(story.sources, language, f" of story {number}")
    return lacks


def languages_of(day: DayText) -> frozenset[str]:
    """Return the languages in which the day has everything it has in any."""
    return frozenset(language for language in day.names if not missing(day, language))


def _titles_missing(sources: Sequence[SourceText], language: str, whose: str) -> Iterator[str]:
    for number, source in enumerate(sources, start=1):
        if not source.has_title(language):
            yield f"title.{language} of source {number}{whose}"
