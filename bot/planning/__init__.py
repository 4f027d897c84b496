"""Occurrences and channels → postings. Pure: the same calendar and channels, the same postings."""

from bot.planning.plan import Plan, first_working_day
from bot.planning.postings import DIGEST, DigestLine, Planned, Posting, Slot, plan_for
from bot.planning.selection import APART, days_of, selection

__all__ = [
    "APART",
    "DIGEST",
    "DigestLine",
    "Plan",
    "Planned",
    "Posting",
    "Slot",
    "days_of",
    "first_working_day",
    "plan_for",
    "selection",
]
