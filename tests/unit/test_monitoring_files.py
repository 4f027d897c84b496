"""The alert rules and the dashboard: read by Prometheus' own judge, in step with the metrics."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.channels.outcome import Reason
from bot.ledger.rows import State
from tests.page import staged
from tests.promtool import promtool
from tests.unit.oversight.test_metrics import settled
from tests.unit.project_files import ROOT, text_of, yaml_of

RULES = ROOT / "deploy" / "prometheus-alerts.yaml"
ALERTS = {
    rule["alert"]: rule for rule in yaml_of("deploy/prometheus-alerts.yaml")["groups"][0]["rules"]
}

WELL = 'vigilia_well{instance="here"}'
# For each alert: the series that raise it, after how many minutes; and those that must not.
CASES: dict[str, tuple[dict[str, str], int, dict[str, str]]] = {
    "VigiliaGone": ({}, 6, {WELL: "0x20"}),
    "VigiliaAiling": ({WELL: "0x20"}, 3, {WELL: "1 0 1x20"}),
    "VigiliaHeartbeatOld": (
        {"vigilia_heartbeat_age_seconds": "121x20"},
        2,
        {"vigilia_heartbeat_age_seconds": "31x20"},
    ),
    "VigiliaQueueStuck": (
        {'vigilia_queue_deliveries{state="ready"}': "4x40"},
        16,
        {
            'vigilia_queue_deliveries{state="ready"}': "4x10 0x30",
            'vigilia_queue_deliveries{state="held"}': "4x40",
        },
    ),
    "VigiliaConfigBroken": (
        {"vigilia_config_broken": "1x20"},
        6,
        {"vigilia_config_broken": "0x20"},
    ),
    "VigiliaUnknown": (
        {'vigilia_unsettled_deliveries{state="unknown"}': "1x20"},
        1,
        {'vigilia_unsettled_deliveries{state="failed"}': "1x20"},
    ),
    "VigiliaFailed": (
        {'vigilia_unsettled_deliveries{state="failed"}': "1x20"},
        1,
        {'vigilia_unsettled_deliveries{state="failed"}': "0x20"},
    ),
    "VigiliaMissed": (
        {'vigilia_unsettled_deliveries{state="missed"}': "1x20"},
        1,
        {'vigilia_unsettled_deliveries{state="missed"}': "0x20"},
    ),
    "VigiliaHeld": (
        {'vigilia_queue_deliveries{state="held"}': "1x90"},
        61,
        {'vigilia_queue_deliveries{state="held"}': "1x50 0x40"},
    ),
    "VigiliaRetrying": (
        {'vigilia_queue_deliveries{state="retrying"}': "1x90"},
        61,
        {'vigilia_queue_deliveries{state="retrying"}': "1x50 0x40"},
    ),
    "VigiliaLate": (
        {
            "vigilia_lateness_seconds_count": "0x10 3x50",
            'vigilia_lateness_seconds_bucket{le="900.0"}': "0x10 2x50",
        },
        30,
        {
            "vigilia_lateness_seconds_count": "0x10 3x50",
            'vigilia_lateness_seconds_bucket{le="900.0"}': "0x10 3x50",
        },
    ),
    "VigiliaChannelPaused": (
        {"vigilia_paused_channels": "2x20"},
        1,
        {"vigilia_paused_channels": "0x20"},
    ),
    "VigiliaEverythingPaused": (
        {"vigilia_paused": "1x1500"},
        1441,
        {"vigilia_paused": "1x1400 0x100"},
    ),
    "VigiliaStaleFacts": (
        {"vigilia_stale_facts": "1x1500"},
        1441,
        {"vigilia_stale_facts": "0x1500"},
    ),
}


@pytest.fixture(scope="module")
def exposed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[set[str]]:
    """Gives the names of all series that a service exposes."""
    with staged(tmp_path_factory.mktemp("monitoring") / "g") as stage:
        metrics = stage.site.metrics
        metrics.heard(settled(stage, State.DELIVERED, Reason.ACCEPTED))
        lines = metrics.text().decode().splitlines()
        yield {re.split(r"[{ ]", line)[0] for line in lines if not line.startswith("#")}


def named(expression: str) -> set[str]:
    return set(re.findall(r"\bvigilia_\w+", expression))


def test_promtool_reads_every_rule() -> None:
    assert f"SUCCESS: {len(ALERTS)} rules found" in promtool("check", "rules", RULES)


def test_each_alert_is_raised_when_it_should_be_and_only_then(tmp_path: Path) -> None:
    assert set(CASES) == set(ALERTS)
    tests = []
    for alert, (raising, minutes, quiet) in CASES.items():
        tests.append(case(alert, raising, minutes, raised=True))
        tests.append(case(alert, quiet, minutes, raised=False))
    file = tmp_path / "tests.yaml"
    written = {"rule_files": [str(RULES)], "evaluation_interval": "1m", "tests": tests}
    file.write_text(yaml.safe_dump(written), "utf-8")
    assert "SUCCESS" in promtool("test", "rules", file)


def case(alert: str, series: dict[str, str], minutes: int, *, raised: bool) -> dict[str, Any]:
    """Gives a case of `promtool test rules`: the alert with its labels and its last words."""
    rule = ALERTS[alert]
    (name, values), *_ = list(series.items()) or [("", "")]
    number = re.match(r"\d+", values)
    labels = dict(rule["labels"])
    if "sum(" not in rule["expr"] and raised:
        labels |= dict(re.findall(r'(\w+)="([^"]*)"', name))
    said = {
        key: text.replace("{{ $value }}", number[0] if number else "")
        for key, text in rule["annotations"].items()
    }
    expected = [{"exp_labels": labels, "exp_annotations": said}] if raised else []
    return {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in series.items()],
        "alert_rule_test": [
            {"eval_time": f"{minutes}m", "alertname": alert, "exp_alerts": expected}
        ],
    }


def test_alerts_and_dashboard_ask_for_what_is_exposed(exposed: set[str]) -> None:
    asked = named(text_of("deploy/prometheus-alerts.yaml")) | {
        name for expression in expressions() for name in named(expression)
    }
    assert len(asked) > 8
    assert asked <= exposed


def expressions() -> list[str]:
    panels = json.loads(text_of("deploy/grafana-dashboard.json"))["panels"]
    return [target["expr"] for panel in panels for target in panel["targets"]]


def test_promtool_reads_every_expression_of_the_dashboard(tmp_path: Path) -> None:
    rules = [
        {"record": f"panel:{number}", "expr": expression.replace("$instance", ".*")}
        for number, expression in enumerate(expressions())
    ]
    file = tmp_path / "panels.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}), "utf-8")
    assert f"SUCCESS: {len(rules)} rules found" in promtool("check", "rules", file)


def test_no_panel_of_the_dashboard_lies_over_another() -> None:
    board = json.loads(text_of("deploy/grafana-dashboard.json"))
    taken: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & taken and at["x"] + at["w"] <= 24
        taken |= cells
        assert panel["title"] and panel["description"]
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])


def test_every_alert_and_every_metric_is_told_of(exposed: set[str]) -> None:
    paper = text_of("docs/monitoring.md")
    assert set(re.findall(r"\bVigilia[A-Z]\w+", paper)) == set(ALERTS)
    ends = re.compile(r"_(bucket|count|sum)$")
    assert named(paper) == {ends.sub("", name) for name in exposed}
    for severity in ("critical", "warning", "info"):
        (row,) = re.findall(rf"^\| {severity} \|.*$", paper, re.MULTILINE)
        alerts = {name for name, rule in ALERTS.items() if rule["labels"]["severity"] == severity}
        assert set(re.findall(r"\bVigilia[A-Z]\w+", row)) == alerts
