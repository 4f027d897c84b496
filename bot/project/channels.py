"""``channels.toml`` → channels: the common keys, the platform's own, and the address checked."""

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
) -> dict[str, Channel]:
    """Gives the channels by name, adding to ``problems`` whatever is wrong or to be warned of.

    Without ``settings``, which could not be read, the addresses are not judged.
    """
    channels: dict[str, Channel] = {}
    for key in tables:
        if key != "channels":
            said = f"The key '{key}' is unknown: each channel is a table [channels.NAME]."
            problems.append(Problem("error", "unknown-key", file, key, said))
    entries = tables.get("channels", {})
    if not isinstance(entries, dict):
        said = "'channels' must be tables: [channels.NAME] on a line of its own, its keys below."
        problems.append(Problem("error", "not-a-table", file, "channels", said))
        return channels
    reader = _Reader(
        file=file,
        settings=settings,
        days=days,
        languages=frozenset(languages),
        environment=environment,
        problems=problems,
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
    ) -> None:
        self._file = file
        self._settings = settings or Settings()
        self._trusted = settings.network.trusted_hosts if settings else None
        self._days = days
        self._languages = languages
        self._environment = environment
        self._problems = problems

    def channel(self, name: str, table: Any) -> Channel | None:
        entry = f"channels.{name}"
        before = len(self._errors())
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
        fields = validated(
            ChannelFields, common, file=self._file, entry=entry, problems=self._problems
        )
        options = None
        # What was left out because its variable is unset is not "missing" besides.
        if table.keys() == expanded.keys():
            options = validated(
                kind.options_model,
                own,
                file=self._file,
                entry=entry,
                problems=self._problems,
                known=COMMON_CHANNEL_KEYS,
            )
        if fields is None or options is None or len(self._errors()) > before:
            return None
        self._warn_of_written_secrets(entry, kind, table)
        channel = self._assembled(name, kind, fields, options)
        self._check_address(entry, channel)
        self._check_choices(entry, channel)
        return channel if len(self._errors()) == before else None

    def _errors(self) -> list[Problem]:
        return [problem for problem in self._problems if problem.level == "error"]

    def _say(self, entry: str, code: str, said: str, level: Any = "error") -> None:
        self._problems.append(Problem(level, code, self._file, entry, said))

    def _platform(self, entry: str, table: Mapping[str, Any]) -> Platform[Any] | None:
        name = table.get("platform")
        if name is None:
            typo = next((key for key in table if nearest(key, ("platform",))), None)
            if typo is not None:
                said = f"The key '{typo}' is unknown. Did you mean 'platform'?"
                self._say(entry, "unknown-key", said)
            else:
                said = "The key 'platform' is missing, such as platform = \"slack\"."
                self._say(entry, "missing-key", said)
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
        """Gives the table with each ``${NAME}`` in its texts replaced; an unset one is a
        problem."""

        def say_unset(keys: tuple[str, ...], sentence: str) -> None:
            self._say(entry, "unset-variable", f"'{'.'.join(keys)}': {sentence}")

        expanded: dict[str, Any] = self._environment.expanded(table, say_unset)
        return expanded

    def _warn_of_written_secrets(
        self, entry: str, kind: Platform[Any], table: Mapping[str, Any]
    ) -> None:
        for key, model_field in kind.options_model.model_fields.items():
            value = table.get(key)
            secret = SecretStr in _types_in(model_field.annotation)
            if secret and isinstance(value, str) and not names_a_variable(value):
                self._say(
                    entry,
                    "written-secret",
                    f"'{key}' is a secret and stands in the file itself. Better: put it into .env "
                    f'and write {key} = "${{NAME}}" here.',
                    "warning",
                )

    def _assembled(
        self, name: str, kind: Platform[Any], fields: ChannelFields, options: Any
    ) -> Channel:
        settings = self._settings
        return Channel(
            name=name,
            platform=kind,
            options=options,
            languages=fields.languages or settings.languages,
            timezone=fields.timezone or settings.timezone,
            post_at=fields.post_at if fields.post_at is not None else settings.post_at,
            useful_for=fields.useful_for or settings.useful_for,
            layout=fields.layout,
            include=fields.include,
            exclude=fields.exclude,
            lead_days=fields.lead_days,
            spacing=fields.spacing,
            min_gap=fields.min_gap,
            same_day=fields.same_day,
            digest=fields.digest,
            on_unknown=fields.on_unknown,
            approval=fields.approval,
            file=self._file,
        )

    def _check_address(self, entry: str, channel: Channel) -> None:
        if self._trusted is None:
            return
        problem = channel.platform.address_problem(channel.options, self._trusted)
        if problem:
            self._say(entry, "bad-address", problem)

    def _check_choices(self, entry: str, channel: Channel) -> None:
        themes = {theme for day in self._days.calendar for theme in day.themes}
        ids = {day.id for day in self._days.calendar}
        for key, words in (("include", channel.include), ("exclude", channel.exclude)):
            for word in words:
                if word in themes or word in ids or word in ("*", "core"):
                    continue
                if word in self._days.disabled:
                    reason = self._days.disabled[word].reason or "no reason is given"
                    said = f"`{key}` names '{word}', which is recorded as not posted: {reason}"
                elif not self._days.complete:
                    continue
                else:
                    hint = nearest(word, {*themes, *ids, *self._days.disabled})
                    said = f"`{key}` names '{word}', which is no theme and no day.{hint}"
                self._say(entry, "unknown-day", said)
        for language in channel.languages:
            if language not in self._languages:
                there = ", ".join(sorted(self._languages))
                said = f"There is no language '{language}': there are {there}."
                self._say(entry, "unknown-language", said)


def _types_in(annotation: Any) -> set[Any]:
    arguments = getattr(annotation, "__args__", ())
    return {annotation} | {kind for argument in arguments for kind in _types_in(argument)}
