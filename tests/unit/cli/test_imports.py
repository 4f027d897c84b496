"""What is not imported where it is not needed: by `vigilia upcoming` what only posting or writing
needs, by an idle service what few installations ever ask for."""

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


RARE = (
    "alembic",
    "apprise",
    "bot.cluster",
    "email.headerregistry",
    "icalendar",
    "markdown_it",
    "psycopg",
    "smtplib",
    "sqlalchemy.dialects.postgresql",
    "sqlalchemy.orm",
    "typer.rich_utils",
)


def test_an_idle_service_with_its_page_keeps_no_memory_for_what_is_rare() -> None:
    program = """
import sys
import bot.cli.app, bot.running, bot.web.page_thread, bot.web.server, bot.oversight.metrics
print(*sys.modules)
"""
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    imported = set(ended.stdout.split())
    assert "uvicorn" in imported
    assert imported & set(RARE) == set()
