"""The image, the compose file and the units: confined, and in step with the service."""

from __future__ import annotations

import configparser
import re
from datetime import timedelta

from bot.service import STOP_PATIENCE_S
from bot.settings.durations import parse_duration
from tests.unit.project_files import ROOT, complaints_of, pyproject, text_of, yaml_of


class Unit(configparser.ConfigParser):
    """A unit of systemd; of a key that stands twice, the last."""

    def __init__(self, name: str) -> None:
        super().__init__(interpolation=None, strict=False, comment_prefixes="#")
        self.read_string(text_of(f"deploy/{name}"))

    def optionxform(self, optionstr: str) -> str:
        return optionstr


class TestImage:
    def test_the_dockerfile_has_no_complaint_of_hadolint(self) -> None:
        assert complaints_of("hadolint", ROOT / "Dockerfile") == ("", 0)

    def test_everything_the_wheel_is_made_of_reaches_the_build(self) -> None:
        let_in = {line[1:] for line in text_of(".dockerignore").splitlines() if line[:1] == "!"}
        wheel = pyproject()["tool"]["hatch"]["build"]["targets"]["wheel"]
        papers = {pyproject()["project"]["readme"], *pyproject()["project"]["license-files"]}
        assert let_in >= {*wheel["packages"], *wheel["force-include"], *papers, "pyproject.toml"}
        copied = re.findall(r"^COPY (?!--from)(.+) \S+$", text_of("Dockerfile"), re.MULTILINE)
        assert let_in >= {name for names in copied for name in names.split()} - {"."}

    def test_it_runs_as_an_ordinary_user_and_answers_a_probe(self) -> None:
        last_stage = text_of("Dockerfile").rsplit("\nFROM ", 1)[1]
        assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", last_stage, re.MULTILINE)
        assert re.search(r'^HEALTHCHECK .*CMD \["vigilia", "health"\]$', last_stage, re.MULTILINE)
        assert 'VOLUME ["/data"]' in last_stage

    def test_compose_confines_it(self) -> None:
        service = yaml_of("compose.yaml")["services"]["vigilia"]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["volumes"] == ["./data:/data"]

    def test_compose_gives_the_service_time_to_end(self) -> None:
        given = parse_duration(yaml_of("compose.yaml")["services"]["vigilia"]["stop_grace_period"])
        assert given >= timedelta(seconds=STOP_PATIENCE_S + 5)


class TestUnits:
    def test_both_services_are_confined_alike(self) -> None:
        service = dict(Unit("vigilia.service")["Service"])
        once = dict(Unit("vigilia-once.service")["Service"])
        for own in ("Type", "ExecStart", "ExecReload", "Restart", "RestartSec", "TimeoutStartSec"):
            service.pop(own, None)
            once.pop(own, None)
        assert service == once
        assert service["ProtectSystem"] == "strict"
        assert service["NoNewPrivileges"] == "yes"
        assert service["CapabilityBoundingSet"] == ""

    def test_the_timer_has_a_service_that_posts_what_is_due_and_ends(self) -> None:
        assert Unit("vigilia-once.timer")["Timer"]["OnCalendar"]
        assert Unit("vigilia-once.service")["Service"]["ExecStart"].endswith(" run --once")

    def test_a_unit_gives_the_service_time_to_end(self) -> None:
        given = float(Unit("vigilia.service")["Service"]["TimeoutStopSec"])
        assert given >= STOP_PATIENCE_S + 5
