"""Where the files are, and how they are called in a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

import bot
from bot.errors import ConfigError
from bot.project.places import Places, find_places, shipped_folder


def _config(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).write_text("", "utf-8")
    return folder


def test_what_ships_is_found_in_a_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.project.places._PACKAGE", Path(bot.__file__).parent)

    assert (shipped_folder() / "config" / "observances").is_dir()
    assert (shipped_folder() / "templates" / "en").is_dir()


def test_what_ships_is_found_inside_an_installed_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "_shipped").mkdir()
    monkeypatch.setattr("bot.project.places._PACKAGE", tmp_path)

    assert shipped_folder() == tmp_path / "_shipped"


def test_without_any_config_what_ships_serves(tmp_path: Path) -> None:
    places = find_places(None, {}, tmp_path)

    assert places.own is None
    assert places.root == tmp_path
    assert places.main_config == shipped_folder() / "config"
    assert places.config_folders == (shipped_folder() / "config",)
    assert places.template_roots == (shipped_folder() / "templates",)


def test_the_folder_config_is_used_unasked(tmp_path: Path) -> None:
    own = _config(tmp_path / "config", "vigilia.toml")

    places = find_places(None, {}, tmp_path)

    assert (places.own, places.root) == (own, tmp_path)
    assert places.config_folders == (shipped_folder() / "config", own)


def test_channels_without_settings_are_not_silently_left_aside(tmp_path: Path) -> None:
    own = _config(tmp_path / "config", "channels.toml")

    assert find_places(None, {}, tmp_path).own == own


def test_a_config_folder_of_some_other_program_is_left_alone(tmp_path: Path) -> None:
    _config(tmp_path / "config", "routes.rb")

    assert find_places(None, {}, tmp_path).own is None


def test_an_option_wins_over_a_variable_and_both_over_the_folder_at_hand(tmp_path: Path) -> None:
    _config(tmp_path / "config", "vigilia.toml")
    named = _config(tmp_path / "a" / "named", "vigilia.toml")
    asked = _config(tmp_path / "b" / "asked", "vigilia.toml")

    environ = {"VIGILIA_CONFIG": "a/named"}

    assert find_places(None, environ, tmp_path).own == named
    assert find_places(asked, environ, tmp_path).own == asked
    assert find_places(Path("b/asked"), environ, tmp_path).root == tmp_path / "b"
    assert find_places(Path("b/../b/asked"), environ, tmp_path).own == asked


@pytest.mark.parametrize(
    ("asked", "said"), [("nowhere", "No such folder."), (".", "There is no vigilia.toml in this")]
)
def test_a_folder_that_was_asked_for_has_to_be_there(tmp_path: Path, asked: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as refused:
        find_places(Path(asked), {}, tmp_path)
    assert "vigilia init DIR" in str(refused.value)
    with pytest.raises(ConfigError, match=said):
        find_places(None, {"VIGILIA_CONFIG": asked}, tmp_path)


def test_a_group_that_works_on_the_shipped_folder_reads_it_once() -> None:
    places = find_places(shipped_folder() / "config", {}, Path("/"))

    assert places.config_folders == (shipped_folder() / "config",)
    assert places.template_roots == (shipped_folder() / "templates",)
    assert places.label(shipped_folder() / "config" / "facts.toml") == "config/facts.toml"


def test_templates_of_a_group_come_after_those_that_ship(tmp_path: Path) -> None:
    own = _config(tmp_path / "config", "vigilia.toml")
    (tmp_path / "templates").mkdir()

    assert find_places(own, {}, tmp_path).template_roots == (
        shipped_folder() / "templates",
        tmp_path / "templates",
    )


def test_a_file_is_called_as_a_person_would_write_it(tmp_path: Path) -> None:
    environment = tmp_path / ".venv" / "bot" / "_shipped"
    places = Places(root=tmp_path, own=tmp_path / "config", shipped=environment)

    assert places.label(tmp_path / "config" / "channels.toml") == "config/channels.toml"
    assert (
        places.label(environment / "config" / "facts.toml")
        == "config/facts.toml (shipped with Vigilia)"
    )
    assert places.label(Path("/elsewhere/x.toml")) == "/elsewhere/x.toml"
