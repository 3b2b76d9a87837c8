"""Mistakes of speccheck's own: told in one line, and never taken for a verdict."""

import os
import sys
import traceback
from pathlib import Path
from typing import Any

import click
import typer
from typer.core import TyperGroup

from speccheck.report.pipes import end_by_signal

_DEBUG = "SPECCHECK_DEBUG"


class Guard(TyperGroup):
    """The commands; an exception that none of them expects ends with code 2, not 1, "violated".

    With ``SPECCHECK_DEBUG`` in the environment the traceback is shown. When whoever reads the
    output goes away, as "| head" does, the process ends as other programs do: by SIGPIPE.
    """

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            try:
                return super().invoke(ctx)
            finally:
                sys.stdout.flush()
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except BrokenPipeError:
            end_by_signal()
        except Exception as error:  # noqa: BLE001 - it is told, and ends the command
            shown = bool(os.environ.get(_DEBUG))
            if shown:
                traceback.print_exc()
            typer.echo(_line(error, shown=shown), err=True)
            raise typer.Exit(2) from None


def _line(error: Exception, *, shown: bool) -> str:
    place = traceback.extract_tb(error.__traceback__)[-1]
    said = str(error).partition("\n")[0]
    what = type(error).__name__ + (f": {said}" if said else "")
    where = f"{Path(place.filename).name}:{place.lineno}"
    remedy = "please report it with the traceback"
    if not shown:
        remedy += f", which {_DEBUG}=1 shows"
    return f"internal error of speccheck, no verdict: {what} ({where}); {remedy}"
