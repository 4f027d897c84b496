"""The guide for editors, followed to the letter: a day of one's own, and a new language."""

from __future__ import annotations

import json
import re
import sys
import textwrap
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from bot.checking import check_project
from bot.cli import main
from bot.errors import ConfigError
from bot.project.load import Project, load_project
from bot.project.starter import write_starter
from tests.unit.checking.making import ROOT

GUIDE = (ROOT / "docs" / "editing.md").read_text("utf-8")
NOW = datetime(2026, 11, 24, tzinfo=UTC)


def blocks(section: str) -> Iterator[str]:
    """Gives the blocks of a section of the guide that are meant to be copied."""
    text = re.split(rf"^## {section}$", GUIDE, flags=re.MULTILINE)[1].partition("\n## ")[0]
    for block in re.findall(r"(?:^(?:    .*)?\n)+", text, re.MULTILINE):
        if block.strip():
            yield textwrap.dedent(block).strip("\n") + "\n"


def block_with(section: str, start: str) -> str:
    (found,) = (block for block in blocks(section) if block.startswith(start))
    return found


@pytest.fixture
def group(tmp_path: Path) -> Path:
    """The folder that `vigilia init our-group` makes."""
    write_starter(tmp_path / "our-group")
    return tmp_path / "our-group"


def set_inbox(group: Path, lines: str) -> None:
    """Puts lines in the place of the inbox's languages."""
    file = group / "config" / "channels.toml"
    text, count = re.subn(
        r'^languages = \["en", "fr", "es"\]\n', lines, file.read_text("utf-8"), flags=re.M
    )
    assert count == 1
    file.write_text(text, "utf-8")


def add_day(group: Path, text: str) -> None:
    file = group / "config" / "observances" / "own.toml"
    file.write_text(file.read_text("utf-8") + text, "utf-8")


def loaded(group: Path) -> Project:
    return load_project(group / "config", environ={})


def test_the_starter_has_nothing_that_check_speaks_of(group: Path) -> None:
    assert check_project(loaded(group), NOW) == []


def test_the_first_day_is_added_as_the_guide_says(group: Path) -> None:
    section = "Your first day, step by step"
    add_day(group, block_with(section, "[our-vigil]"))
    set_inbox(group, block_with(section, "languages ="))
    project = loaded(group)
    assert check_project(project, NOW) == []
    until = datetime(2027, 3, 31, tzinfo=UTC)
    keys = [planned.postings[0].key for planned in project.plan.due(NOW, until)]
    assert "our-vigil/2027-03-06/0/inbox/en+fr" in keys
    assert any(key.startswith("genocide-prevention-day/") for key in keys)
    bodies = []
    for on in (date(2027, 3, 6), date(2028, 3, 4)):
        occurrence = project.plan.occurrences(project.channels["inbox"], on, on)[0]
        message = project.writer.write([occurrence], ["en", "fr"])
        assert f"{on.day} March {on.year}" in message.parts[0].body
        assert f"{on.day} mars {on.year}" in message.parts[1].body
        assert len(message.parts[0].actions) == 2
        bodies.append(message.parts[0].body)
    assert "for the 9th time" in bodies[0]
    assert "A name read aloud" in bodies[1] and "The lists are never whole" in bodies[0]


def test_without_the_third_step_the_editor_hears_that_spanish_is_missing(group: Path) -> None:
    section = "Your first day, step by step"
    add_day(group, block_with(section, "[our-vigil]"))
    set_inbox(group, 'languages = ["en", "fr", "es"]\ninclude = ["core", "own"]\n')
    with pytest.raises(ConfigError, match="our-vigil: The language 'es' is not complete"):
        loaded(group)


def test_a_day_that_ships_is_taken_away_as_the_guide_says(group: Path) -> None:
    add_day(group, block_with("A day that ships, changed or taken away", "["))
    project = loaded(group)
    assert "international-day-of-peace" in project.days.disabled
    assert "international-day-of-peace" not in project.by_id
    assert check_project(project, NOW) == []


PORTUGUESE_DAY = '''
[nossa-vigilia]
kind = "remembrance"
on = "1 March"
since = 2019
count = "observances"
themes = ["own"]
actions = ["ler"]
name.pt = "Nossa vigília"
sources = [
  { title = { pt = "Página da biblioteca" }, url = { en = "https://example.org/vigil" } },
]
opening.pt = """Em {{ date }} nossa cidade faz sua vigília pela {{ ordinal_f }} vez. Os nomes das
pessoas assassinadas são lidos em voz alta, um a um. {{ fact("membros")|sentence }}."""
[[nossa-vigilia.story]]
pt = """Um nome lido em voz alta é coisa pequena. Diz que alguém esteve aqui, foi amado e faz falta.
Famílias nos disseram que vêm por esse minuto em que uma pessoa desconhecida diz o nome com cuidado,
devagar, como quem o recebe pela primeira vez."""
[[nossa-vigilia.story]]
pt = """As listas nunca estão completas. Alguns nomes foram mal escritos, outros por ninguém. Por
isso a leitura termina com um silêncio, o tempo de pensar em quem nenhuma lista guarda, e em quem
ainda espera por uma notícia."""
'''
PORTUGUESE_ACTION = """
[ler]
who = ["individuals"]
text.pt = "Ler um testemunho, e passá-lo adiante como foi contado."
links = [{ title = { pt = "A página" }, url = "https://example.org/vigil" }]
"""
PORTUGUESE_FACT = """
[membros]
value = 1200
as_of = 2026-11-01
review = 2027-11-01
text.pt = "em {date} a rede tinha {value} membros"
source = { title = { pt = "A rede" }, url = "https://example.org/network" }
"""


def add_portuguese(group: Path) -> None:
    """Writes the language as the guide says."""
    section, folder = "A language", group / "templates" / "pt"
    folder.mkdir(parents=True)
    (folder / "language.toml").write_text(block_with(section, "locale ="), "utf-8")
    day = block_with(section, "{{ opening }}")
    for kind in ("day", "remembrance", "anniversary", "month"):
        (folder / f"{kind}.md.j2").write_text(day, "utf-8")
    (folder / "notice.md.j2").write_text(block_with(section, "**{{ name }}**"), "utf-8")
    (folder / "digest.md.j2").write_text(block_with(section, "Em {{ month }}"), "utf-8")


def add_portuguese_day(group: Path, day: str) -> None:
    """Adds a day with the action and the fact that it names."""
    add_day(group, day)
    for name, text in (("actions", PORTUGUESE_ACTION), ("facts", PORTUGUESE_FACT)):
        file = group / "config" / f"{name}.toml"
        file.write_text(file.read_text("utf-8") + text, "utf-8")


def test_a_language_is_added_as_the_guide_says(group: Path) -> None:
    add_portuguese(group)
    add_day(group, PORTUGUESE_DAY)
    for name, text in (("actions", PORTUGUESE_ACTION), ("facts", PORTUGUESE_FACT)):
        file = group / "config" / f"{name}.toml"
        file.write_text(file.read_text("utf-8") + text, "utf-8")
    set_inbox(group, 'languages = ["pt"]\ninclude = ["own"]\nlead_days = [7]\ndigest = "monthly"\n')
    project = loaded(group)
    assert check_project(project, NOW) == []
    on = date(2027, 3, 1)
    occurrence = project.plan.occurrences(project.channels["inbox"], on, on)[0]
    part = project.writer.write([occurrence], ["pt"]).parts[0]
    assert part.title == "Nossa vigília"
    assert part.body.startswith("Em 1º de março de 2027 nossa cidade faz sua vigília pela 9ª vez.")
    assert "Em 1º de novembro de 2026 a rede tinha 1.200 membros." in part.body
    assert part.actions_label == "Uma coisa que você pode fazer"
    notice = project.writer.write([occurrence], ["pt"], lead_days=7).parts[0]
    assert notice.body == "**Nossa vigília** cai em 1º de março de 2027, daqui a 7 dias."
    digest = project.writer.write_digest([("nossa-vigilia", on)], on, ["pt"], on).parts[0]
    assert digest.title == "Dias de memória e prevenção: março de 2027"
    assert digest.body == "Em março de 2027:\n\n- 1º de março: Nossa vigília"


def test_what_a_new_language_still_lacks_is_listed(group: Path) -> None:
    add_portuguese(group)
    set_inbox(group, 'languages = ["pt"]\n')
    with pytest.raises(ConfigError, match="'pt' is not complete: name"):
        loaded(group)


def test_the_command_checks_the_new_language_too(
    group: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    add_portuguese(group)
    add_portuguese_day(group, PORTUGUESE_DAY.replace("coisa pequena.", "coisa pequena!"))
    set_inbox(group, 'languages = ["pt"]\ninclude = ["own"]\n')
    monkeypatch.setattr(
        sys, "argv", ["vigilia", "check", "--json", "--config", str(group / "config")]
    )
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    found = {problem["code"] for problem in json.loads(capsys.readouterr().out)}
    assert found == {"exclamation"}
