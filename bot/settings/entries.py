"""The keys of the calendar's own files: observances, facts and actions."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from bot.errors import quoted
from bot.settings.models import Model

Texts = dict[str, str]


def _address(url: Any) -> Any:
    addresses = url.values() if isinstance(url, dict) else [url]
    for address in addresses:
        if not isinstance(address, str) or not address.startswith(("https://", "http://")):
            raise ValueError(f"{quoted(address)} is not an address: it begins with https://")
    if isinstance(url, dict) and "en" not in url:
        raise ValueError('a table of addresses needs "en", which serves languages without a page')
    return url


Url = Annotated[str | Texts, BeforeValidator(_address)]


class SourceEntry(Model):
    """A source or a link: a neutral title or one a language, one address or one a language."""

    title: str | Texts
    url: Url


class StoryEntry(Model):
    """One of the texts that rotate by year: a text a language, and what only this story needs."""

    model_config = ConfigDict(extra="allow", frozen=True)

    sources: tuple[SourceEntry, ...] = ()
    together: Texts = Field(default_factory=dict)

    @model_validator(mode="after")
    def _texts_only(self) -> StoryEntry:
        for key, value in (self.model_extra or {}).items():
            if not isinstance(value, str):
                raise ValueError(f"'{key}' must be text in quotes, the story in that language")
        return self

    @property
    def texts(self) -> Texts:
        """The story by language."""
        return dict(self.model_extra or {})


class ObservanceEntry(Model):
    """One table of ``config/observances/*.toml``."""

    kind: Literal["day", "remembrance", "anniversary", "month"]
    on: str
    name: Texts
    shift: dict[str, Any] = Field(default_factory=dict)
    moved: dict[str, str] = Field(default_factory=dict)
    since: int | None = Field(default=None, ge=1, le=9999, strict=True)
    until: int | None = Field(default=None, ge=1, le=9999, strict=True)
    event: int | None = Field(default=None, ge=1, le=9999, strict=True)
    count: Literal["observances", "years"] | None = None
    years: Literal["milestones", "all"] = "all"
    part_of: str | None = None
    beside: tuple[str, ...] = ()
    not_with: tuple[str, ...] = ()
    priority: int = Field(default=50, ge=0, le=100, strict=True)
    themes: tuple[str, ...] = ()
    approval: bool = Field(default=False, strict=True)
    authority: str = ""
    sensitivity: str = ""
    notes: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    sources: tuple[SourceEntry, ...] = Field(min_length=1)
    opening: Texts = Field(default_factory=dict)
    together: Texts = Field(default_factory=dict)
    story: tuple[StoryEntry, ...] = Field(min_length=1)
    answers: Texts = Field(default_factory=dict)
    disabled: Literal[False] = False

    @model_validator(mode="after")
    def _numbers_need_their_year(self) -> ObservanceEntry:
        if self.count == "observances" and self.since is None:
            raise ValueError('count = "observances" needs `since`, the first year')
        if self.count == "years" and self.event is None:
            raise ValueError('count = "years" needs `event`, the year of what is remembered')
        if self.years == "milestones" and self.event is None:
            raise ValueError('years = "milestones" needs `event`, the year of what is remembered')
        if self.since is not None and self.until is not None and self.until < self.since:
            raise ValueError("`until` is before `since`")
        if self.event is not None and self.since is not None and self.since < self.event:
            raise ValueError("`since`, the first observance, is before `event`")
        return self


class DisabledEntry(Model):
    """A table with ``disabled = true``: the day is not posted, and ``reason`` says why."""

    model_config = ConfigDict(extra="allow", frozen=True)

    disabled: Literal[True]
    reason: str = ""
    on: str = ""
    authority: str = ""
    name: Texts = Field(default_factory=dict)


class FactEntry(Model):
    """One table of ``config/facts.toml``: a figure that ages."""

    value: int | str
    as_of: date | str
    review: date
    text: Texts
    source: SourceEntry
    answers: Texts = Field(default_factory=dict)


class ActionEntry(Model):
    """One table of ``config/actions.toml``: something a reader can do."""

    who: tuple[str, ...] = Field(min_length=1)
    text: Texts
    links: tuple[SourceEntry, ...] = Field(min_length=1, max_length=2)
    answers: Texts = Field(default_factory=dict)
