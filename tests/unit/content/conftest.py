from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.content.samples import Sample, write_templates


@pytest.fixture
def sample(tmp_path: Path) -> Sample:
    return Sample(write_templates(tmp_path / "templates"))
