"""Channels in several files, and in tables of a spreadsheet."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import ConfigError
from bot.oversight.live import fingerprint
from bot.project.channel_files import read_csv
from bot.project.importing import import_channels
from tests.group import CHANNEL, Group

SLACK = "https://hooks.slack.com/services/T00000000/B00000000/" + "X" * 24
HEADER = "name,platform,url,languages,lead_days,approval,timezone,include\n"
OTTAWA = f"ottawa,slack,{SLACK},en fr,7 14,yes,America/Halifax,core our-day\n"
MEXICO = "mexico,inbox,,es,,,,core\n"


def write(group: Group, name: str, text: str) -> Path:
    file = group.config / "channels" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, "utf-8")
    file.chmod(0o600)
    return file


def refused(group: Group) -> str:
    with pytest.raises(ConfigError) as raised:
        group.load()
    return str(raised.value)


def test_channels_come_from_every_file_of_the_folder(group: Group) -> None:
    write(group, "north.toml", '[channels.yukon]\nplatform = "inbox"\n')
    write(group, "all.csv", HEADER + OTTAWA + "\n" + MEXICO)
    channels = group.load().channels
    assert set(channels) == {"team", "ottawa", "mexico", "yukon"}
    ottawa = channels["ottawa"]
    assert (ottawa.languages, ottawa.lead_days, ottawa.approval) == (("en", "fr"), (7, 14), True)
    assert (ottawa.timezone.key, ottawa.include) == ("America/Halifax", ("core", "our-day"))
    assert ottawa.file == "config/channels/all.csv"
    assert channels["mexico"].lead_days == ()
    assert channels["yukon"].file == "config/channels/north.toml"


def test_the_folder_may_be_all_there_is(group: Group) -> None:
    write(group, "all.csv", HEADER + MEXICO)
    (group.config / "channels.toml").unlink()
    assert list(group.load().channels) == ["mexico"]


def test_a_table_means_what_the_same_words_mean_in_toml(group: Group) -> None:
    write(group, "all.csv", HEADER + OTTAWA)
    group.channels(
        CHANNEL + f'[channels.twin]\nplatform = "slack"\nurl = "{SLACK}"\n'
        'languages = ["en", "fr"]\nlead_days = [7, 14]\napproval = true\n'
        'timezone = "America/Halifax"\ninclude = ["core", "our-day"]\n'
    )
    channels = group.load().channels
    ours, twin = (dict(vars(channels[name])) for name in ("ottawa", "twin"))
    for one in (ours, twin):
        del one["name"], one["file"]
    assert ours == twin


def test_a_variable_may_stand_in_a_cell(group: Group) -> None:
    write(group, "all.csv", HEADER + OTTAWA.replace(SLACK, "${OTTAWA}"))
    assert "The variable OTTAWA is not set" in refused(group)
    (group.root / ".env").write_text(f"OTTAWA={SLACK}\n", "utf-8")
    assert group.load().channels["ottawa"].options.url.get_secret_value() == SLACK


def test_a_table_that_others_may_read_is_warned_of_once(group: Group) -> None:
    write(group, "all.csv", HEADER + OTTAWA + MEXICO).chmod(0o644)
    (warning,) = group.load().warnings
    assert (warning.code, warning.file) == ("readable-secrets", "config/channels/all.csv")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no 'name' among them"),
        ("name,url\n", "no 'platform' among them"),
        ("name,platform,name\n", "'name' is there twice"),
        (HEADER + MEXICO.replace("\n", ",\n"), "line 2: There are 9 cells for 8 columns"),
        (HEADER + MEXICO.replace("mexico", ""), "line 2: The name is missing"),
        (HEADER + MEXICO + MEXICO, "line 3: The name 'mexico' is there twice"),
        (HEADER + MEXICO.replace("mexico", "Mexico!"), "small letters, digits and hyphens"),
        (HEADER + MEXICO.replace("inbox", "imbox"), "Did you mean 'inbox'?"),
        (HEADER + OTTAWA.replace("7 14", "7 soon"), "'lead_days.2' must be a whole number"),
        (HEADER + OTTAWA.replace("yes", "perhaps"), "'approval' must be true or false"),
        (HEADER + OTTAWA.replace("en fr", "en xx"), "no language 'xx'"),
        (HEADER.replace("url", "uri") + OTTAWA, "'uri' is unknown"),
        (HEADER + '"mexico,inbox', "This is not CSV"),
    ],
)
def test_what_is_wrong_with_a_table_is_one_sentence(group: Group, text: str, words: str) -> None:
    write(group, "all.csv", text)
    said = refused(group)
    assert words in said
    assert "config/channels/all.csv" in said
    assert "X" * 24 not in said


def test_a_file_that_is_no_text_is_one_sentence(group: Group) -> None:
    write(group, "all.csv", "").write_bytes(b"name,platform\n\xff\xfe,inbox\n")
    assert "not UTF-8" in refused(group)


def test_a_channel_in_two_files_is_refused(group: Group) -> None:
    write(group, "all.csv", HEADER + MEXICO.replace("mexico", "team"))
    assert "The channel stands in config/channels.toml too" in refused(group)


@given(st.lists(st.text(alphabet='aé,"; \n-7', max_size=8), min_size=2, max_size=2))
def test_any_text_survives_a_cell(cells: list[str]) -> None:
    import csv
    import io
    import tempfile

    said = io.StringIO(newline="")
    csv.writer(said).writerows([["name", "platform", "a", "b"], ["x", "inbox", *cells]])
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "t.csv"
        file.write_bytes(said.getvalue().encode())
        (table,) = read_csv(file, "t.csv").values()
    assert [table.get("a", ""), table.get("b", "")] == [cell.strip() for cell in cells]


def test_a_table_is_taken_in_where_all_of_it_is_right(group: Group, tmp_path: Path) -> None:
    file = tmp_path / "federation.csv"
    file.write_text(HEADER + OTTAWA + MEXICO, "utf-8")
    before = fingerprint(group.load())
    done = import_channels(group.load(), file, environ={})
    assert (done.number, done.new, done.label) == (2, 2, "config/channels/federation.csv")
    taken = group.config / "channels" / "federation.csv"
    assert taken.stat().st_mode & 0o777 == 0o600
    project = group.load()
    assert set(project.channels) == {"team", "ottawa", "mexico"}
    assert fingerprint(project) != before
    # and once more, in its own place
    file.write_text(HEADER + MEXICO + OTTAWA.replace("ottawa", "toronto"), "utf-8")
    done = import_channels(project, file, environ={})
    assert (done.number, done.new) == (2, 1)
    assert set(group.load().channels) == {"team", "toronto", "mexico"}
    assert list(taken.parent.iterdir()) == [taken]


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("all.csv", HEADER + OTTAWA.replace("https", "ftp"), "does not begin with https"),
        ("all.csv", HEADER + MEXICO.replace("mexico", "team"), "stands in config/channels.toml"),
        ("All channels.csv", HEADER + MEXICO, "small letters"),
        ("all.txt", HEADER + MEXICO, "ends in .csv"),
        ("missing/all.csv", None, "no such file"),
    ],
)
def test_a_table_with_anything_wrong_changes_nothing(
    group: Group, tmp_path: Path, name: str, text: str | None, words: str
) -> None:
    file = tmp_path / name
    if text is not None:
        file.write_text(text, "utf-8")
    with pytest.raises(ConfigError, match=words):
        import_channels(group.load(), file, environ={})
    assert not (group.config / "channels").exists()
