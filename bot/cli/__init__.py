"""The command ``vigilia``: parses, calls, prints. Nothing is decided here."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from bot.errors import UsageError, VigiliaError


def main() -> NoReturn:
    """Runs the command and ends the process: 0 fine, 1 the answer is no, 2 wrong usage."""
    from bot.cli.app import app

    try:
        app(standalone_mode=True)
    except UsageError as error:
        _say(str(error))
        sys.exit(2)
    except VigiliaError as error:
        _say(str(error))
        sys.exit(1)
    except BrokenPipeError:
        # The reader of our output has gone (`vigilia history | head`): nothing is wrong.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    sys.exit(0)


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr)
