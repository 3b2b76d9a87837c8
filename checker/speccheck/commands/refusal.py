"""How a command ends that cannot do what it was asked for."""

from typing import NoReturn

import typer

BROKEN = 2


def refuse(message: str) -> NoReturn:
    """Say why on standard error and end with exit code 2."""
    typer.echo(message, err=True)
    raise typer.Exit(BROKEN)
