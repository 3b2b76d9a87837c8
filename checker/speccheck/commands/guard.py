"""Mistakes of speccheck's own: told in one line, and never taken for a verdict."""

import errno
import os
import traceback
from pathlib import Path
from typing import Any

import click
import typer
from typer.core import TyperGroup

_DEBUG = "SPECCHECK_DEBUG"


class Guard(TyperGroup):
    """The commands; an exception that none of them expects ends with code 2, not 1, "violated".

    With ``SPECCHECK_DEBUG`` in the environment the traceback is shown.
    """

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            if isinstance(error, OSError) and error.errno == errno.EPIPE:
                raise  # Nobody reads on, as behind "| head".
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
