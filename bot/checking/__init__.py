"""Everything that can be known to be wrong before the day."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from bot.checking.facts import fact_problems
from bot.checking.postings import posting_problems, shared_address_problems, silence_problems
from bot.checking.rules import rule_problems
from bot.checking.texts import text_problems
from bot.errors import Problem
from bot.project.load import Project

_ORDER = {"error": 0, "warning": 1, "note": 2}


def check_project(
    project: Project, now: datetime, *, progress: Callable[[int], None] = lambda _percent: None
) -> list[Problem]:
    """Return every problem that can be found without a network, the errors first. ``progress`` is
    told a percentage. Postings are looked through only when all texts can be written."""
    broken = text_problems(project, now.year, unasked=True)
    problems = [*project.warnings, *broken, *rule_problems(project, now.year)]
    problems += shared_address_problems(project)
    problems += silence_problems(project, now)
    if not any(problem.level == "error" for problem in broken):
        problems += posting_problems(project, now, progress)
        problems += fact_problems(project, now)
    return in_order(problems)


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """Return each problem once: the errors first, then by file, entry and code."""
    return sorted(dict.fromkeys(problems), key=lambda p: (_ORDER[p.level], p.file, p.entry, p.code))
