"""``speccheck history``: whether ZooKeeper's promises to its clients were kept."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from speccheck.conform.history.check import NO_VERDICT, check_histories
from speccheck.conform.history.facts import SETTINGS, Policy
from speccheck.conform.history.telling import as_data, as_junit, tell

_DIVERGES, _UNUSABLE, _INTERRUPTED = 1, 2, 130
_DEEPEST_RECURSION = 20_000
_TELL_EVERY_S = 5.0


class Format(StrEnum):
    """How the verdict is printed."""

    terminal = "terminal"
    json = "json"
    junit = "junit"


def history(
    files: Annotated[
        list[Path],
        typer.Argument(help="Files of histories, or folders with history-*.ndjson in them."),
    ],
    spec: Annotated[
        Path | None, typer.Option(help="The data model; by default spec/ZNode.tla.")
    ] = None,
    library: Annotated[
        list[Path] | None, typer.Option(help="A folder with more modules; may be repeated.")
    ] = None,
    policy: Annotated[
        list[str] | None,
        typer.Option(
            help=f"A setting of the servers, as in skipACL=yes; of {', '.join(SETTINGS)}. "
            "May be repeated."
        ),
    ] = None,
    complete: Annotated[
        bool,
        typer.Option(
            "--complete",
            help="All clients that write were recorded: a transaction of nobody is a divergence.",
        ),
    ] = False,
    fresh: Annotated[
        bool,
        typer.Option(
            "--fresh",
            help="The tree was empty at first, even if the first zxid that was seen is a high one.",
        ),
    ] = False,
    format_: Annotated[
        Format, typer.Option("--format", help="How the verdict is printed.")
    ] = Format.terminal,
) -> None:
    """Judge what clients saw of any ZooKeeper-compatible servers.

    Files come from `speckeeper tap`, from speckeeper.history, or from the simulator. Every reply
    has to be what the specification answers at its zxid.

    Exit codes:

    - 0: as far as it could be checked, the specification allows it
    - 1: it does not
    - 2: a file is no history, nothing could be checked, or speccheck itself failed
    - 130: interrupted
    """
    sys.setrecursionlimit(_DEEPEST_RECURSION)
    try:
        verdict = check_histories(
            files,
            spec,
            _policy(policy or []),
            library or (),
            is_complete=complete,
            is_fresh=fresh or None,
            progress=_Progress().tell,
        )
    except NO_VERDICT as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(_UNUSABLE) from None
    except KeyboardInterrupt:
        typer.echo("Interrupted: there is no verdict", err=True)
        raise typer.Exit(_INTERRUPTED) from None
    if format_ is Format.json:
        typer.echo(json.dumps(as_data(verdict), indent=2))
    elif format_ is Format.junit:
        typer.echo(as_junit(verdict))
    else:
        tell(Console(), verdict)
    if verdict.divergence is not None:
        raise typer.Exit(_DIVERGES)
    if not verdict.total:
        raise typer.Exit(_UNUSABLE)


def _policy(settings: list[str]) -> Policy:
    values: dict[str, Any] = {}
    for setting in settings:
        name, _, value = setting.partition("=")
        if name not in SETTINGS or value not in {"yes", "no", "true", "false"}:
            what = (
                f"{setting!r} is no setting; write one of {', '.join(SETTINGS)} as in skipACL=yes"
            )
            raise typer.BadParameter(what)
        values[SETTINGS[name]] = value in {"yes", "true"}
    return replace(Policy(), **values)


class _Progress:
    """Now and then a line on stderr, when it takes long."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._told = time.monotonic()

    def tell(self, what: str, count: int) -> None:
        """Count what was done."""
        self._counts[what] = self._counts.get(what, 0) + count
        now = time.monotonic()
        if now - self._told > _TELL_EVERY_S:
            self._told = now
            done = ", ".join(f"{number:,} {name}" for name, number in self._counts.items())
            typer.echo(f"... {done}", err=True)
