"""Whatever is sent to the API: no answer but those that its own description allows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection

from bot.web.app import build_app
from bot.web.pages import Pages
from tests.page import CANARIES, Stage, staged

HOST = "http://testserver"
"""What schemathesis calls an application in the same process."""
TOKEN = {"Authorization": f"Bearer {CANARIES['VIGILIA_WEB_TOKEN']}"}
EXAMPLES = 20


@dataclass(frozen=True)
class Fuzzed:
    """The API of a page that asks for the token, as its own description has it."""

    stage: Stage
    operations: dict[str, Any]


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fuzzed]:
    with staged(tmp_path_factory.mktemp("fuzz") / "g", login=True) as stage:
        stage.site.access = replace(stage.site.access, address=HOST)
        app = build_app(stage.site, Pages(stage.site))
        schema = schemathesis.openapi.from_asgi("/api/openapi.json", app, headers=TOKEN)
        found = list(schema.get_all_operations())
        operations = [result.ok() for result in found if isinstance(result, Ok)]
        assert len(operations) == len(found)
        yield Fuzzed(stage, {operation.label: operation for operation in operations})


OPERATIONS = (
    "GET /api/upcoming",
    "GET /api/history",
    "GET /api/posting/{key}",
    "GET /api/channels",
    "GET /api/calendar",
    "GET /api/facts",
    "GET /api/health",
    "POST /api/approve",
    "POST /api/hold",
    "POST /api/skip",
    "POST /api/retry",
    "POST /api/resolve",
    "POST /api/retract",
    "POST /api/pause",
    "POST /api/resume",
)


def test_every_operation_is_fuzzed(fuzzed: Fuzzed) -> None:
    assert set(fuzzed.operations) == set(OPERATIONS)


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.parametrize("label", OPERATIONS)
def test_the_api_keeps_to_its_description(fuzzed: Fuzzed, label: str, mode: GenerationMode) -> None:
    operation = fuzzed.operations[label]
    takes_nothing = not operation.body and not any(operation.iter_parameters())
    if takes_nothing and mode is GenerationMode.NEGATIVE:
        return  # nothing is asked, so nothing can be wrong
    keys = st.none() | st.sampled_from(sorted(fuzzed.stage.keys.values()))

    # of a parameter that an address gives twice the last one counts, as everywhere
    but = [negative_data_rejection] if label.startswith("GET") else []

    @settings(
        max_examples=1 if takes_nothing else EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), key=keys)
    def keeps_to_it(case: Any, key: str | None) -> None:
        # made-up keys lead nowhere; a real one leads to the ledger
        if key is not None and mode is GenerationMode.POSITIVE:
            if isinstance(case.body, dict) and "key" in case.body:
                case.body["key"] = key
            if "key" in (case.path_parameters or {}):
                case.path_parameters["key"] = key
        answer = case.call(headers=TOKEN)
        case.validate_response(answer, headers=TOKEN, excluded_checks=but)
        assert answer.status_code < 500
        for canary in CANARIES.values():
            assert canary.encode() not in answer.content

    keeps_to_it()
