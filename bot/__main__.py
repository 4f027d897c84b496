"""``python -m bot`` is the command ``vigilia``."""

from bot.cli import main

main()
