"""What `vigilia upcoming` does not wait for: everything that only posting or writing needs."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.group import Group

HEAVY = (
    "alembic",
    "apprise",
    "apscheduler",
    "babel",
    "fastapi",
    "icalendar",
    "jinja2",
    "markdown_it",
    "prometheus_client",
    "requests",
    "sqlalchemy",
    "structlog",
    "urllib3",
    "uvicorn",
)

_PROGRAM = """
import sys
sys.argv = ["vigilia", *sys.argv[1:]]
from bot.cli import main
try:
    main()
except SystemExit as ended:
    print(*sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
    raise
"""


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_upcoming_imports_no_database_no_network_and_no_templates(
    group: Group, more: tuple[str, ...]
) -> None:
    command = [sys.executable, "-c", _PROGRAM, "upcoming", "--days", "400", *more]

    ended = subprocess.run(
        [*command, "--config", str(group.config)], capture_output=True, text=True, check=True
    )

    assert "Our day" in ended.stdout
    imported = set(ended.stderr.split())
    assert "bot" in imported
    assert imported & set(HEAVY) == set()
