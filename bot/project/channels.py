"""Tables → channels: the common keys, the platform's own, and the address checked.

A hundred thousand channels differ in their addresses and share nearly all else, so what is common
is validated once for each distinct set of values.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from bot.channels.channel import Channel
from bot.channels.platform import Platform
from bot.channels.registry import UnknownPlatformError, platform
from bot.errors import Problem, nearest
from bot.project.channel_files import ChannelFile, kinds_in
from bot.project.days import Days
from bot.settings.environment import Environment, names_a_variable
from bot.settings.models import COMMON_CHANNEL_KEYS, NAME_PATTERN, ChannelFields, Settings
from bot.settings.validation import ModelT, validated


@dataclass(frozen=True)
class ChannelReader:
    """Reads the channels of one file, adding to ``problems`` whatever is wrong or to be warned of.
    Without ``settings``, which could not be read, the addresses are not judged."""

    file: ChannelFile
    settings: Settings | None
    days: Days
    languages: Collection[str]
    environment: Environment
    problems: list[Problem]
    _shapes: dict[str, dict[str, Any]] = field(default_factory=dict, init=False)
    _good_choices: set[str] = field(default_factory=set, init=False)
    _secret_keys: dict[type[Any], tuple[str, ...]] = field(default_factory=dict, init=False)

    def channels(self) -> dict[str, Channel]:
        """Return the channels by name."""
        for key in self.file.tables:
            if key != "channels":
                sentence = f"The key '{key}' is unknown: each channel is a table [channels.NAME]."
                self._say(key, "unknown-key", sentence)
        entries = self.file.tables.get("channels", {})
        if not isinstance(entries, dict):
            sentence = (
                "'channels' must be tables: [channels.NAME] on a line of its own, its keys below."
            )
            self._say("channels", "not-a-table", sentence)
            return {}
        channels = ((name, self._channel(name, table)) for name, table in entries.items())
        return {name: channel for name, channel in channels if channel}

    def _channel(self, name: str, table: Any) -> Channel | None:
        entry = f"channels.{name}"
        before = len(self.problems)
        if not NAME_PATTERN.fullmatch(name):
            self._say(entry, "bad-name", "A name has small letters, digits and hyphens: my-team.")
            return None
        if not isinstance(table, dict):
            self._say(entry, "not-a-table", f"This must be a table: [{entry}], its keys below.")
            return None
        kind = self._platform(entry, table)
        if kind is None:
            return None
        expanded = self._expanded(entry, table)
        common = {key: value for key, value in expanded.items() if key in COMMON_CHANNEL_KEYS}
        own = {key: value for key, value in expanded.items() if key not in COMMON_CHANNEL_KEYS}
        key = repr(common)
        shape = self._shape(entry, kind, common, key)
        options = None
        # What was left out because its variable is unset is not "missing" besides.
        if table.keys() == expanded.keys():
            options = self._validated(kind.options_model, own, entry, COMMON_CHANNEL_KEYS)
        if shape is None or options is None or self._is_broken_since(before):
            return None
        if not self.file.holds_secrets:
            self._warn_of_written_secrets(entry, kind, table)
        channel = Channel(name=name, options=options, **shape)
        if self.settings:
            problem = kind.address_problem(options, self.settings.network.trusted_hosts)
            if problem:
                self._say(entry, "bad-address", problem)
        if key not in self._good_choices:
            broken = len(self.problems)
            self._say_bad_choices(entry, channel)
            if not self._is_broken_since(broken):
                self._good_choices.add(key)
        return None if self._is_broken_since(before) else channel

    def _validated(
        self, model: type[ModelT], table: Any, entry: str, more_keys: Collection[str] = ()
    ) -> ModelT | None:
        return validated(
            model,
            table,
            file=self.file.label,
            entry=entry,
            problems=self.problems,
            more_keys=more_keys,
        )

    def _is_broken_since(self, number: int) -> bool:
        return len(self.problems) > number and any(
            problem.level == "error" for problem in self.problems[number:]
        )

    def _shape(
        self, entry: str, kind: Platform[Any, Any], common: Mapping[str, Any], key: str
    ) -> dict[str, Any] | None:
        """Return all of a channel but its name and options; None where it cannot be."""
        if key not in self._shapes:
            fields = self._validated(ChannelFields, common, entry)
            if fields is None:
                return None
            settings = self.settings or Settings()
            inherited = {
                name: getattr(settings, name)
                for name in ("languages", "timezone", "post_at", "useful_for")
                if getattr(fields, name) is None
            }
            shape = {**dict(fields), **inherited, "platform": kind, "file": self.file.label}
            self._shapes[key] = shape
        return self._shapes[key]

    def _say(self, entry: str, code: str, sentence: str, level: Any = "error") -> None:
        self.problems.append(Problem(level, code, self.file.label, entry, sentence))

    def _platform(self, entry: str, table: Mapping[str, Any]) -> Platform[Any, Any] | None:
        name = table.get("platform")
        if name is None:
            typo = next((key for key in table if nearest(key, ("platform",))), None)
            if typo is not None:
                sentence = f"The key '{typo}' is unknown. Did you mean 'platform'?"
                self._say(entry, "unknown-key", sentence)
            else:
                sentence = "The key 'platform' is missing, such as platform = \"slack\"."
                self._say(entry, "missing-key", sentence)
            return None
        if not isinstance(name, str):
            self._say(entry, "bad-value", "'platform' must be text in quotes, such as \"slack\".")
            return None
        try:
            return platform(name)
        except UnknownPlatformError as error:
            self._say(entry, "unknown-platform", str(error))
            return None

    def _expanded(self, entry: str, table: Mapping[str, Any]) -> dict[str, Any]:
        """Return the table with each ``${NAME}`` in its texts replaced; an unset one is a
        problem."""
        if "${" not in repr(table):
            return dict(table)

        def say_unset(keys: tuple[str, ...], sentence: str) -> None:
            self._say(entry, "unset-variable", f"'{'.'.join(keys)}': {sentence}")

        return dict(self.environment.expanded(table, say_unset))

    def _warn_of_written_secrets(
        self, entry: str, kind: Platform[Any, Any], table: Mapping[str, Any]
    ) -> None:
        model = kind.options_model
        if model not in self._secret_keys:
            self._secret_keys[model] = tuple(
                key
                for key, model_field in model.model_fields.items()
                if SecretStr in kinds_in(model_field.annotation)
            )
        for key in self._secret_keys[model]:
            value = table.get(key)
            if isinstance(value, str) and not names_a_variable(value):
                self._say(
                    entry,
                    "written-secret",
                    f"'{key}' is a secret and stands in the file itself. Better: put it into .env "
                    f'and write {key} = "${{NAME}}" here.',
                    "warning",
                )

    def _say_bad_choices(self, entry: str, channel: Channel) -> None:
        themes = {theme for day in self.days.calendar for theme in day.themes}
        ids = {day.id for day in self.days.calendar}
        for key, words in (("include", channel.include), ("exclude", channel.exclude)):
            for word in words:
                if word in themes or word in ids or word in ("*", "core"):
                    continue
                if word in self.days.disabled:
                    reason = self.days.disabled[word].reason or "no reason is given"
                    sentence = f"`{key}` names '{word}', which is recorded as not posted: {reason}"
                elif not self.days.complete:
                    continue
                else:
                    hint = nearest(word, {*themes, *ids, *self.days.disabled})
                    sentence = f"`{key}` names '{word}', which is no theme and no day.{hint}"
                self._say(entry, "unknown-day", sentence)
        for language in channel.languages:
            if language not in self.languages:
                there = ", ".join(sorted(self.languages))
                sentence = f"There is no language '{language}': there are {there}."
                self._say(entry, "unknown-language", sentence)
