"""All of a project's files, read once → a frozen :class:`Project`, or every problem there is."""

from __future__ import annotations

import gc
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from bot.channels.channel import Channel
from bot.content.actions import Action
from bot.content.facts import Fact
from bot.content.texts import missing
from bot.errors import ConfigError, Problem, nearest
from bot.planning import Plan, days_of
from bot.project.channel_files import read_channel_files
from bot.project.channels import ChannelReader
from bot.project.days import Days, load_actions, load_days, load_facts
from bot.project.places import Places, find_places
from bot.settings.environment import Environment, UnsetVariableError
from bot.settings.models import Settings
from bot.settings.toml_files import read_toml
from bot.settings.validation import validated

WEB_TOKEN = "VIGILIA_WEB_TOKEN"  # noqa: S105 - the name of the variable
"""The variable that holds the token of ``[web]`` unless the file names another."""

if TYPE_CHECKING:
    from bot.calendar.observances import Observance
    from bot.content.languages import Language
    from bot.content.writer import Writer


@dataclass(frozen=True)
class Project:
    """A group's configuration with all that ships: what there is to post, where, and how.
    ``warnings`` are the problems that do not stand in the way of posting."""

    places: Places
    settings: Settings
    channels: Mapping[str, Channel]
    days: Days
    facts: Mapping[str, Fact]
    actions: Mapping[str, Action]
    warnings: tuple[Problem, ...] = ()

    @cached_property
    def plan(self) -> Plan:
        """The postings of all channels."""
        return Plan(self.days.calendar, tuple(self.channels.values()))

    @cached_property
    def languages(self) -> Mapping[str, Language]:
        """The languages there are, by code. Their files are read when first asked for."""
        from bot.content.language_files import load_languages  # noqa: PLC0415 - Babel takes a while

        return load_languages(self.places.template_roots)

    @cached_property
    def writer(self) -> Writer:
        """The writer of messages. Templates are read when it is first asked for."""
        from bot.content.writer import Writer  # noqa: PLC0415 - so does Jinja2

        return Writer(
            self.days.texts, self.facts, self.actions, self.languages, self.places.template_roots
        )

    @cached_property
    def by_id(self) -> Mapping[str, Observance]:
        """The observances by id."""
        return {day.id: day for day in self.days.calendar}

    def channel(self, name: str) -> Channel:
        """Return the channel of that name. Raises ConfigError with the nearest known."""
        if name in self.channels:
            return self.channels[name]
        hint = nearest(name, self.channels) or f" There are: {', '.join(self.channels)}."
        sentence = f"There is no channel '{name}'.{hint}"
        raise ConfigError([Problem("error", "unknown-channel", self.channels_file, "", sentence)])

    @property
    def channels_file(self) -> str:
        return self.places.label(self.places.main_config / "channels.toml")


def known_languages(places: Places) -> tuple[str, ...]:
    """Return the languages that have a ``language.toml`` in some templates folder."""
    codes = {
        path.parent.name for root in places.template_roots for path in root.glob("*/language.toml")
    }
    return tuple(sorted(codes))


def load_project(
    config: Path | None = None, *, environ: Mapping[str, str] | None = None, cwd: Path | None = None
) -> Project:
    """Read everything. Raises ConfigError, with every problem found, where something is wrong. What
    only a template or a text can get wrong is found by :mod:`bot.checking`."""
    environ = os.environ if environ is None else environ
    places = find_places(config, environ, cwd or Path.cwd())
    problems: list[Problem] = []
    environment = Environment.of(places.root, environ)
    settings = _load_settings(places, environment, problems)
    days = load_days(places, problems)
    facts = load_facts(places, problems)
    actions = load_actions(places, problems)
    channels = _load_channels(places, settings, days, environment, problems)
    _check_languages(days, channels, problems)
    if settings:
        _check_operator(settings, channels, places, problems)
    problems = environment.masked(problems)
    errors = [problem for problem in problems if problem.level == "error"]
    if errors or settings is None:
        raise ConfigError(errors)
    return Project(places, settings, channels, days, facts, actions, tuple(problems))


def _load_channels(
    places: Places,
    settings: Settings | None,
    days: Days,
    environment: Environment,
    problems: list[Problem],
) -> dict[str, Channel]:
    channels: dict[str, Channel] = {}
    languages = known_languages(places)
    with _without_collecting():
        files = read_channel_files(places, problems)
        for file in files:
            reader = ChannelReader(file, settings, days, languages, environment, problems)
            channels |= reader.channels()
    if files and not channels and not any(problem.level == "error" for problem in problems):
        sentence = "There is no channel yet: write one as a table [channels.NAME]."
        problems.append(Problem("error", "no-channel", files[0].label, "", sentence))
    return channels


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Keep Python from looking for garbage meanwhile: among the many things that are made and
    stay there is none, and looking took a third of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def load_ledger_place(
    config: Path | None = None, *, environ: Mapping[str, str] | None = None, cwd: Path | None = None
) -> tuple[str, Path]:
    """Return where the ledger is, its url and the folder that this counts from, and reads nothing
    else: the rest may be broken, even `vigilia.toml` itself. Raises ConfigError where there is no
    such folder."""
    environ = os.environ if environ is None else environ
    places = find_places(config, environ, cwd or Path.cwd())
    try:
        settings = _load_settings(places, Environment.of(places.root, environ), [])
    except ConfigError:  # .env cannot be read
        settings = None
    if settings is not None:
        return settings.ledger.url, places.root
    try:
        text = (places.main_config / "vigilia.toml").read_text("utf-8", errors="replace")
    except OSError:
        text = ""
    match = _LEDGER_URL.search(text)
    return (match["url"] if match else Settings().ledger.url), places.root


_LEDGER_URL = re.compile(
    r"""^\[ledger\][^\[]*?^url\s*=\s*["'](?P<url>[^"'$]+)["']""", re.MULTILINE | re.DOTALL
)


def _load_settings(
    places: Places, environment: Environment, problems: list[Problem]
) -> Settings | None:
    file = places.main_config / "vigilia.toml"
    label = places.label(file)
    try:
        raw = read_toml(file, label)
    except ConfigError as error:
        problems.extend(error.problems)
        return None

    def say_unset(keys: tuple[str, ...], sentence: str) -> None:
        where = ".".join(keys)
        problems.append(Problem("error", "unset-variable", label, "", f"'{where}': {sentence}"))

    table = environment.expanded(raw, say_unset)
    web = table.setdefault("web", {})
    try:
        if isinstance(web, dict) and "token" not in web:
            token = environment.get(WEB_TOKEN)
            table["web"] = {**web, **({} if token is None else {"token": token})}
    except UnsetVariableError as error:
        say_unset(("web", "token"), str(error))
    return validated(Settings, table, file=label, entry="", problems=problems)


def _check_languages(days: Days, channels: Mapping[str, Channel], problems: list[Problem]) -> None:
    """A language that an entry lacks is an error for each channel that asks for it."""
    by_choice: dict[tuple[tuple[str, ...], ...], list[Channel]] = {}
    for channel in channels.values():
        choice = (channel.include, channel.exclude, channel.languages)
        by_choice.setdefault(choice, []).append(channel)
    requests: dict[tuple[str, str], list[list[Channel]]] = {}
    for group in by_choice.values():
        for day in days_of(group[0], days.calendar):
            for language in group[0].languages:
                requests.setdefault((day.id, language), []).append(group)
    for (id_, language), askers in requests.items():
        text = days.texts[id_]
        lacking = missing(text, language)
        if lacking:
            names = [channel.name for group in askers for channel in group]
            sentence = (
                f"The language '{language}' is not complete: {', '.join(lacking)} is missing, and "
                f"{_channels(names)} for it. Write it, or take the day or the language out there."
            )
            problems.append(Problem("error", "language-missing", text.file, id_, sentence))


def _channels(names: list[str]) -> str:
    list_ = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f"channel {list_} asks" if len(names) == 1 else f"channels {list_} ask"


def _check_operator(
    settings: Settings, channels: Mapping[str, Channel], places: Places, problems: list[Problem]
) -> None:
    name = settings.operator.channel
    errors = any(problem.level == "error" for problem in problems)
    if name is not None and name not in channels and not errors:
        label = places.label(places.main_config / "vigilia.toml")
        sentence = f"'channel' names '{name}', which is no channel.{nearest(name, channels)}"
        problems.append(Problem("error", "unknown-channel", label, "[operator]", sentence))
