"""Everything that can be known to be wrong before the day."""

from bot.checking.project import check_project

__all__ = ["check_project"]
