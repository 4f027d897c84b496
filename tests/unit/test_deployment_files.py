"""The image, the compose file and the units: confined, and in step with the service."""

from __future__ import annotations

import configparser
import re
from datetime import timedelta
from typing import Any

import kubernetes_validate
import pytest
import yaml

from bot.service import STOP_PATIENCE_S
from bot.settings.models import parse_duration
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


class TestCluster:
    SERVICES = ("planner", "worker", "web")

    def test_each_part_is_there_as_often_as_it_says(self) -> None:
        services = yaml_of("compose.cluster.yaml")["services"]
        replicas = {name: services[name].get("deploy", {}).get("replicas", 1) for name in services}
        assert replicas == {"db": 1, "planner": 2, "worker": 4, "web": 1}
        for name in self.SERVICES:
            assert services[name]["command"] == ["run", "--role", name]

    def test_each_part_is_confined_as_the_service_alone_is(self) -> None:
        alone = yaml_of("compose.yaml")["services"]["vigilia"]
        services = yaml_of("compose.cluster.yaml")["services"]
        for name in self.SERVICES:
            for key in ("read_only", "cap_drop", "security_opt", "volumes", "stop_grace_period"):
                assert services[name][key] == alone[key], (name, key)
        assert services["db"]["cap_drop"] == ["ALL"]

    @pytest.mark.parametrize("version", ["1.29", "1.31", "1.33"])
    def test_the_manifests_are_what_kubernetes_takes(self, version: str) -> None:
        kinds = []
        for manifest in manifests():
            kubernetes_validate.validate(manifest, version, strict=True)
            kinds.append(manifest["kind"])
        assert sorted(kinds) == ["Deployment"] * 3 + ["PodDisruptionBudget"] * 2 + ["Service"]

    def test_the_validator_would_say_what_is_wrong(self) -> None:
        (broken, *_) = (m for m in manifests() if m["kind"] == "Deployment")
        broken["spec"]["replcias"] = 3
        with pytest.raises(kubernetes_validate.ValidationError):
            kubernetes_validate.validate(broken, "1.31", strict=True)

    def test_the_pods_are_confined_and_have_time_to_end(self) -> None:
        roles = []
        for manifest in manifests():
            if manifest["kind"] != "Deployment":
                continue
            pod = manifest["spec"]["template"]["spec"]
            (container,) = pod["containers"]
            roles.append(container["args"][2])
            assert pod["terminationGracePeriodSeconds"] >= STOP_PATIENCE_S + 5
            assert pod["securityContext"]["runAsNonRoot"] is True
            assert pod["automountServiceAccountToken"] is False
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
        assert sorted(roles) == sorted(self.SERVICES)


def manifests() -> list[dict[str, Any]]:
    """Gives all that deploy/kubernetes/ would make."""
    files = sorted((ROOT / "deploy" / "kubernetes").glob("*.yaml"))
    return [one for file in files for one in yaml.safe_load_all(file.read_text("utf-8"))]


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
