"""A CSV of channels, checked and put among the group's own files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.errors import ConfigError, Problem
from bot.project.channel_files import FOLDER, ChannelFile, read_csv
from bot.project.channels import ChannelReader
from bot.project.load import Project, known_languages
from bot.settings.environment import Environment
from bot.settings.models import NAME_PATTERN


@dataclass(frozen=True)
class Imported:
    """Where the channels are now, how many there are, and how many were not there before."""

    label: str
    number: int
    new: int


def import_channels(
    project: Project, file: Path, *, environ: Mapping[str, str] | None = None
) -> Imported:
    """Take a CSV into ``config/channels/``, readable by its owner alone. Raises ConfigError, with
    every problem found, and changes nothing, where one of its channels cannot be used."""
    places = project.places
    if not NAME_PATTERN.fullmatch(file.stem) or file.suffix != ".csv":
        sentence = "The file's name has small letters, digits and hyphens, and ends in .csv."
        raise ConfigError([Problem("error", "bad-name", file.name, "", sentence)])
    target = places.main_config / FOLDER / file.name
    label = places.label(target)
    tables = {"channels": read_csv(file, file.name)}
    environment = Environment.of(places.root, os.environ if environ is None else environ)
    problems: list[Problem] = []
    channels = ChannelReader(
        ChannelFile(file.name, tables, holds_secrets=True),
        project.settings,
        project.days,
        known_languages(places),
        environment,
        problems,
    ).channels()
    for name in channels.keys() & project.channels.keys():
        there = project.channels[name].file
        if there != label:
            sentence = f"The channel stands in {there} already. Give each a name of its own."
            problems.append(
                Problem("error", "declared-twice", file.name, f"channels.{name}", sentence)
            )
    errors = [problem for problem in problems if problem.level == "error"]
    if errors:
        raise ConfigError(environment.masked(errors))
    _put(file, target)
    return Imported(label, len(channels), len(channels.keys() - project.channels.keys()))


def _put(file: Path, target: Path) -> None:
    """Write the file whole or not at all, and never readable by others, not for a moment."""
    part = target.with_suffix(".part")
    try:
        content = file.read_bytes()
        target.parent.mkdir(exist_ok=True)
        part.unlink(missing_ok=True)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(target)
    except OSError as error:
        sentence = f"It cannot be written: {error.strerror}."
        raise ConfigError([Problem("error", "not-written", str(target), "", sentence)]) from None
