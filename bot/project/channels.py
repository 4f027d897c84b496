"""Tables → channels: the common keys, the platform's own, and the address checked.

A hundred thousand channels differ in their addresses and share nearly all else, so what is common
is validated once for each distinct set of values.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import SecretStr

from bot.channels.channel import Channel
from bot.channels.platform import Platform
from bot.channels.registry import UnknownPlatformError, platform
from bot.errors import Problem, nearest
from bot.project.days import Days
from bot.settings.environment import Environment, names_a_variable
from bot.settings.models import COMMON_CHANNEL_KEYS, NAME_PATTERN, ChannelFields, Settings
from bot.settings.validation import validated


def load_channels(
    tables: Mapping[str, Any],
    *,
    file: str,
    settings: Settings | None,
    days: Days,
    languages: Iterable[str],
    environment: Environment,
    problems: list[Problem],
    secrets_belong: bool = False,
) -> dict[str, Channel]:
    """Return the channels by name, adding to ``problems`` whatever is wrong or to be warned of.

    Without ``settings``, which could not be read, the addresses are not judged. ``secrets_belong``:
    the file is a place for secrets.
    """
    channels: dict[str, Channel] = {}
    for key in tables:
        if key != "channels":
            sentence = f"The key '{key}' is unknown: each channel is a table [channels.NAME]."
            problems.append(Problem("error", "unknown-key", file, key, sentence))
    entries = tables.get("channels", {})
    if not isinstance(entries, dict):
        sentence = (
            "'channels' must be tables: [channels.NAME] on a line of its own, its keys below."
        )
        problems.append(Problem("error", "not-a-table", file, "channels", sentence))
        return channels
    reader = _Reader(
        file=file,
        settings=settings,
        days=days,
        languages=frozenset(languages),
        environment=environment,
        problems=problems,
        secrets_belong=secrets_belong,
    )
    for name, table in entries.items():
        channel = reader.channel(name, table)
        if channel:
            channels[name] = channel
    return channels


class _Reader:
    def __init__(
        self,
        *,
        file: str,
        settings: Settings | None,
        days: Days,
        languages: frozenset[str],
        environment: Environment,
        problems: list[Problem],
        secrets_belong: bool,
    ) -> None:
        self._secrets_belong = secrets_belong
        self._shapes: dict[str, dict[str, Any]] = {}
        self._good_choices: set[str] = set()
        self._secret_keys: dict[type[Any], tuple[str, ...]] = {}
        self._file = file
        self._settings = settings or Settings()
        self._trusted = settings.network.trusted_hosts if settings else None
        self._days = days
        self._languages = languages
        self._environment = environment
        self._problems = problems

    def channel(self, name: str, table: Any) -> Channel | None:
        entry = f"channels.{name}"
        before = len(self._problems)
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
            options = validated(
                kind.options_model,
                own,
                file=self._file,
                entry=entry,
                problems=self._problems,
                more_keys=COMMON_CHANNEL_KEYS,
            )
        if shape is None or options is None or self._is_broken_since(before):
            return None
        if not self._secrets_belong:
            self._warn_of_written_secrets(entry, kind, table)
        channel = Channel(name=name, options=options, **shape)
        self._check_address(entry, channel)
        if key not in self._good_choices:
            self._check_choices(entry, channel, key)
        return None if self._is_broken_since(before) else channel

    def _is_broken_since(self, number: int) -> bool:
        return len(self._problems) > number and any(
            problem.level == "error" for problem in self._problems[number:]
        )

    def _shape(
        self, entry: str, kind: Platform[Any, Any], common: Mapping[str, Any], key: str
    ) -> dict[str, Any] | None:
        """Return all of a channel but its name and options; None where it cannot be."""
        shape = self._shapes.get(key)
        if shape is None:
            fields = validated(
                ChannelFields, common, file=self._file, entry=entry, problems=self._problems
            )
            if fields is None:
                return None
            shape = self._shapes[key] = self._shape_of(kind, fields)
        return shape

    def _say(self, entry: str, code: str, sentence: str, level: Any = "error") -> None:
        self._problems.append(Problem(level, code, self._file, entry, sentence))

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

        expanded: dict[str, Any] = self._environment.expanded(table, say_unset)
        return expanded

    def _warn_of_written_secrets(
        self, entry: str, kind: Platform[Any, Any], table: Mapping[str, Any]
    ) -> None:
        model = kind.options_model
        if model not in self._secret_keys:
            self._secret_keys[model] = tuple(
                key
                for key, model_field in model.model_fields.items()
                if SecretStr in _types_in(model_field.annotation)
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

    def _shape_of(self, kind: Platform[Any, Any], fields: ChannelFields) -> dict[str, Any]:
        settings = self._settings
        return {
            "platform": kind,
            "languages": fields.languages or settings.languages,
            "timezone": fields.timezone or settings.timezone,
            "post_at": fields.post_at if fields.post_at is not None else settings.post_at,
            "useful_for": fields.useful_for or settings.useful_for,
            "layout": fields.layout,
            "include": fields.include,
            "exclude": fields.exclude,
            "lead_days": fields.lead_days,
            "spacing": fields.spacing,
            "min_gap": fields.min_gap,
            "same_day": fields.same_day,
            "digest": fields.digest,
            "on_unknown": fields.on_unknown,
            "approval": fields.approval,
            "file": self._file,
        }

    def _check_address(self, entry: str, channel: Channel) -> None:
        if self._trusted is None:
            return
        problem = channel.platform.address_problem(channel.options, self._trusted)
        if problem:
            self._say(entry, "bad-address", problem)

    def _check_choices(self, entry: str, channel: Channel, key: str) -> None:
        before = len(self._problems)
        self._say_bad_choices(entry, channel)
        if not self._is_broken_since(before):
            self._good_choices.add(key)

    def _say_bad_choices(self, entry: str, channel: Channel) -> None:
        themes = {theme for day in self._days.calendar for theme in day.themes}
        ids = {day.id for day in self._days.calendar}
        for key, words in (("include", channel.include), ("exclude", channel.exclude)):
            for word in words:
                if word in themes or word in ids or word in ("*", "core"):
                    continue
                if word in self._days.disabled:
                    reason = self._days.disabled[word].reason or "no reason is given"
                    sentence = f"`{key}` names '{word}', which is recorded as not posted: {reason}"
                elif not self._days.complete:
                    continue
                else:
                    hint = nearest(word, {*themes, *ids, *self._days.disabled})
                    sentence = f"`{key}` names '{word}', which is no theme and no day.{hint}"
                self._say(entry, "unknown-day", sentence)
        for language in channel.languages:
            if language not in self._languages:
                there = ", ".join(sorted(self._languages))
                sentence = f"There is no language '{language}': there are {there}."
                self._say(entry, "unknown-language", sentence)


def _types_in(annotation: Any) -> set[Any]:
    arguments = getattr(annotation, "__args__", ())
    return {annotation} | {kind for argument in arguments for kind in _types_in(argument)}
