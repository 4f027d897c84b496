"""The files around the code parse, agree with one another, and name nothing of one machine."""

from __future__ import annotations

import itertools
import re
import tomllib
from datetime import date
from pathlib import Path

import pytest
import yaml

from bot import __version__
from tests.unit.project_files import ROOT, complaints_of, project_files, pyproject, text_of, yaml_of

LOCKS = ("requirements-build.lock", "requirements.lock", "requirements-dev.lock")


def locked(name: str) -> dict[str, str]:
    """Gives the version of each package that a lock file names."""
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", text_of(name), flags=re.MULTILINE))


def required(requirements: list[str]) -> set[str]:
    """Gives the names of requirements, as lock files write them."""
    names = (re.match(r"[A-Za-z0-9._-]+", requirement) for requirement in requirements)
    return {re.sub(r"[-_.]+", "-", name.group()).lower() for name in names if name}


class TestLocks:
    @pytest.mark.parametrize("name", LOCKS)
    def test_a_lock_names_no_host_and_no_folder(self, name: str) -> None:
        place = r"://|^\s*(-i|--index|--extra-index|--find-links|-e|/|\.)"
        assert not re.search(place, text_of(name), re.MULTILINE)

    @pytest.mark.parametrize("name", LOCKS)
    def test_every_locked_package_has_an_exact_version_and_a_hash(self, name: str) -> None:
        entries = re.split(r"^(?=[a-z0-9])", text_of(name), flags=re.MULTILINE)[1:]
        assert len(entries) == len(locked(name)) > 5
        pinned = r"[a-z0-9-]+==[0-9]\S*( ; [^\\]+)? \\\n    --hash=sha256:[0-9a-f]{64}"
        assert [entry for entry in entries if not re.match(pinned, entry)] == []

    def test_the_locks_hold_all_that_the_project_asks_for(self) -> None:
        project, groups = pyproject()["project"], pyproject()["dependency-groups"]
        extras = itertools.chain(*project.get("optional-dependencies", {}).values())
        runtime = required([*project["dependencies"], *extras])
        build = required([*groups["build"], *pyproject()["build-system"]["requires"]])
        assert runtime <= set(locked("requirements.lock"))
        assert build <= set(locked("requirements-build.lock"))
        assert required(groups["dev"]) <= set(locked("requirements-dev.lock"))

    def test_what_is_tested_is_what_is_installed(self) -> None:
        tested = locked("requirements-dev.lock").items()
        assert tested >= locked("requirements.lock").items()
        assert tested >= locked("requirements-build.lock").items()


class TestVersion:
    def test_every_file_says_the_same_version(self) -> None:
        assert pyproject()["project"]["version"] == __version__
        assert f'image.version="{__version__}"' in text_of("Dockerfile")
        assert yaml_of("compose.yaml")["services"]["vigilia"]["image"] == f"vigilia:{__version__}"

    def test_the_changelog_tells_of_this_version_and_its_day(self) -> None:
        changelog = text_of("CHANGELOG.md")
        said = re.search(rf"^## \[{re.escape(__version__)}\] - (\S+)$", changelog, re.MULTILINE)
        assert said
        assert date.fromisoformat(said.group(1)) >= date(2026, 11, 24)
        assert changelog.index("## [Unreleased]") < said.start()

    def test_every_supported_python_is_tested(self) -> None:
        said = [c.rsplit(" ", 1)[1] for c in pyproject()["project"]["classifiers"] if ":: 3." in c]
        job = yaml_of(".github/workflows/test.yml")["jobs"]["test"]
        assert job["strategy"]["matrix"]["python"] == said
        assert {"run": "make test"} in job["steps"]


class TestFiles:
    def test_every_toml_and_yaml_file_parses(self) -> None:
        files = project_files()
        toml = [path for path in files if path.suffix == ".toml"]
        other = [path for path in files if path.suffix in {".yml", ".yaml"}]
        assert len(toml) > 5
        assert len(other) >= 3
        for path in toml:
            tomllib.loads(path.read_text("utf-8"))
        for path in other:
            list(yaml.safe_load_all(path.read_text("utf-8")))

    def test_no_file_names_a_folder_of_somebodys_machine(self) -> None:
        personal = re.compile(r"/(?:home|Users|root|private)/\w|[A-Z]:\\\\?Users")
        assert naming(personal, except_for=Path(__file__)) == []

    def test_no_file_names_the_host_of_a_registry(self) -> None:
        hosts = r"py" r"pi\.org|python" r"hosted\.org|npm" r"js\.(com|org)|npm" r"mirror"
        assert naming(re.compile(hosts)) == []

    def test_no_file_that_ships_holds_the_address_of_a_webhook(self) -> None:
        address = re.compile(
            r"hooks\.slack\.com/services/T[A-Z0-9]{8,}/B[A-Z0-9]{8,}/[A-Za-z0-9]{24}"
            r"|discord\.com/api/webhooks/\d{17,20}/[\w-]{60,}"
        )
        assert [name for name in naming(address) if not name.startswith("tests/")] == []

    def test_text_files_end_in_one_newline_and_have_no_carriage_returns(self) -> None:
        wrong = [
            str(path.relative_to(ROOT))
            for path in project_files()
            if (content := path.read_bytes())
            and b"\0" not in content
            and path.suffix != ".po"
            and (b"\r\n" in content or not content.endswith(b"\n") or content.endswith(b"\n\n"))
        ]
        assert wrong == []

    def test_shell_scripts_have_no_complaint_of_shellcheck(self) -> None:
        shebang = re.compile(rb"#!.*\b(ba)?sh\n")
        scripts = [path for path in project_files() if shebang.match(path.read_bytes())]
        assert ROOT / ".ci" / "run" in scripts
        assert complaints_of("shellcheck", *scripts) == ("", 0)


def naming(pattern: re.Pattern[str], except_for: Path | None = None) -> list[str]:
    """Gives the files in which the pattern is found."""
    return [
        path.relative_to(ROOT).as_posix()
        for path in project_files()
        if path != except_for and pattern.search(path.read_text("utf-8", "replace"))
    ]
