"""The command as a whole: what it is run with, and how it ends."""

from __future__ import annotations

import os
import sys
from typing import Any

import typer
from typer.core import TyperGroup

from bot.errors import UsageError, VigiliaError


class Root(TyperGroup):
    """Ends every command as the exit codes say: 1 where the answer is no, 2 for wrong usage."""

    def invoke(self, ctx: Any) -> Any:
        code = 0
        try:
            try:
                super().invoke(ctx)
            except typer.Exit as ended:
                code = ended.exit_code
            except UsageError as error:
                code = 2
                print(error, file=sys.stderr)
            except VigiliaError as error:
                code = 1
                print(error, file=sys.stderr)
            sys.stdout.flush()
        except BrokenPipeError:
            # The reader of our output has gone (`vigilia history | head`): nothing is wrong. What
            # is still to be flushed at the end goes nowhere.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(code)
